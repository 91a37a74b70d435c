package chat

import (
	"context"
	"strconv"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/wire"
)

// defaultMute is the duration of a mute without a duration.
const defaultMute = 10 * time.Minute

// Mute prevents a user from writing in a channel for a while. One commit has the event and the
// bar, and the bar refuses every later commit of that user, on any pod.
func (s *Service) Mute(ctx context.Context, c request.Call, req *wire.ChatMute) (wire.ChatMuted, stream.Result, error) {
	d := time.Duration(req.ForMs) * time.Millisecond
	if d == 0 {
		d = defaultMute
	}
	muted := wire.ChatMuted{
		Channel: req.Channel, UserID: req.UserID, ActorID: c.ID, Reason: req.Reason,
		Muted: true, Until: s.Now().Add(d).UnixMilli(),
	}
	result, err := s.moderate(ctx, c, muted, d)
	if err == nil && result.Repeated {
		muted.Until, err = strconv.ParseInt(string(result.Value), 10, 64)
	}
	return muted, result, err
}

// Unmute ends a mute.
func (s *Service) Unmute(ctx context.Context, c request.Call, req *wire.ChatUnmute) (wire.ChatMuted, stream.Result, error) {
	muted := wire.ChatMuted{Channel: req.Channel, UserID: req.UserID, ActorID: c.ID}
	result, err := s.moderate(ctx, c, muted, 0)
	return muted, result, err
}

func (s *Service) moderate(ctx context.Context, c request.Call, m wire.ChatMuted, d time.Duration) (stream.Result, error) {
	policy, err := s.Authorize(ctx, c.Caller, m.Channel)
	if err != nil {
		return stream.Result{}, err
	}
	if err := s.checkMayMute(ctx, c, policy, m); err != nil {
		return s.recallRepeated(ctx, c, m.Channel, err)
	}
	if m.Muted && !policy.UnknownMembers && !c.Backend {
		if err := s.checkMember(ctx, m.Channel, m.UserID, "userId"); err != nil {
			return stream.Result{}, err
		}
	}
	base := stream.Commit{
		Bar: &stream.Bar{Key: m.UserID, TTL: d, By: muteSetter(c, policy)}, Rate: actionRate(c.ID),
		Once: s.once(c, strconv.FormatInt(m.Until, 10)), Unless: c.ID,
	}
	if c.Backend {
		base.Rate = nil
	}
	if c.ID == m.UserID {
		base.Unless = "" // a muted user may end its own mute
	}
	return s.append(ctx, c, policy, base, m.Channel, amendment{wire.EventChatMuted, m})
}

// The setters of a mute. Every moderator may end the mute of a host or a leader. Only a token
// with the scope or a back end may end the others.
const (
	byPlace   = "place"
	byScope   = "scope"
	byBackend = "backend"
)

func muteSetter(c request.Call, p Policy) string {
	switch {
	case c.Backend:
		return byBackend
	case p.ModeratorByScope:
		return byScope
	}
	return byPlace
}

// checkMayMute checks whether a user may mute or unmute another user. A moderator whom another
// host or leader has muted may end that mute, because there may be no other moderator.
func (s *Service) checkMayMute(ctx context.Context, c request.Call, p Policy, m wire.ChatMuted) error {
	switch {
	case c.Backend:
		return nil
	case !p.Moderator:
		return wire.Refuse(wire.CodePermissionDenied, "only moderators may mute")
	case c.ID == m.UserID && m.Muted:
		return wire.Invalid("userId", "that is you")
	case p.ModeratorByScope && c.ID != m.UserID:
		return nil
	}
	bar, err := s.bars.Barred(ctx, StreamID(m.Channel), m.UserID)
	if err != nil {
		return err
	}
	if c.ID == m.UserID && bar.For == 0 {
		return wire.Invalid("userId", "that is you, and you are not muted")
	}
	if bar.By == byScope || bar.By == byBackend {
		return wire.Refuse(wire.CodePermissionDenied, "a moderator of the whole platform set this mute; another one, or a back end, has to end it")
	}
	return nil
}

// checkMember refuses a user who is not in a channel. field is the request's field with the
// user.
func (s *Service) checkMember(ctx context.Context, channel, userID, field string) error {
	_, err := s.access.Channel(ctx, request.Caller{User: request.User{ID: userID}}, channel)
	if isRefusal(err) {
		return wire.Invalid(field, "is not in this channel")
	}
	return err
}
