package party

import (
	"context"

	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/internal/domain/party/rules"
)

// SessionOpened makes a user connected again, through this session, in its party.
func (s *Service) SessionOpened(ctx context.Context, c request.Caller) error {
	return s.memberships.Visit(ctx, partiesOf(c.ID), Kind, nil, func(id string) error {
		_, err := s.attach(ctx, c, id)
		return err
	})
}

// SessionClosed takes a session from its user in the user's party. Followed are the
// streams that the session followed, as far as they are known. Calling it again
// changes nothing.
func (s *Service) SessionClosed(ctx context.Context, c request.Caller, followed []stream.ID) error {
	return s.memberships.Visit(ctx, partiesOf(c.ID), Kind, followed, func(id string) error {
		_, err := s.change(ctx, id, nil, rules.Disconnect(c.ID, c.SessionID))
		return err
	})
}

// attach reads the party of a member and counts the caller's session as live.
func (s *Service) attach(ctx context.Context, c request.Caller, partyID string) (Outcome, error) {
	return s.change(ctx, partyID, nil, rules.Attach(c.ID, c.SessionID))
}
