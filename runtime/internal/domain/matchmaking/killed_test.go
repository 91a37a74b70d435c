package matchmaking

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/anteroom/anteroom/runtime/internal/core/records"
	partyrules "github.com/anteroom/anteroom/runtime/internal/domain/party/rules"
	"github.com/anteroom/anteroom/runtime/wire"
)

// killed is a world whose first pod is killed during a player's request or a party's
// change. Its queue has a ready check; the players are ann and bob, a party, and cid.
type killed struct {
	*world
	party    partyrules.Party
	ticket   string // the ticket of ann and bob
	proposal string
}

func newKilled(t *testing.T) *killed {
	q := checked()
	q.Match.Teams[0].Min, q.Match.Teams[0].Max = 2, 2
	k := &killed{world: newWorld(t, q), party: partyOf("ann", "bob")}
	k.parties["p"] = k.party
	k.enqueue("cid", 1500)
	return k
}

func (k *killed) enqueueParty(pod int) error {
	reply, err := k.pods[pod].Enqueue(k.Context(), call("ann", "e"), &wire.MMEnqueue{Queue: "duel", PartyID: "p"})
	if err == nil {
		k.ticket = reply.Data.(wire.MMTicketState).Ticket.ID
	}
	return err
}

// searches enqueues the party; proposed also runs a ready check.
func (k *killed) searches() {
	k.Helper()
	if err := k.enqueueParty(0); err != nil {
		k.Fatal(err)
	}
}

func (k *killed) proposed() {
	k.Helper()
	k.searches()
	k.runPass(1, "duel")
	k.proposal = k.status("ann").Proposals[0].ProposalID
}

func (k *killed) accepted(users ...string) {
	k.Helper()
	for _, user := range users {
		if err := k.accept(1, user); err != nil {
			k.Fatal(err)
		}
	}
}

func (k *killed) accept(pod int, user string) error {
	_, err := k.pods[pod].Accept(k.Context(), call(user, "a"), &wire.MMAnswer{ProposalID: k.proposal})
	return err
}

func (k *killed) cancel(pod int) error {
	_, err := k.pods[pod].Cancel(k.Context(), call("bob", "c"), &wire.MMCancel{TicketID: k.ticket})
	return err
}

// dieAt kills the first pod before one of its next calls of the store or steps of the
// records store.
func (k *killed) dieAt(step int) {
	k.memory.DownAfter(step)
	k.records.set(func(records.Txn) error {
		_, err := k.memory.List(k.Context(), "steps")
		return err
	})
}

// revive makes the stores available to the other pod.
func (k *killed) revive() {
	k.memory.SetDown(false)
	k.records.set(nil)
}

// left returns all remaining state after the other pod has processed everything that is
// due.
func (k *killed) left() (all []string) {
	k.Helper()
	for range 2 {
		k.advance(abandonedAfter + time.Second)
		k.runPass(1, "duel")
	}
	for _, user := range []string{"ann", "bob", "cid"} {
		s := k.status(user)
		all = append(all, fmt.Sprintf("%s: %d tickets, %d proposals, searching %v, pushed %q",
			user, len(s.Tickets), len(s.Proposals), k.searching[user] != "", k.castsTo(user)))
		for _, t := range s.Tickets {
			all = append(all, fmt.Sprintf("%s: %v, attempt %d, since %d", user, t.Players, t.Attempt, t.EnqueuedAt-t0.UnixMilli()))
		}
	}
	return append(all, fmt.Sprintf("%d tickets, %d users, %d rounds, %d letters, %d places",
		k.count(tickets), k.count(users), k.count(proposals), k.count(outbox), len(k.made)))
}

// A pod is killed before each step of each request, and at last before its answer. The
// player repeats the request on another pod with the same key, or the party's change is
// reported again. The final state must be the same as without the kill.
func TestKilledAtEachStep(t *testing.T) {
	for name, flow := range map[string]struct {
		ready func(k *killed)
		ask   func(k *killed, pod int) error
	}{
		"enqueue": {nil, func(k *killed, pod int) error { return k.enqueueParty(pod) }},
		"accept":  {(*killed).proposed, func(k *killed, pod int) error { return k.accept(pod, "ann") }},
		"last accept": {func(k *killed) { k.proposed(); k.accepted("ann", "cid") },
			func(k *killed, pod int) error { return k.accept(pod, "bob") }},
		"decline": {(*killed).proposed, func(k *killed, pod int) error {
			_, err := k.pods[pod].Decline(k.Context(), call("cid", "d"), &wire.MMAnswer{ProposalID: k.proposal})
			return err
		}},
		"cancel":                      {(*killed).searches, (*killed).cancel},
		"cancel a proposed ticket":    {(*killed).proposed, (*killed).cancel},
		"party changes":               {(*killed).searches, (*killed).change},
		"party changes when proposed": {(*killed).proposed, (*killed).change},
	} {
		t.Run(name, func(t *testing.T) {
			begun := func() *killed {
				k := newKilled(t)
				if flow.ready != nil {
					flow.ready(k)
				}
				return k
			}
			k := begun()
			if err := flow.ask(k, 0); err != nil {
				t.Fatal(err)
			}
			want, steps := k.left(), 0
			for down := true; down; steps++ {
				k := begun()
				k.dieAt(steps)
				err := flow.ask(k, 0)
				if down = k.memory.Down(); err != nil && !down {
					t.Fatal(err)
				}
				k.revive()
				if err := flow.ask(k, 1); err != nil {
					t.Errorf("killed before step %d, repeated request: %v", steps+1, err)
				}
				if d := cmp.Diff(want, k.left()); d != "" {
					t.Errorf("killed before step %d (-want +got):\n%s", steps+1, d)
				}
			}
			if steps < 3 {
				t.Errorf("%d steps, want at least 2", steps-1)
			}
			// The answer was lost, and the flow ends before the player repeats the request.
			k.advance(checked().ReadyCheck.Timeout)
			end := k.left()
			if err := flow.ask(k, 1); err != nil {
				t.Errorf("repeated request at the end: %v", err)
			}
			if d := cmp.Diff(end, k.left()); d != "" {
				t.Errorf("repeated request at the end (-before +after):\n%s", d)
			}
		})
	}
}

// change removes bob from the party and reports the change to a pod.
func (k *killed) change(pod int) error {
	delete(k.party.Members, "bob")
	k.party.Departed = []partyrules.Departure{{UserID: "bob"}}
	k.pods[pod].service.PartyChanged(k.Context(), k.party)
	return nil
}
