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
		goOn := c.Still()
		a.awaitWritten()
		// It has to be another pod that has the volume then, and before that comes SIGKILL
		// the kubelet sends SIGTERM: a process that is stopped cannot act on it.
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

// awaitWritten waits until Redis has given its log to the kernel, from where a kill does
// not take it. It does so before it answers, except while the disk is busy: what it puts
// off then, for two seconds at most, nobody can bring back.
func (a *arena) awaitWritten() {
	GinkgoHelper()
	password := string(a.get("secret/" + a.name + "-redis").Data["password"])
	Eventually(func() string {
		return a.kubectl("exec", a.name+"-redis-0", "--", "redis-cli", "--user", "anteroom", "--pass", password, "--no-auth-warning", "INFO", "persistence")
	}).Should(ContainSubstring("aof_buffer_length:0\r\n"))
}
