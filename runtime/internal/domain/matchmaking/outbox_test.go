package matchmaking

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/records"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/wire"
)

// TestAbandonedMessages: a pod died between the commit of a message and its delivery. The
// matcher delivers each message after abandonedAfter. A match alone is notified, and the end
// of a ticket alone ends the searching status and the ticket's index entry.
func TestAbandonedMessages(t *testing.T) {
	const ticket = "01JD8Q3V9Z0000000000000001"
	for name, tc := range map[string]struct {
		message  message
		payload  any
		age      time.Duration
		left     int // messages that remain in the outbox
		pushed   bool
		notified bool
		ended    bool
	}{
		"a match":         {message{Event: wire.EventMMMatched, EndedTicket: ticket}, wire.MMMatched{MatchID: "m", TicketID: ticket}, abandonedAfter, 0, true, true, true},
		"a cancellation":  {message{Event: wire.EventMMCancelled, EndedTicket: ticket}, wire.MMCancelled{TicketID: ticket}, abandonedAfter, 0, true, false, true},
		"a requeue":       {message{Event: wire.EventMMCancelled}, wire.MMCancelled{TicketID: ticket, Requeued: true}, abandonedAfter, 0, true, false, false},
		"a proposal":      {message{Event: wire.EventMMProposal}, wire.MMProposal{TicketID: ticket}, abandonedAfter, 0, true, false, false},
		"a new match":     {message{Event: wire.EventMMMatched, EndedTicket: ticket}, wire.MMMatched{MatchID: "m", TicketID: ticket}, abandonedAfter - time.Second, 1, false, false, false},
		"an old match":    {message{Event: wire.EventMMMatched, EndedTicket: ticket}, wire.MMMatched{MatchID: "m", TicketID: ticket}, deliveryMemory, 0, true, true, true},
		"an old proposal": {message{Event: wire.EventMMProposal}, wire.MMProposal{TicketID: ticket}, deliveryMemory, 0, false, false, false},
		"a nearly old proposal": {
			message{Event: wire.EventMMProposal}, wire.MMProposal{TicketID: ticket}, deliveryMemory - time.Second, 0, true, false, false,
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, checked())
			w.searching["ann"] = ticket
			if _, err := w.memory.Add(t.Context(), setOf("ann"), indexEntry{"duel", ticket}.String(), maxEntries, entryTTL); err != nil {
				t.Fatal(err)
			}
			var step records.Txn
			tc.message.Users = []string{"ann"}
			if _, err := w.pods[0].service.addMessage(&step, tc.message, tc.payload); err != nil {
				t.Fatal(err)
			}
			if err := w.records.Apply(t.Context(), "duel", step); err != nil {
				t.Fatal(err)
			}
			w.advance(tc.age)
			w.runPass(0, "duel")
			if n := w.count(outbox); n != tc.left {
				t.Errorf("%d outbox messages, want %d", n, tc.left)
			}
			if pushed := len(w.pushes("ann")) > 0; pushed != tc.pushed {
				t.Errorf("pushed %v, want %v", pushed, tc.pushed)
			}
			if notified := len(w.notified) > 0; notified != tc.notified {
				t.Errorf("notified of a match %v, want %v", notified, tc.notified)
			}
			listed, err := w.memory.List(t.Context(), setOf("ann"))
			if err != nil {
				t.Fatal(err)
			}
			if ended := w.searching["ann"] == "" && len(listed) == 0; ended != tc.ended {
				t.Errorf("searching %v, indexed %v, want the ticket ended: %v", w.searching, listed, tc.ended)
			}
		})
	}
}

// TestDeliveryFails: the matcher retries a delivery whose event or push failed, and the
// repeat pushes nothing twice.
func TestDeliveryFails(t *testing.T) {
	for name, tc := range map[string]struct {
		message message
		payload any
	}{
		"of a match":     {message{Event: wire.EventMMMatched}, wire.MMMatched{MatchID: "m"}},
		"of a ticket":    {message{Event: wire.EventMMCancelled, EndedTicket: "t"}, wire.MMCancelled{TicketID: "t"}},
		"of a lost step": {message{Event: wire.EventMMProposal}, wire.MMProposal{ProposalID: "p"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, checked())
			w.searching["ann"] = "t"
			var step records.Txn
			tc.message.Users = []string{"ann"}
			if _, err := w.pods[0].service.addMessage(&step, tc.message, tc.payload); err != nil {
				t.Fatal(err)
			}
			if err := w.records.Apply(t.Context(), "duel", step); err != nil {
				t.Fatal(err)
			}
			w.advance(abandonedAfter)
			w.deaf = true // the receiver of events fails
			w.records.set(func(s records.Txn) error {
				if slices.ContainsFunc(s.Changes, func(c records.Change) bool { return c.Table == outbox }) {
					return stream.ErrUnavailable
				}
				return nil
			})
			if err := w.matchers[0].Pass(t.Context(), "duel"); err == nil {
				t.Error("the pass of a failed delivery succeeded, want its error")
			}
			if n := w.count(outbox); n != 1 {
				t.Errorf("%d outbox messages after a failed delivery, want 1", n)
			}
			w.deaf = false
			w.records.set(nil)
			w.runPass(0, "duel")
			if n, pushed := w.count(outbox), w.pushes("ann"); n != 0 || len(pushed) != 1 {
				t.Errorf("%d outbox messages, pushed %v, want none left and one push", n, fmt.Sprint(pushed))
			}
		})
	}
}
