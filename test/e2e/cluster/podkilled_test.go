//go:build e2e

package cluster

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("A killed server pod", Label("pod-killed"), func() {
	It("loses nothing, and restarts", func() {
		a := newArena("")
		c := a.gather()
		victim := a.pods(servers)[0]
		a.signal(victim, "KILL")
		c.GoesOn(patience)
		a.diedBySIGKILL(victim)
		Eventually(func() []object { return a.pods(servers) }).Should(And(HaveLen(2), HaveEach(Satisfy(func(pod object) bool { return pod.is("Ready") }))))
		a.awaitReady()
		c.GoesOn(patience)
		c.Settle()
	})
})
