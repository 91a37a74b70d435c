package serverapi

import (
	"context"

	"github.com/anteroom/anteroom/runtime/wire"
)

// PresenceQuery asks how users are.
type PresenceQuery struct {
	UserIDs []string `json:"userIds" validate:"required,min=1,max=200,dive,required,max=128"`
}

// PresenceAnswer has the visible presence of each user, in the order of the request. Invisible
// and unknown users are offline.
type PresenceAnswer struct {
	Presences []wire.Presence `json:"presences"`
}

func (s *Server) registerPresence() {
	if s.Presence == nil {
		return
	}
	post(s, "/v1/presence:query", "How up to 200 users are", s.queryPresence)
}

func (s *Server) queryPresence(ctx context.Context, _ call, req *PresenceQuery) (*PresenceAnswer, error) {
	if err := checkUsers("userIds", req.UserIDs); err != nil {
		return nil, err
	}
	if err := s.admit(len(req.UserIDs)); err != nil {
		return nil, err
	}
	found, err := s.Presence.Query(ctx, req.UserIDs)
	if err != nil {
		return nil, err
	}
	return &PresenceAnswer{Presences: found}, nil
}
