//go:build e2e

package cluster

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("A new password of Redis", Label("rotation"), func() {
	It("is adopted by all components, and the old password is refused, without an effect on clients", func() {
		a := newArena("")
		c := a.gather()
		before := append(uids(a.pods(servers)), uids(a.pods(redis))...)
		secret := a.get("secret/arena-redis")
		old := string(secret.Data["password"])
		Expect(old).NotTo(BeEmpty())
		login := func(password string) string {
			out, _ := a.try("exec", "arena-redis-0", "--", "redis-cli", "--user", "anteroom", "--pass", password, "--no-auth-warning", "PING")
			return out
		}
		Expect(login(old)).To(Equal("PONG"))
		unknown, _ := a.try("exec", "arena-redis-0", "--", "redis-cli", "--user", "probe", "--pass", "-", "--no-auth-warning", "ACL", "LOAD")
		Expect(unknown).To(ContainSubstring("NOPERM"), "a user without a password closes all connections")

		a.patch("secret/arena-redis", `{"stringData":{"password":"a new one for the rotation of this spec"}}`)
		Eventually(func() string { return login("a new one for the rotation of this spec") }).Should(Equal("PONG"))
		c.GoesOn(patience)
		Eventually(func() string { return login(old) }).Should(ContainSubstring("WRONGPASS"))
		c.GoesOn(patience)
		a.awaitReady()
		c.StaysConnected()
		c.Settle()
		Expect(append(uids(a.pods(servers)), uids(a.pods(redis))...)).To(ConsistOf(before), "no pod was restarted")
	})
})
