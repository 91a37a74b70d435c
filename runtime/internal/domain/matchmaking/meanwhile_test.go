package matchmaking

import (
	"errors"
	"testing"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/membership"
	"github.com/anteroom/anteroom/runtime/internal/core/records"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/wire"
)

// enqueueKeyed enqueues ann with a key.
func (w *world) enqueueKeyed(key string) (string, error) {
	w.Helper()
	reply, err := w.pods[0].Enqueue(w.Context(), call("ann", key), &wire.MMEnqueue{Queue: "duel"})
	if err != nil {
		return "", err
	}
	return reply.Data.(wire.MMTicketState).Ticket.ID, nil
}

// wantMine checks that ann has her ticket and can cancel it.
func (w *world) wantMine(ticket string) {
	w.Helper()
	if got := w.status("ann").Tickets; len(got) != 1 || got[0].ID != ticket {
		w.Errorf("tickets of ann: %+v, want only %s", got, ticket)
	}
	if err := w.cancelOf("ann", ticket); err != nil {
		w.Errorf("cancel: %v", err)
	}
	w.wantPushes("ann", "cancelled: cancelled")
}

func (w *world) cancelOf(user, ticket string) error {
	_, err := w.pods[1].Cancel(w.Context(), call(user, ""), &wire.MMCancel{TicketID: ticket})
	return err
}

// listed returns the entries of ann's set, including stale entries.
func (w *world) listed() []string {
	w.Helper()
	all, err := w.memory.List(w.Context(), setOf("ann"))
	if err != nil {
		w.Fatal(err)
	}
	return all
}

// asks reads a player's tickets before the next step, from another device.
func (w *world) asks(user string) {
	w.records.before(func() {
		if got := w.status(user).Tickets; len(got) != 0 {
			w.Errorf("tickets of %s before their step: %+v, want none", user, got)
		}
	})
}

// fails makes the next request fail without an effect on the records.
func (w *world) fails(request func() error) {
	w.Helper()
	w.records.set(func(records.Txn) error { return stream.ErrUnavailable })
	defer w.records.set(nil)
	if err := request(); !errors.Is(err, stream.ErrUnavailable) {
		w.Fatalf("request: %v, want ErrUnavailable", err)
	}
}

// A ticket is kept although its player reads its tickets while it is being added: at the
// first request, at a much later repetition, or when it is already committed.
func TestTicketIsKeptWhileItIsEntered(t *testing.T) {
	for name, begin := range map[string]func(w *world){
		"at once": func(w *world) { w.asks("ann") },
		"much later": func(w *world) {
			w.fails(func() error { _, err := w.enqueueKeyed("k"); return err })
			w.advance(2 * membership.GracePeriod)
			w.asks("ann")
		},
		"when it is in the partition": func(w *world) {
			ticket, err := w.enqueueKeyed("k")
			if err = errors.Join(err, w.memory.Remove(w.Context(), setOf("ann"), indexEntry{"duel", ticket}.String())); err != nil {
				w.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, duel())
			begin(w)
			ticket, err := w.enqueueKeyed("k")
			if err != nil {
				t.Fatal(err)
			}
			w.wantMine(ticket)
		})
	}
}

// An entry that a dead process left behind is removed when its ticket can no longer be
// entered.
func TestStaleEntriesAreRemoved(t *testing.T) {
	w := newWorld(t, duel())
	w.fails(func() error { _, err := w.enqueueKeyed(""); return err })
	w.advance(membership.GracePeriod - time.Millisecond)
	w.status("ann")
	if got := w.listed(); len(got) != 1 {
		t.Errorf("entries %q, want a new entry to stay", got)
	}
	w.advance(time.Millisecond)
	w.status("ann")
	if got := w.listed(); len(got) != 0 {
		t.Errorf("entries %q, want none", got)
	}
}

// duo is a world in which ann and bob search.
func duo(t *testing.T, q Queue) (w *world, bob string) {
	w = newWorld(t, q)
	w.enqueue("ann", 1500)
	return w, w.enqueue("bob", 1500).ID
}

// A ticket that is proposed during its cancellation counts as declined.
func TestCancelDuringItsProposal(t *testing.T) {
	w, bob := duo(t, checked())
	w.records.before(func() { w.runPass(0, "duel") })
	if err := w.cancelOf("bob", bob); err != nil {
		t.Fatal(err)
	}
	w.wantPushes("bob", "proposal 0/2", "cancelled: declined, cooldown")
	w.wantPushes("ann", "proposal 0/2", "cancelled: others_declined, requeued")
	if got := w.status("bob"); len(got.Tickets)+len(got.Proposals) != 0 {
		t.Errorf("status of bob: %+v, want nothing", got)
	}
}

// Another player declines the proposal during the cancellation, so the ticket searches
// again and is cancelled.
func TestCancelAfterAnotherDecline(t *testing.T) {
	w, bob := duo(t, checked())
	w.runPass(0, "duel")
	proposal := w.status("ann").Proposals[0].ProposalID
	w.records.before(func() {
		if _, err := w.pods[0].Decline(t.Context(), call("ann", ""), &wire.MMAnswer{ProposalID: proposal}); err != nil {
			t.Error(err)
		}
	})
	if err := w.cancelOf("bob", bob); err != nil {
		t.Fatal(err)
	}
	w.wantPushes("bob", "proposal 0/2", "cancelled: others_declined, requeued", "cancelled: cancelled")
}

// The cancellation of a ticket that is matched concurrently is refused, and the match
// continues.
func TestCancelDuringTheMatch(t *testing.T) {
	for name, c := range map[string]struct {
		broken bool
		want   *wire.Error
	}{
		"during the hand-off": {true, &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonProposalClosed}},
		"after the hand-off":  {false, &wire.Error{Code: wire.CodeNotFound}},
	} {
		t.Run(name, func(t *testing.T) {
			w, bob := duo(t, duel())
			w.broken = c.broken
			w.records.before(func() { w.runPass(0, "duel") })
			wantRefusal(t, w.cancelOf("bob", bob), c.want)
			w.broken = false
			w.runPass(0, "duel")
			w.wantPushes("bob", "matched [{red [ann]} {blue [bob]}] lobby")
		})
	}
}

// A ticket that changes between proposed and searching at each try is not cancelled.
func TestCancelGivesUp(t *testing.T) {
	w, bob := duo(t, checked())
	turns := 0
	var turn func(records.Txn) error
	turn = func(records.Txn) error {
		turns++
		w.records.set(nil)
		defer w.records.set(turn)
		proposals := w.status("ann").Proposals
		if len(proposals) == 0 {
			w.runPass(0, "duel")
			return nil
		}
		_, err := w.pods[0].Decline(t.Context(), call("ann", ""), &wire.MMAnswer{ProposalID: proposals[0].ProposalID})
		w.advance(time.Minute) // ann's cooldown is over
		w.enqueue("ann", 1500)
		return err
	}
	w.records.set(turn)
	wantRefusal(t, w.cancelOf("bob", bob), &wire.Error{Code: wire.CodeUnavailable, Retryable: true})
	w.records.set(nil)
	if turns > 3*maxTries || len(w.status("bob").Tickets) != 1 {
		t.Errorf("after %d turns: status of bob: %+v, want 1 ticket", turns, w.status("bob"))
	}
}

// A party grows while its proposal is made: the ticket is withdrawn from the proposal.
func TestPartyGrowsDuringItsProposal(t *testing.T) {
	w := newWorld(t, checked())
	w.parties["p"] = partyOf("ann")
	if _, err := w.pods[0].Enqueue(t.Context(), call("ann", ""), &wire.MMEnqueue{Queue: "duel", PartyID: "p"}); err != nil {
		t.Fatal(err)
	}
	w.enqueue("bob", 1500)
	w.records.before(func() { w.runPass(0, "duel") })
	w.pods[1].service.PartyChanged(t.Context(), partyOf("ann", "cid"))
	w.wantPushes("ann", "proposal 0/2", "cancelled: party_changed")
	w.wantPushes("bob", "proposal 0/2", "cancelled: others_declined, requeued")
	if got := w.status("ann"); len(got.Tickets)+len(got.Proposals) != 0 {
		t.Errorf("status of ann: %+v, want nothing", got)
	}
}

// A party changes while its ticket is being entered, so PartyChanged does not find the
// ticket. Enqueue then withdraws the ticket, even when the leader has left the party.
func TestPartyChangesDuringItsEnqueue(t *testing.T) {
	for name, after := range map[string][]string{"new member": {"ann", "cid"}, "new leader": {"cid", "ann"}, "leader left": {"cid"}} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, duel())
			w.parties["p"] = partyOf("ann")
			w.records.before(func() {
				w.parties["p"] = partyOf(after...)
				w.pods[1].service.PartyChanged(t.Context(), w.parties["p"])
			})
			if _, err := w.pods[0].Enqueue(t.Context(), call("ann", ""), &wire.MMEnqueue{Queue: "duel", PartyID: "p"}); err != nil {
				t.Fatal(err)
			}
			w.wantPushes("ann", "cancelled: party_changed")
			if got := w.status("ann").Tickets; len(got) != 0 {
				t.Errorf("tickets of ann: %+v, want none", got)
			}
		})
	}
}
