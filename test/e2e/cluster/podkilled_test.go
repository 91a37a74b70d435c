//go:build e2e

package cluster

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("A server pod that is killed", Label("pod-killed"), func() {
	It("loses nothing, and is replaced", func() {
		a := newArena("")
		c := a.gather()
		victim := a.pods(servers)[0]
		a.kill(victim)
		c.GoesOn(patience)
		Eventually(func() []string { return uids(a.pods(servers)) }).Should(And(HaveLen(2), Not(ContainElement(victim.Metadata.UID))))
		a.awaitReady()
		c.GoesOn(patience)
		c.Settle()
	})
})
