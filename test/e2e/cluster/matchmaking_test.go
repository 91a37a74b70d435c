//go:build e2e

package cluster

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/anteroom/anteroom/api/v1alpha1"
)

var _ = Describe("Matchmaking", Label("matchmaking"), func() {
	It("matches players on two pods into a lobby, and reports its metrics in the queue's status", func(ctx SpecContext) {
		a := newArena("")
		a.apply(`
apiVersion: realtime.anteroom.dev/v1alpha1
kind: MatchmakingQueue
metadata: {name: duel}
spec:
  clusterRef: {name: arena}
  teams:
  - {name: red, min: 1, max: 1}
  - {name: blue, min: 1, max: 1}
  attributes:
  - {name: skill, type: Number, source: Ticket, default: "1500"}
  rules:
  - {name: skill, type: Distance, attribute: skill, value: 50}
  handoff: {type: Lobby, lobbyPolicyRef: {name: arena}}
`)
		a.kubectl("wait", "--for=condition=Propagated", "matchmakingqueue/duel", "--timeout", patience.String())
		a.scenario(ctx, "matchmaking.test.mjs", "alice", "bob", "carol", "dave")
		a.eachPodServed("mm:enqueue", 2)
		Eventually(func(g Gomega) {
			var duel v1alpha1.MatchmakingQueue
			decode(a.kubectl("get", "matchmakingqueue/duel", "--output", "json"), &duel)
			g.Expect(a.pods(servers)).To(ContainElement(HaveField("Metadata.Name", duel.Status.Matcher)))
			g.Expect(duel.Status.Depth).To(HaveValue(BeZero()))
			g.Expect(duel.Status.OldestTicketSeconds).To(HaveValue(BeZero()))
			g.Expect(duel.Status.WaitSecondsP50).To(HaveValue(BeNumerically(">=", 1)))
			g.Expect(duel.Status.WaitSecondsP95).To(HaveValue(BeNumerically(">=", *duel.Status.WaitSecondsP50)))
			g.Expect(duel.Status.MatchesPerMinute).To(BeEquivalentTo("2"))
		}).Should(Succeed())
	}, SpecTimeout(patience*2))
})
