//go:build e2e

package cluster

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("The quick start", Label("install"), func() {
	It("brings clients of all transports into one lobby, on two pods, through the ingress", func(ctx SpecContext) {
		n := newNamespace()
		n.kubectl("apply", "--filename", "../../../config/samples/quickstart.yaml")
		n.patch("realtimecluster/demo", `{"spec":{"exposure":{"type":"Ingress","hosts":["`+given.host+`"],"ingress":{"className":"traefik","controller":"Traefik"}}}}`)
		a := n.awaitArena("demo")
		n.kubectl("wait", "--for=condition=Accepted", "lobbypolicy/casual", "matchmakingqueue/duel", "--timeout", patience.String())
		n.kubectl("wait", "--for=condition=Propagated", "lobbypolicy/casual", "matchmakingqueue/duel", "--timeout", patience.String())

		By("clients that stay: one on each pod at least")
		for _, user := range []string{"w1", "w2", "w3", "w4"} {
			a.connect(user)
		}
		pods := a.pods(servers)
		Expect(pods).To(HaveLen(2))
		for _, pod := range pods {
			Expect(a.says(pod).Connections).To(BeNumerically(">=", 1), pod.Metadata.Name)
		}
		a.scenario(ctx, "lobby.test.mjs", "alice", "bob", "carol", "dave")
	}, SpecTimeout(patience*2))
})
