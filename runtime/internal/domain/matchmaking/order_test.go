package matchmaking

import (
	"testing"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/records"
	"github.com/anteroom/anteroom/runtime/wire"
)

// A matcher dies between the step that proposes a match and its pushes. The proposal ends,
// and then another matcher finds the pushes in the outbox.
func TestLatePushesAreOrdered(t *testing.T) {
	for name, c := range map[string]struct {
		end  func(w *world, proposal, ticket string) error
		want map[string][]string
	}{
		"the ticket is cancelled": {
			func(w *world, _, ticket string) error {
				_, err := w.pods[1].Cancel(w.Context(), call("bob", ""), &wire.MMCancel{TicketID: ticket})
				return err
			},
			map[string][]string{
				"bob": {"cancelled: declined, cooldown"}, "ann": {"cancelled: others_declined, requeued"},
			},
		},
		"a player declines": {
			func(w *world, proposal, _ string) error {
				_, err := w.pods[1].Decline(w.Context(), call("bob", ""), &wire.MMAnswer{ProposalID: proposal})
				return err
			},
			map[string][]string{
				"bob": {"cancelled: declined, cooldown"}, "ann": {"cancelled: others_declined, requeued"},
			},
		},
		"all accept and are matched": {
			func(w *world, proposal, _ string) error {
				for _, user := range []string{"ann", "bob"} {
					if _, err := w.pods[1].Accept(w.Context(), call(user, ""), &wire.MMAnswer{ProposalID: proposal}); err != nil {
						return err
					}
				}
				return w.matchers[1].Pass(w.Context(), "duel")
			},
			map[string][]string{
				"bob": {"proposal 1/2", "proposal 2/2", "matched [{red [ann]} {blue [bob]}] lobby"},
				"ann": {"proposal 1/2", "proposal 2/2", "matched [{red [ann]} {blue [bob]}] lobby"},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, checked())
			w.enqueue("ann", 1500)
			ticket := w.enqueue("bob", 1500).ID
			w.records.set(func(s records.Txn) error {
				for _, change := range s.Changes {
					if change.Table == outbox && change.Value != nil {
						w.memory.SetDown(true) // the step takes effect, and nothing after it
					}
				}
				return nil
			})
			_ = w.matchers[0].Pass(t.Context(), "duel")
			w.records.set(nil)
			w.memory.SetDown(false)
			if n := w.count(outbox); n != 2 {
				t.Fatalf("%d outbox messages, want 2", n)
			}
			w.advance(leaseTTL + time.Second)
			if err := c.end(w, w.status("bob").Proposals[0].ProposalID, ticket); err != nil {
				t.Fatal(err)
			}
			w.runPass(1, "duel")
			for user, want := range c.want {
				w.wantPushes(user, want...)
			}
			if n := w.count(outbox); n != 0 {
				t.Errorf("%d outbox messages are left, want 0", n)
			}
		})
	}
}

// A proposal's message that is older than the streams' memory is dropped: the proposal is
// closed, and no stream could refuse the message as outdated.
func TestExpiredProposalMessageIsDropped(t *testing.T) {
	w := newWorld(t, checked())
	s := w.pods[0].service
	var step records.Txn
	_, err := s.addMessage(&step, message{Users: []string{"ann"}, Event: wire.EventMMProposal, OrderKey: "t", Order: 1}, wire.MMProposal{})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.records.Apply(t.Context(), "duel", step); err != nil {
		t.Fatal(err)
	}
	w.advance(deliveryMemory)
	w.runPass(0, "duel")
	w.wantPushes("ann")
	if n := w.count(outbox); n != 0 {
		t.Errorf("%d outbox messages are left, want 0", n)
	}
}
