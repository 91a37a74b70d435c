package matchmaking

import (
	"context"
	"errors"
	"time"
)

// A server may die between a party's change and its report to matchmaking. A queue's
// matcher therefore verifies the party of a ticket before it proposes the ticket. It also
// verifies those of all waiting tickets every partyEvery, at most partiesAtOnce in one
// interval.
const (
	partyEvery    = 15 * time.Second
	partiesAtOnce = 200
)

// verifyParties cancels the waiting tickets whose party has changed.
func (m *Matcher) verifyParties(ctx context.Context, w *watch) error {
	now := m.s.Now()
	var due []waiter
	for id, t := range w.waiting {
		if t.PartyID == "" || now.Sub(w.verified[id]) < partyEvery {
			continue
		}
		if due = append(due, t); len(due) == partiesAtOnce {
			break
		}
	}
	changed := make([]bool, len(due))
	err := each(due, func(i int, t waiter) error {
		kept, err := m.s.sameParty(ctx, t.Ticket)
		if err != nil || kept {
			return err
		}
		changed[i] = true
		return m.expel(ctx, w, t.Ticket, reasonPartyChanged)
	})
	for i, t := range due {
		if w.verified[t.ID] = now; changed[i] {
			w.drop(t.ID)
		}
	}
	return err
}

// changedParty returns a ticket of a proposal whose party has changed; false for none.
func (m *Matcher) changedParty(ctx context.Context, taken map[string]waiter) (changed Ticket, found bool, err error) {
	var errs []error
	for _, t := range taken {
		if t.PartyID == "" {
			continue
		}
		kept, err := m.s.sameParty(ctx, t.Ticket)
		if errs = append(errs, err); err == nil && !kept {
			return t.Ticket, true, nil
		}
	}
	return Ticket{}, false, errors.Join(errs...)
}
