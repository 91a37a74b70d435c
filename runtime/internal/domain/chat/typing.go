package chat

import (
	"context"
	"sync"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/wire"
)

const (
	// typingEvery is how often it is told that a user is typing.
	typingEvery = 2 * time.Second
	// maxTypists are remembered; when there are more, all are forgotten, and some are
	// told of once too often.
	maxTypists = 20_000
)

// typingThrottle remember who is known to be typing where, and since when.
type typingThrottle struct {
	mu     sync.Mutex
	states map[channelUser]typingState
}

// channelUser is a user in a channel. No right is remembered by it.
type channelUser struct{ user, channel string }

type typingState struct {
	typing bool
	at     time.Time
}

// shouldPush tells whether the others have to hear of it: of a change at once, of the same
// again after a while. That a user who was not typing still is not is never news.
func (t *typingThrottle) shouldPush(user, channel string, typing bool, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	key := channelUser{user, channel}
	was := t.states[key]
	stale := now.Sub(was.at) >= typingEvery
	if was.typing == typing && (!typing || !stale) || typing && !was.typing && !stale && !was.at.IsZero() {
		return false
	}
	if len(t.states) >= maxTypists {
		clear(t.states)
	}
	t.states[key] = typingState{typing: typing, at: now}
	return true
}

// Typing tells the others of a channel that the caller is typing, or stopped. What
// comes too often is dropped, and so is what an invisible user types. A muted user is
// refused, as is a connection that does not follow the channel.
func (s *Service) Typing(ctx context.Context, c request.Call, req *wire.ChatTyping) error {
	if !c.Streams.Follows(StreamID(req.Channel)) {
		return wire.Precondition(wire.ReasonNotMember, "join the channel first")
	}
	if _, err := s.policy(ctx, c, req.Channel); err != nil {
		return err
	}
	typing := req.Typing == nil || *req.Typing
	if !s.typing.shouldPush(c.ID, req.Channel, typing, s.Now()) {
		return nil
	}
	bar, err := s.bars.Barred(ctx, StreamID(req.Channel), c.ID)
	if err != nil {
		return err
	}
	if bar.For > 0 {
		return toWireError(&stream.BarredError{For: bar.For})
	}
	if hidden, err := s.hidden(ctx, c.ID); err != nil || hidden {
		return err
	}
	e, err := newEvent(wire.EventChatTyping, wire.ChatTypist{Channel: req.Channel, UserID: c.ID, Name: c.Name, Typing: typing})
	if err != nil {
		return err
	}
	return s.caster.Cast(ctx, StreamID(req.Channel), e)
}
