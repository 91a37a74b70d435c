package session

import (
	"context"
	"strings"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/wire"
)

// A connection that reads more slowly than its streams move is not sent every patch
// of a document: its follows fall behind, and once it has read most of what waits for
// it, each is brought to the state of now by one snapshot. Events that nothing can
// take the place of, as messages, are sent all the same, up to the bound.

// nowhere is a position that no stream has: who follows from there gets a snapshot.
var nowhere = stream.Position{Epoch: "behind", Seq: 1}

// leaveOut reports whether a record is not to be sent, because a snapshot will take its
// place; f is locked. That takes the place of patches and of what goes with them, as
// lobby:patch and lobby:starting do on the stream of a lobby; not of what back ends send to
// it. A client that gets such an event finds a gap before it, and resumes.
func (f *subscription) leaveOut(d *stream.Delivery) bool {
	kind, of, _ := strings.Cut(d.Name, ":")
	if kind != d.Stream.Kind() {
		return false
	}
	if !f.behind {
		if !f.s.conn.Lagging() || of != "patch" {
			return false
		}
		f.behind = true
		if !f.s.conn.Lagging() {
			// It has caught up in between, and its word for that may have come too early.
			go f.s.CaughtUp()
		}
	}
	f.s.m.Metrics.leftOut()
	return true
}

// CaughtUp brings the follows that fell behind to the state of now. The connection
// calls it when it no longer lags.
func (s *Session) CaughtUp() {
	s.mu.Lock()
	var late []*subscription
	for _, f := range s.follows {
		late = append(late, f)
	}
	s.mu.Unlock()
	for _, f := range late {
		if f.isBehind() {
			s.renew(f, false)
		}
	}
}

func (f *subscription) isBehind() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.behind && !f.done
}

// renew follows a stream again in place of a subscription, unless that has ended meanwhile. again
// is kept with the new subscription.
func (s *Session) renew(old *subscription, again bool) {
	f := &subscription{s: s, id: old.id, from: nowhere, again: again}
	if !s.replaceSubscription(old, f) {
		return
	}
	defer func() { old.silence()() }() // not before, or the stream would be left and joined
	ctx, cancel := context.WithTimeout(s.m.ctx, subscribeTimeout)
	defer cancel()
	at, err := s.m.Hub.Attach(ctx, f.id, f.from, f)
	if err != nil {
		s.m.Log.Warn("a stream was not followed again", "stream", f.id, "error", err)
		s.Terminate(wire.CloseInsufficientState, "the state of "+string(f.id)+" cannot be had right now")
		return
	}
	if !f.attached(at) {
		at.Detach()
		return
	}
	f.start()
}

// replaceSubscription puts one subscription in the place of another, if that is still there.
func (s *Session) replaceSubscription(old, f *subscription) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.follows[old.id] != old {
		return false
	}
	s.follows[old.id] = f
	return true
}
