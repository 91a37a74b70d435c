package matchmaking

import (
	"context"
	"errors"
	"time"
)

// A server may die between a party's change and its report to matchmaking. A queue's
// matcher therefore verifies the party of a ticket before it proposes the ticket. It also
// verifies those of all waiting tickets every partyEvery, at most partiesAtOnce in one
// pass.
const (
	partyEvery     = 15 * time.Second
	partiesPerPass = 200
)

// verifyParties cancels the waiting tickets whose party has changed.
func (m *Matcher) verifyParties(ctx context.Context, state *queueState) error {
	now := m.s.Now()
	var due []storedTicket
	for id, t := range state.waiting {
		if t.PartyID == "" || now.Sub(state.partyVerifiedAt[id]) < partyEvery {
			continue
		}
		if due = append(due, t); len(due) == partiesPerPass {
			break
		}
	}
	changed := make([]bool, len(due))
	err := forEach(due, func(i int, t storedTicket) error {
		kept, err := m.s.partyUnchanged(ctx, t.Ticket)
		if err != nil || kept {
			return err
		}
		changed[i] = true
		return m.cancelTicket(ctx, state, t.Ticket, reasonPartyChanged)
	})
	for i, t := range due {
		if state.partyVerifiedAt[t.ID] = now; changed[i] {
			state.remove(t.ID)
		}
	}
	return err
}

// changedParty returns a ticket of a proposal whose party has changed; false for none.
func (m *Matcher) changedParty(ctx context.Context, taken map[string]storedTicket) (changed Ticket, found bool, err error) {
	var errs []error
	for _, t := range taken {
		if t.PartyID == "" {
			continue
		}
		kept, err := m.s.partyUnchanged(ctx, t.Ticket)
		if errs = append(errs, err); err == nil && !kept {
			return t.Ticket, true, nil
		}
	}
	return Ticket{}, false, errors.Join(errs...)
}
