package matchmaking

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/records"
	partyrules "github.com/anteroom/anteroom/runtime/internal/domain/party/rules"
	"github.com/anteroom/anteroom/runtime/wire"
)

// A server may die between a party's change and its report to matchmaking. A queue's
// matcher therefore verifies the party of a ticket before it proposes the ticket. It also
// verifies those of all waiting tickets every partyEvery, at most partiesAtOnce in one
// pass.
const (
	partyEvery     = 15 * time.Second
	partiesPerPass = 200
)

// PartyChanged cancels the tickets of a party whose members or leader have changed.
func (s *Service) PartyChanged(ctx context.Context, p partyrules.Party) {
	seen := map[string]bool{}
	for _, d := range p.Departed {
		seen[d.UserID] = true
	}
	for _, id := range p.Users() {
		seen[id] = true
	}
	for user := range seen {
		all, err := s.index.Tickets(ctx, user)
		if err != nil {
			s.Log.WarnContext(ctx, "tickets of a changed party not read; the matcher will cancel them", "party", p.ID, "error", err)
			return
		}
		for _, t := range all {
			if t.PartyID != p.ID {
				continue
			}
			err := s.withdrawTicket(ctx, t, user, reasonPartyChanged, reasonPartyChanged, records.Txn{})
			if code := wire.CodeOf(err); err != nil && code != wire.CodeNotFound && code != wire.CodeFailedPrecondition {
				s.Log.WarnContext(ctx, "ticket of a changed party not cancelled; the matcher will cancel it", "party", p.ID, "error", err)
			}
		}
	}
}

// partyUnchanged reports whether a ticket's party has the members and the leader that queued.
func (s *Service) partyUnchanged(ctx context.Context, t Ticket) (bool, error) {
	p, err := s.Parties.Member(ctx, t.PartyID, t.leader())
	if wire.CodeOf(err) != "" {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	users, queued := p.Users(), t.Users()
	slices.Sort(users)
	slices.Sort(queued)
	return slices.Equal(users, queued) && (t.LeaderID == "" || p.LeaderID == t.LeaderID), nil
}

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
