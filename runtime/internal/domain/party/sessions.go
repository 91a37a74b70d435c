package party

import (
	"context"

	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/internal/domain/party/rules"
	"github.com/anteroom/anteroom/runtime/wire"
)

// SessionOpened makes a user connected again, through this session, in its party.
func (s *Service) SessionOpened(ctx context.Context, c request.Caller) error {
	return s.stays.Visit(ctx, setOf(c.ID), Kind, nil, func(id string) error {
		_, err := s.attach(ctx, c, id)
		return err
	})
}

// SessionClosed takes a session from its user in the user's party. Followed are the
// streams that the session followed, as far as they are known. Calling it again
// changes nothing.
func (s *Service) SessionClosed(ctx context.Context, c request.Caller, followed []stream.ID) error {
	return s.stays.Visit(ctx, setOf(c.ID), Kind, followed, func(id string) error {
		_, err := s.change(ctx, id, nil, func(p rules.Party) (rules.Party, []wire.PartyPatch, error) {
			return p.Disconnect(c.ID, c.SessionID, s.Now())
		})
		return err
	})
}

// attach reads the party of a member and counts the caller's session as live.
func (s *Service) attach(ctx context.Context, c request.Caller, partyID string) (Outcome, error) {
	out, err := s.change(ctx, partyID, nil, func(p rules.Party) (rules.Party, []wire.PartyPatch, error) {
		if _, err := p.ActiveMember(c.ID); err != nil {
			return p, nil, err
		}
		return p.Reconnect(c.ID, c.SessionID, s.Now())
	})
	return out, err
}
