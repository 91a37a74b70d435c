package chat

import (
	"context"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/wire"
)

const (
	// typingEvery is the minimum time between two typing events of a user in a channel.
	typingEvery = 2 * time.Second
	// maxTypists bounds the remembered typists. Beyond it the least recently used typist is
	// evicted, whose next event may be pushed early.
	maxTypists = 20_000
)

// typingThrottle remembers the last typing event of each user in each channel.
type typingThrottle struct {
	mu     sync.Mutex
	recent *simplelru.LRU[channelUser, typingState]
}

func newTypingThrottle() *typingThrottle {
	return &typingThrottle{recent: newLRU[channelUser, typingState](maxTypists)}
}

// channelUser is a user in a channel. It carries no rights.
type channelUser struct{ user, channel string }

type typingState struct {
	typing bool
	at     time.Time
}

// shouldPush reports whether to push a typing state: a change at once, the same state again
// after typingEvery. The state "not typing" is never repeated.
func (t *typingThrottle) shouldPush(user, channel string, typing bool, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	key := channelUser{user, channel}
	was, _ := t.recent.Get(key)
	stale := now.Sub(was.at) >= typingEvery
	if was.typing == typing && (!typing || !stale) || typing && !was.typing && !stale && !was.at.IsZero() {
		return false
	}
	t.recent.Add(key, typingState{typing: typing, at: now})
	return true
}

// Typing pushes to the channel that the caller types, or stopped. It drops events that come too
// often and those of invisible users. It refuses muted users and connections that are not
// subscribed to the channel.
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
