package lobby

import (
	"context"
	"errors"

	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/internal/domain/lobby/rules"
	"github.com/anteroom/anteroom/runtime/wire"
)

// SessionOpened makes a user connected again, through this session, in all lobbies
// that it is still a member of.
func (s *Service) SessionOpened(ctx context.Context, c request.Caller) error {
	return s.memberships.Visit(ctx, lobbiesOf(c.ID), Kind, nil, func(id string) error {
		_, err := s.attach(ctx, c, id)
		return err
	})
}

// SessionClosed takes a session from its user in all of the user's lobbies. Those
// it was the last one in keep the user's place for the policy's grace. Followed are
// the streams that the session followed, as far as they are known. Call it when
// the session's last request has ended; calling it again changes nothing.
func (s *Service) SessionClosed(ctx context.Context, c request.Caller, followed []stream.ID) error {
	return s.memberships.Visit(ctx, lobbiesOf(c.ID), Kind, followed, func(id string) error {
		_, err := s.change(ctx, id, nil, rules.Disconnect(c.ID, c.SessionID))
		return err
	})
}

// attach returns a lobby, and connects the session of a member. It renews the membership of a
// member with a new session, so that the entry lasts as long as a lobby without an end.
func (s *Service) attach(ctx context.Context, c request.Caller, lobbyID string) (Outcome, error) {
	out, err := s.change(ctx, lobbyID, nil, rules.Reconnect(c.ID, c.SessionID))
	if err != nil || !out.changed {
		return out, err
	}
	var refusal *wire.Error
	if err := s.addMembership(ctx, c.ID, out.Lobby.Members[c.ID].MembershipID, out.Lobby); err != nil && !errors.As(err, &refusal) {
		return out, err
	}
	return out, nil
}

// Member returns a lobby to its members. Other users get not_member from a public lobby and
// not_found from any other lobby.
func (s *Service) Member(ctx context.Context, lobbyID, userID string) (rules.Lobby, error) {
	l, err := s.load(ctx, lobbyID)
	if err != nil {
		return rules.Lobby{}, err
	}
	return l, l.CheckMember(userID)
}

// Chat gives the lobby of a chat channel, to back ends and to members, of a lobby that is
// not closed.
func (s *Service) Chat(ctx context.Context, c request.Caller, lobbyID string) (rules.Lobby, error) {
	read := s.Member
	if c.Backend {
		read = func(ctx context.Context, id, _ string) (rules.Lobby, error) { return s.load(ctx, id) }
	}
	l, err := read(ctx, lobbyID, c.ID)
	if err != nil {
		return rules.Lobby{}, err
	}
	return l, l.CheckOpen()
}
