//go:build e2e

package cluster

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("A Redis pod that is killed", Label("redis-killed"), func() {
	It("comes back with its lobbies, to clients who stayed connected", func() {
		a := newArena(persistent)
		c := a.gather()
		victim := a.pods(redis)[0]
		a.kill(victim)
		Eventually(func() []object { return a.pods(redis) }).Should(And(HaveLen(1), HaveEach(Satisfy(func(pod object) bool {
			return pod.Metadata.UID != victim.Metadata.UID && pod.is("Ready")
		}))))
		c.GoesOn(patience)
		a.awaitReady()
		c.StaysConnected()
		c.Settle()
	})
})
