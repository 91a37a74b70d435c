package matchmaking

import (
	"testing"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/records"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/wire"
)

// named returns a queue with another name.
func named(q Queue, name string) Queue {
	q.Name = name
	return q
}

// queueFor enqueues a user in some queues and returns the ticket.
func (w *world) queueFor(user string, queues ...string) wire.MMTicket {
	w.Helper()
	w.advance(time.Millisecond)
	req := &wire.MMEnqueue{Queues: queues}
	if len(queues) == 1 {
		req = &wire.MMEnqueue{Queue: queues[0]}
	}
	reply, err := w.pods[0].Enqueue(w.Context(), call(user, ""), req)
	if err != nil {
		w.Fatalf("enqueue %s in %v: %v", user, queues, err)
	}
	return reply.Data.(wire.MMTicketState).Ticket
}

func TestUserIsNotMatchedAgainstItself(t *testing.T) {
	q := duel()
	q.TicketsPerUser = 3
	w := newWorld(t, q)
	w.enqueue("ann", 1500)
	w.enqueue("ann", 1500)
	w.runPass(0, "duel")
	w.wantPushes("ann")
	w.enqueue("bob", 1500)
	w.runPass(0, "duel")
	w.wantPushes("bob", "matched [{red [ann]} {blue [bob]}] lobby")
	w.wantPushes("ann", "cancelled: matched_elsewhere", "matched [{red [ann]} {blue [bob]}] lobby")
	if got := w.status("ann").Tickets; len(got) != 0 {
		t.Errorf("tickets of ann: %+v, want none", got)
	}
}

func TestPartyIsNotMatchedAgainstItsMember(t *testing.T) {
	q := duel()
	q.Match.Teams[0].Min, q.Match.Teams[0].Max = 2, 2
	q.TicketsPerUser = 2
	w := newWorld(t, q)
	w.places = 3
	w.parties["p"] = partyOf("ann", "bob")
	if _, err := w.pods[0].Enqueue(t.Context(), call("ann", ""), &wire.MMEnqueue{Queue: "duel", PartyID: "p"}); err != nil {
		t.Fatal(err)
	}
	w.enqueue("bob", 1500)
	w.runPass(0, "duel")
	w.wantPushes("ann")
	w.enqueue("cid", 1500)
	w.runPass(0, "duel")
	w.wantPushes("cid", "matched [{red [ann bob]} {blue [cid]}] lobby")
	w.wantPushes("bob", "cancelled: matched_elsewhere", "matched [{red [ann bob]} {blue [cid]}] lobby")
}

func TestTwoQueuesDoNotMatchOneUserTwice(t *testing.T) {
	w := newWorld(t, duel(), named(duel(), "ranked"))
	w.queueFor("ann", "duel")
	w.queueFor("ann", "ranked")
	w.queueFor("bob", "duel")
	w.queueFor("cid", "ranked")
	w.runPass(0, "duel")
	w.runPass(1, "ranked")
	w.wantPushes("ann", "cancelled: matched_elsewhere", "matched [{red [ann]} {blue [bob]}] lobby")
	w.wantPushes("cid")
}

// While one ticket of a player is in a proposal, the player's other tickets wait. They
// search again with their position when the proposal fails.
func TestOtherTicketsWaitForAProposal(t *testing.T) {
	w := newWorld(t, checked(), named(checked(), "ranked"))
	place := w.queueFor("ann", "ranked").EnqueuedAt
	w.queueFor("ann", "duel")
	w.queueFor("bob", "duel")
	w.queueFor("cid", "ranked")
	w.runPass(0, "duel")
	w.advance(claimGrace + time.Second) // a claim stays live while its proposal is open
	w.runPass(1, "ranked")
	w.runPass(1, "ranked")
	w.wantPushes("cid")
	w.queueFor("dan", "ranked")
	w.runPass(1, "ranked")
	w.wantPushes("dan", "proposal 0/2") // the ticket of ann does not delay others
	proposal := w.status("ann").Proposals[0].ProposalID
	if _, err := w.pods[1].Decline(t.Context(), call("bob", ""), &wire.MMAnswer{ProposalID: proposal}); err != nil {
		t.Fatal(err)
	}
	w.queueFor("eve", "ranked")
	w.runPass(1, "ranked")
	w.wantPushes("eve", "proposal 0/2")
	for _, ticket := range w.status("ann").Tickets {
		if ticket.Queue == "ranked" && (ticket.State != wire.TicketProposed || ticket.EnqueuedAt != place) {
			t.Errorf("ticket of ann in ranked: %+v", ticket)
		}
	}
}

// The claim of a dead matcher expires, and the returning matcher cannot commit its proposal.
func TestClaimOfADeadMatcher(t *testing.T) {
	w := newWorld(t, duel(), named(duel(), "ranked"))
	w.queueFor("ann", "duel")
	w.queueFor("bob", "duel")
	w.queueFor("ann", "ranked")
	w.queueFor("cid", "ranked")
	var late func() error
	w.records.set(func(s records.Txn) error { // the first matcher stops between the claim and the proposal
		for _, c := range s.Changes {
			if c.Table == proposals && c.Was == nil && c.Value != nil && late == nil {
				late = func() error { return w.records.Memory.Apply(t.Context(), "duel", s) }
				return stream.ErrUnavailable
			}
		}
		return nil
	})
	_ = w.matchers[0].Pass(t.Context(), "duel")
	w.records.set(nil)
	w.runPass(1, "ranked")
	w.wantPushes("cid")
	w.advance(claimGrace)
	w.runPass(1, "ranked")
	w.wantPushes("cid", "matched [{red [ann]} {blue [cid]}] lobby")
	if err := late(); err == nil {
		t.Error("the matcher committed a voided round")
	}
	w.advance(time.Minute)
	w.runPass(0, "duel")
	w.wantPushes("ann", "cancelled: matched_elsewhere", "matched [{red [ann]} {blue [cid]}] lobby")
	w.wantPushes("bob")
}

func TestOneTicketInSeveralQueues(t *testing.T) {
	w := newWorld(t, checked(), named(checked(), "casual"), named(duel(), "ranked"))
	ticket := w.queueFor("ann", "duel", "casual", "ranked")
	if ticket.Queue != "duel" || len(ticket.Queues) != 3 {
		t.Errorf("ticket %+v", ticket)
	}
	if got := w.status("ann").Tickets; len(got) != 1 || got[0].ID != ticket.ID {
		t.Errorf("tickets of ann: %+v", got)
	}
	w.queueFor("bob", "casual")
	w.runPass(0, "casual")
	got := w.status("ann")
	if len(got.Proposals) != 1 || got.Tickets[0].State != wire.TicketProposed || got.Tickets[0].Queue != "casual" {
		t.Fatalf("status of ann: %+v", got)
	}
	w.queueFor("cid", "duel")
	w.runPass(0, "duel")
	w.wantPushes("cid")
	if _, err := w.pods[1].Decline(t.Context(), call("bob", ""), &wire.MMAnswer{ProposalID: got.Proposals[0].ProposalID}); err != nil {
		t.Fatal(err)
	}
	w.runPass(0, "duel")
	w.wantPushes("cid", "proposal 0/2")
	w.wantTicketStates("ann", "proposed", "searching, attempt 1", "proposed, attempt 1")
	proposal := w.status("ann").Proposals[0].ProposalID
	for _, user := range []string{"ann", "cid"} {
		if _, err := w.pods[1].Accept(t.Context(), call(user, ""), &wire.MMAnswer{ProposalID: proposal}); err != nil {
			t.Fatal(err)
		}
	}
	w.runPass(0, "duel")
	w.queueFor("dan", "ranked")
	w.runPass(0, "ranked")
	w.wantPushes("dan")
	w.wantPushes("ann", "proposal 0/2", "cancelled: others_declined, requeued",
		"proposal 0/2", "proposal 1/2", "proposal 2/2", "matched [{red [ann]} {blue [cid]}] lobby")
	w.nothingLeftOf("ann", "duel", "casual", "ranked")
}

// nothingLeftOf checks that no queue has a record of a user.
func (w *world) nothingLeftOf(user string, queues ...string) {
	w.Helper()
	if got := w.status(user).Tickets; len(got) != 0 {
		w.Errorf("tickets of %s: %+v, want none", user, got)
	}
	for _, queue := range queues {
		all, err := w.records.All(w.Context(), records.Partition(queue), tickets)
		if err != nil {
			w.Fatal(err)
		}
		for _, r := range all {
			var t Ticket
			if err := decode(r.Value, &t); err != nil {
				w.Fatal(err)
			}
			if t.Has(user) {
				w.Errorf("ticket of %s in %s: %s, want none", user, queue, r.Value)
			}
		}
		if entered, err := w.records.Get(w.Context(), records.Partition(queue), users, user); err != nil || entered[user] != nil {
			w.Errorf("entries of %s: %s in %s, %v, want none", user, entered[user], queue, err)
		}
	}
	held, err := w.records.Get(w.Context(), claimsPartition, claims, user)
	if err != nil || held[user] != nil {
		w.Errorf("claim of %s: %s, %v, want none", user, held[user], err)
	}
}

// A ticket in several queues ends in all of them, whatever ends it.
func TestTicketInSeveralQueuesEndsInAll(t *testing.T) {
	both := []string{"duel", "ranked"}
	for name, c := range map[string]struct {
		end  func(w *world, ticket string)
		want []string
	}{
		"cancelled": {func(w *world, ticket string) {
			if _, err := w.pods[1].Cancel(w.Context(), call("ann", ""), &wire.MMCancel{TicketID: ticket}); err != nil {
				w.Fatal(err)
			}
		}, []string{"cancelled: cancelled"}},
		"cancelled while its second queue proposes it": {func(w *world, ticket string) {
			w.queueFor("bob", "ranked")
			w.runPass(0, "ranked")
			if _, err := w.pods[1].Cancel(w.Context(), call("ann", ""), &wire.MMCancel{TicketID: ticket}); err != nil {
				w.Fatal(err)
			}
		}, []string{"proposal 0/2", "cancelled: declined, cooldown"}},
		"no answer": {func(w *world, _ string) {
			w.queueFor("bob", "ranked")
			w.runPass(0, "ranked")
			w.advance(20 * time.Second)
			w.runPass(0, "ranked")
		}, []string{"proposal 0/2", "cancelled: timed_out, cooldown"}},
		"expired": {func(w *world, _ string) {
			w.advance(10 * time.Minute)
			w.runPass(0, "ranked")
			w.runPass(0, "duel")
		}, []string{"cancelled: expired"}},
		"its second queue is removed": {func(w *world, _ string) {
			w.setQueue("ranked", nil)
			w.runPass(0, "ranked")
		}, []string{"cancelled: queue_removed"}},
		"its first queue is removed": {func(w *world, _ string) {
			w.setQueue("duel", nil)
			w.runPass(0, "duel")
		}, []string{"cancelled: queue_removed"}},
		"disconnected": {func(w *world, _ string) {
			if err := w.pods[1].service.SessionClosed(w.Context(), call("ann", "").Caller, nil); err != nil {
				w.Fatal(err)
			}
			w.advance(disconnectGrace)
			w.runPass(0, "ranked")
			w.runPass(0, "duel")
		}, []string{"cancelled: disconnected"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, checked(), named(checked(), "ranked"))
			ticket := w.queueFor("ann", both...)
			c.end(w, ticket.ID)
			w.wantPushes("ann", c.want...)
			if name == "no answer" || name == "cancelled while its second queue proposes it" {
				for _, queue := range both {
					if got := w.status("ann").Tickets; len(got) != 0 {
						t.Errorf("tickets of ann: %+v in %s, want none", got, queue)
					}
				}
				return // the second queue keeps ann's cooldown
			}
			w.nothingLeftOf("ann", both...)
		})
	}
}

func TestQueuesOfARequest(t *testing.T) {
	w := newWorld(t, duel(), named(duel(), "ranked"))
	for name, c := range map[string]struct {
		req  wire.MMEnqueue
		want *wire.Error
	}{
		"none":    {wire.MMEnqueue{}, &wire.Error{Code: wire.CodeInvalidArgument, Field: "queue"}},
		"both":    {wire.MMEnqueue{Queue: "duel", Queues: []string{"ranked"}}, &wire.Error{Code: wire.CodeInvalidArgument, Field: "queues"}},
		"twice":   {wire.MMEnqueue{Queues: []string{"duel", "duel"}}, &wire.Error{Code: wire.CodeInvalidArgument, Field: "queues"}},
		"unknown": {wire.MMEnqueue{Queues: []string{"duel", "x"}}, &wire.Error{Code: wire.CodeNotFound, Field: "queues[1]"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.pods[0].Enqueue(t.Context(), call("ann", ""), &c.req)
			wantRefusal(t, err, c.want)
		})
	}
	// A queue that refuses the ticket refuses it for all queues.
	w.queueFor("ann", "duel")
	_, err := w.pods[0].Enqueue(t.Context(), call("ann", ""), &wire.MMEnqueue{Queues: []string{"ranked", "duel"}})
	if code := wire.CodeOf(err); code != wire.CodeAlreadyQueued {
		t.Errorf("refused with %q, want %q", code, wire.CodeAlreadyQueued)
	}
	if got := w.status("ann").Tickets; len(got) != 1 {
		t.Errorf("tickets of ann: %+v, want 1", got)
	}
	if n, err := w.records.Count(t.Context(), "ranked", tickets); n != 0 || err != nil {
		t.Errorf("%d tickets in the other queue, %v, want 0", n, err)
	}
}

// A refusal names only the tickets of the requesting player. The leader of a party need not
// be its first member.
func TestRefusalNamesTheTicketsOfTheLeader(t *testing.T) {
	for name, tc := range map[string]struct {
		ticket Ticket
		want   string
	}{
		"alone":                   {Ticket{Players: []Player{{ID: "ann"}}}, "ann"},
		"leader who joined later": {Ticket{Players: []Player{{ID: "ann"}, {ID: "bob"}}, LeaderID: "bob"}, "bob"},
	} {
		if got := tc.ticket.leader(); got != tc.want {
			t.Errorf("%s: %s, want %s", name, got, tc.want)
		}
	}
}
