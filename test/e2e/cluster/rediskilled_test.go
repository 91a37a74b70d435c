//go:build e2e

package cluster

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("A killed Redis pod", Label("redis-killed"), func() {
	It("restarts with its lobbies, for clients that stayed connected", func() {
		a := newArena(persistent)
		c := a.gather()
		victim := a.pods(redis)[0]
		goOn := c.Still()
		a.awaitWritten()
		// A replacement pod must mount the volume afterwards. The kubelet sends SIGTERM
		// before SIGKILL: a stopped process cannot handle SIGTERM.
		a.signal(victim, "STOP")
		goOn()
		a.remove(victim)
		Eventually(func() []object { return a.pods(redis) }).Should(And(HaveLen(1), HaveEach(Satisfy(func(pod object) bool {
			return pod.Metadata.UID != victim.Metadata.UID && pod.is("Ready")
		}))))
		c.GoesOn(patience)
		a.awaitReady()
		c.StaysConnected()
		c.Settle()
	})
})

// awaitWritten waits until Redis has passed its log to the kernel, so that a kill cannot
// lose it. Redis does so before it answers, except while the disk is busy: it may delay a
// write for two seconds, and a kill then loses the write.
func (a *arena) awaitWritten() {
	GinkgoHelper()
	password := string(a.get("secret/" + a.name + "-redis").Data["password"])
	Eventually(func() string {
		return a.kubectl("exec", a.name+"-redis-0", "--", "redis-cli", "--user", "anteroom", "--pass", password, "--no-auth-warning", "INFO", "persistence")
	}).Should(ContainSubstring("aof_buffer_length:0\r\n"))
}
