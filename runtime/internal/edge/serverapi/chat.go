package serverapi

import (
	"context"

	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/wire"
)

// ChatMuteRequest keeps a user from writing and typing in a channel. Only a back end or a
// token with the scope chat:moderate ends it before its time.
type ChatMuteRequest struct {
	// Channel is its name, such as lobby:{id}.
	Channel string `json:"channel" validate:"required,max=776"`
	UserID  string `json:"userId" validate:"required,max=128"`
	// ForMs is for how long: 1 second to 7 days; 0, or left out, means 10 minutes.
	ForMs  int64  `json:"forMs,omitempty" validate:"omitempty,min=1000,max=604800000"`
	Reason string `json:"reason,omitempty" validate:"max=200"`
}

// ChatUnmuteRequest ends a mute, whoever set it.
type ChatUnmuteRequest struct {
	Channel string `json:"channel" validate:"required,max=776"`
	UserID  string `json:"userId" validate:"required,max=128"`
}

func (s *Server) registerChat() {
	if s.Chats == nil {
		return
	}
	post(s, "/v1/chat:mute", "Keep a user from writing in a channel", func(ctx context.Context, c call, req *ChatMuteRequest) (*wire.ChatMuted, error) {
		if !request.ValidID(req.UserID) {
			return nil, wire.Invalid("userId", notAUser)
		}
		m, _, err := s.Chats.Mute(ctx, asBackend(c), &wire.ChatMute{Channel: req.Channel, UserID: req.UserID, ForMs: req.ForMs, Reason: req.Reason})
		return &m, err
	})
	post(s, "/v1/chat:unmute", "Let a user write in a channel again", func(ctx context.Context, c call, req *ChatUnmuteRequest) (*wire.ChatMuted, error) {
		if !request.ValidID(req.UserID) {
			return nil, wire.Invalid("userId", notAUser)
		}
		m, _, err := s.Chats.Unmute(ctx, asBackend(c), &wire.ChatUnmute{Channel: req.Channel, UserID: req.UserID})
		return &m, err
	})
}

// asBackend is a call of a back end itself.
func asBackend(c call) request.Call {
	of := asUser("", c.key)
	of.Caller = request.Caller{Backend: true}
	return of
}
