//go:build e2e

package cluster

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("Matchmaking", Label("matchmaking"), func() {
	It("brings players on two pods into a lobby, and its figures into the queue's status", func(ctx SpecContext) {
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
		Eventually(func() string {
			return a.kubectl("get", "matchmakingqueue/duel", "--output", "jsonpath={.status.matcher}")
		}).ShouldNot(BeEmpty())
	}, SpecTimeout(patience*2))
})
