//go:build e2e

package cluster

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("The quick start", Label("install"), func() {
	It("brings clients of all transports into one lobby, on two pods, through the ingress", func(ctx SpecContext) {
		n := newNamespace()
		n.apply(manifest("../../../config/samples/quickstart.yaml", `{
			"drain":{"settle":"2s","window":"2s","flushTimeout":"2s"},
			"exposure":{"type":"Ingress","hosts":["`+given.host+`"],"ingress":{"className":"traefik","controller":"Traefik"}}
		}`))
		a := n.awaitArena("demo")
		n.kubectl("wait", "--for=condition=Accepted", "lobbypolicy/casual", "matchmakingqueue/duel", "--timeout", patience.String())
		n.kubectl("wait", "--for=condition=Propagated", "lobbypolicy/casual", "matchmakingqueue/duel", "--timeout", patience.String())
		Expect(a.pods(servers)).To(HaveLen(2))
		a.scenario(ctx, "lobby.test.mjs", "alice", "bob", "carol", "dave")
		a.eachPodServed("chat:send", 3)
	}, SpecTimeout(patience*2))
})
