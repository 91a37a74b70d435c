package serverapi

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/internal/edge/revocation"
	"github.com/anteroom/anteroom/runtime/internal/edge/session"
	"github.com/anteroom/anteroom/runtime/wire"
)

// DisconnectRequest closes the connections of a user. Its clients come back by
// themselves: who must not is to be revoked.
type DisconnectRequest struct {
	UserID string `json:"userId" validate:"required,max=128"`
	// SessionIDs are the sessions to end; left out, all of them.
	SessionIDs []string `json:"sessionIds,omitempty" validate:"max=64,dive,required,max=128"`
	// Message is for the user.
	Message string `json:"message,omitempty" validate:"max=256"`
}

// RevokeRequest refuses the tokens that a user has, and ends its sessions.
type RevokeRequest struct {
	// Banned refuses all newer tokens too.
	Banned bool `json:"banned,omitempty"`
	// TTLMs is how long it holds, in milliseconds: as long as the tokens are good. 0, or
	// left out, means 30 days, or with banned a day; at most a year.
	TTLMs int64 `json:"ttlMs,omitempty" validate:"min=0,max=31536000000"`
	// Message is for the user.
	Message string `json:"message,omitempty" validate:"max=256"`
	// Lift takes an earlier revocation back, in place of all this.
	Lift bool `json:"lift,omitempty"`
}

// SessionsEnded tells where the order to end went.
type SessionsEnded struct {
	Place
	// Online is whether the user had a session.
	Online bool `json:"online"`
}

// Revoked is a revocation as it holds.
type Revoked struct {
	// Until is when it ends, in milliseconds since the epoch; 0 when it was lifted.
	Until int64 `json:"until"`
}

// How long a revocation holds when the request does not say. Tokens may be good for long, and
// a revocation that ends before them makes them good again; it costs one small key a user. A
// ban refuses new tokens too, so it is short.
const (
	defaultRevocation = 30 * 24 * time.Hour
	defaultBan        = 24 * time.Hour
)

func (s *Server) registerUsers() {
	post(s, "/v1/sessions:disconnect", "Close the connections of a user, on whatever server they are", s.disconnect)
	post(s, "/v1/users/{id}:revoke", "Refuse the tokens that a user has, and end its sessions", s.revoke)
}

func (s *Server) disconnect(ctx context.Context, c call, req *DisconnectRequest) (*SessionsEnded, error) {
	if !request.ValidID(req.UserID) {
		return nil, wire.Invalid("userId", notAUser)
	}
	return s.end(ctx, c.key, req.UserID, &stream.End{
		Reason: string(wire.CloseDisconnected), Message: req.Message, Sessions: req.SessionIDs,
	})
}

// end orders sessions to end, through the user's stream, which all of them follow.
func (s *Server) end(ctx context.Context, key, user string, end *stream.End) (*SessionsEnded, error) {
	n, err := s.Online.Online(ctx, user)
	if err != nil {
		return nil, err
	}
	data, err := json.Marshal(wire.SessionEnding{
		SessionIDs: end.Sessions, Code: wire.CloseReason(end.Reason), Message: end.Message,
	})
	if err != nil {
		return nil, fmt.Errorf("encode the end of sessions: %w", err)
	}
	id := session.UserStream(user)
	result, err := s.Store.Commit(ctx, stream.Commit{
		Stream: id, Retain: s.UserRetain, Once: s.single(key, ""),
		Events: []stream.Event{{Name: wire.EventSessionEnding, Data: data, Control: stream.Control{End: end}}},
	})
	if err != nil {
		return nil, err
	}
	return &SessionsEnded{Place: Place{Stream: string(id), Epoch: result.Epoch, Seq: result.Seq}, Online: n > 0}, nil
}

// revoke first stores the revocation, which refuses new connects, and then ends the existing
// sessions: a session that connects at the same time is either refused or receives the order.
func (s *Server) revoke(ctx context.Context, c call, req *RevokeRequest) (*Revoked, error) {
	user := c.http.PathValue("id")
	if !request.ValidID(user) {
		return nil, wire.Invalid("id", notAUser)
	}
	if req.Lift {
		return &Revoked{}, s.Revocations.Lift(ctx, user)
	}
	ttl := time.Duration(req.TTLMs) * time.Millisecond
	switch {
	case ttl != 0:
	case req.Banned:
		ttl = defaultBan
	default:
		ttl = defaultRevocation
	}
	now := s.Now()
	r := revocation.Revocation{Since: now.UnixMilli(), Banned: req.Banned, Message: req.Message}
	if err := s.Revocations.Put(ctx, user, r, ttl); err != nil {
		return nil, err
	}
	if _, err := s.end(ctx, c.key, user, r.End()); err != nil {
		return nil, err
	}
	return &Revoked{Until: now.Add(ttl).UnixMilli()}, nil
}
