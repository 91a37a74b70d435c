package session

import (
	"context"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/wire"
)

// armExpiry sets the timer for the token in force: for the warning first, then
// for the end. A token that does not expire needs none.
func (s *Session) armExpiry() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.expiry != nil {
		s.expiry.Stop()
		s.expiry = nil
	}
	expires := s.caller.ExpiresAt
	if s.phase != live || expires.IsZero() {
		return
	}
	s.expiry = time.AfterFunc(time.Until(expires.Add(-s.m.WarnBefore)), func() { s.warn(expires) })
}

// warn tells the client that its token runs out, and sets the timer for the end.
func (s *Session) warn(expires time.Time) {
	s.mu.Lock()
	if s.phase != live || !s.caller.ExpiresAt.Equal(expires) {
		s.mu.Unlock()
		return
	}
	s.expiry = time.AfterFunc(time.Until(expires.Add(s.m.Grace)), func() { s.expire(expires) })
	s.mu.Unlock()
	s.emit(wire.EventSessionExpiring, wire.SessionExpiring{
		ExpiresAt: expires.UnixMilli(), GraceMs: s.m.Grace.Milliseconds(),
	})
}

func (s *Session) expire(expires time.Time) {
	s.mu.Lock()
	over := s.phase == live && s.caller.ExpiresAt.Equal(expires)
	s.mu.Unlock()
	if over {
		s.Terminate(wire.CloseTokenExpired, "the token has expired")
	}
}

// refresh is the request session:refresh: a new token for the same user. Its rights hold
// for every subscription and the next request once it is acknowledged.
func refresh(ctx context.Context, s *Session, c request.Call, req *wire.SessionRefresh) (request.Reply, error) {
	user, err := s.m.Auth.Authenticate(ctx, req.Token)
	if err != nil {
		return request.Reply{}, err
	}
	if user.ID != c.ID {
		return request.Reply{}, wire.Refuse(wire.CodePermissionDenied, "the token is another user's")
	}
	if s.m.Standing != nil {
		caller := c.Caller
		caller.User = user
		if _, err := s.m.Standing(ctx, caller); err != nil {
			return request.Reply{}, err
		}
	}
	s.mu.Lock()
	same := s.caller.Rights() == user.Rights()
	s.caller.User = user
	s.mu.Unlock()
	s.armExpiry()
	if !same {
		if err := s.applyRights(ctx); err != nil {
			return request.Reply{}, err
		}
	}
	scopes := user.Scopes
	if scopes == nil {
		scopes = []string{}
	}
	return request.Reply{Data: wire.SessionRefreshed{
		TokenExpiresAt: unixMilli(user.ExpiresAt), Scopes: scopes,
	}}, nil
}
