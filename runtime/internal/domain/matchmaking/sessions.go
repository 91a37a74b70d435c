package matchmaking

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/anteroom/anteroom/runtime/internal/core/records"
	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
)

// SessionOpened marks a user as connected in the user's tickets.
func (s *Service) SessionOpened(ctx context.Context, c request.Caller) error {
	return s.updateTickets(ctx, c.ID, func(t Ticket) (Ticket, bool) { return t.Connect(c.ID, c.SessionID) })
}

// SessionClosed removes a session from its user's tickets. A ticket whose player has no
// other session is cancelled after disconnectGrace.
func (s *Service) SessionClosed(ctx context.Context, c request.Caller, _ []stream.ID) error {
	return s.updateTickets(ctx, c.ID, func(t Ticket) (Ticket, bool) { return t.Disconnect(c.ID, c.SessionID, s.Now()) })
}

// updateTickets changes the tickets of a user.
func (s *Service) updateTickets(ctx context.Context, userID string, change func(Ticket) (Ticket, bool)) error {
	places, err := s.index.Entries(ctx, userID)
	if err != nil {
		return err
	}
	var errs []error
	for _, at := range places {
		errs = append(errs, s.commit(ctx, func() (records.Txn, []outboxMessage, error) {
			t, raw, err := s.readTicket(ctx, at.queue, at.ticket)
			if err != nil || raw == nil {
				return records.Txn{}, nil, err
			}
			next, changed := change(t)
			if !changed {
				return records.Txn{}, nil, nil
			}
			value, err := json.Marshal(next)
			if err != nil {
				return records.Txn{}, nil, fmt.Errorf("encode a ticket: %w", err)
			}
			return records.Txn{Changes: []records.Change{{Table: tickets, Key: t.ID, Was: raw, Value: value}}}, nil, nil
		}, at.queue))
	}
	return errors.Join(errs...)
}
