//go:build e2e

package cluster

import (
	"fmt"
	"os"
	"path/filepath"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/anteroom/anteroom/test/siotest"
)

var _ = Describe("One helm install", Label("helm"), func() {
	It("starts a stack whose ingress keeps each client on a pod by a cookie", func(ctx SpecContext) {
		// Uninstall the operator of BeforeSuite first, because releases share the names
		// of their objects.
		DeferCleanup(installOperator, given.version)
		uninstallOperator()
		forgetKinds()
		values := filepath.Join(GinkgoT().TempDir(), "values.yaml")
		Expect(os.WriteFile(values, []byte(manifest("testdata/values.yaml", "")), 0o600)).To(Succeed())
		helm(append([]string{"install", "--values", values}, chartOf(given.version)...)...)
		a := namespace(system).awaitArena("demo")
		a.kubectl("wait", "--for=condition=Propagated", "lobbypolicy/casual", "--timeout", patience.String())

		By("clients of all transports meet on two pods")
		forwarded := a.forwarded()
		a.scenario(ctx, "lobby.test.mjs", "alice", "bob", "carol", "dave")
		a.eachPodServed("chat:send", 3)
		Expect(a.forwarded()).To(BeNumerically(">", forwarded), "a client without a cookie also reaches the wrong pod")

		By("a cookie leads to the same pod every time")
		for pod, cookie := range a.cookies() {
			Expect(a.leadsTo(cookie, 20)).To(Equal(pod))
		}

		By("a polling client with a cookie is never on the wrong pod")
		forwarded = a.forwarded()
		for n := range 4 {
			c := a.connect(fmt.Sprint("poller-", n), siotest.WithTransport(siotest.Polling))
			for range 5 {
				c.Ask("presence:get", siotest.M{"userIds": []string{"alice"}})
			}
		}
		Expect(a.forwarded()).To(Equal(forwarded))

		By("an uninstall removes all objects")
		uninstallOperator()
		Eventually(a.everything).Should(ConsistOf(own, "serviceaccount/default"))
	}, SpecTimeout(patience*2))
})

// forgetKinds deletes the CRDs, so that the next install creates them, unless another
// user of this cluster needs them.
func forgetKinds() {
	GinkgoHelper()
	used := namespace(system).kubectl("get", "realtimeclusters,lobbypolicies,matchmakingqueues", "--all-namespaces", "--output", "name")
	if used == "" {
		namespace(system).kubectl("delete", "--filename", chart+"/files/crds", "--timeout", patience.String())
	}
}
