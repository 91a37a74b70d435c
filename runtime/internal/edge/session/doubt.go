package session

import (
	"context"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/wire"
)

// A control that takes a stream away may arrive long after its departure: the user may be a
// member again by then, and have the stream by a later request. The stream is therefore
// doubted. Its records wait until the session has asked whether the user may have it; then
// they are pushed, or the stream is dropped with them.

// doubt holds back a stream that the session follows until it has asked for it.
func (s *Session) doubt(id stream.ID) {
	s.mu.Lock()
	f := s.follows[id]
	s.mu.Unlock()
	if f != nil && f.doubt() {
		go s.confirm(f)
	}
}

// stillFollows reports whether the session is subscribed to a stream. A doubted subscription is
// checked again, because the check in flight may have read the rights before this request.
func (s *Session) stillFollows(id stream.ID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, ok := s.follows[id]
	if ok {
		f.doubtAgain()
	}
	return ok
}

// confirm asks for a doubted stream, and closes the session where that cannot be known.
func (s *Session) confirm(f *subscription) {
	ctx, cancel := context.WithTimeout(s.m.ctx, subscribeTimeout)
	defer cancel()
	if err := s.ask(ctx, f, func() {}); err != nil {
		s.m.Log.Warn("subscription not confirmed; closing the session", "stream", f.id, "session", s.conn.ID(), "error", err)
		s.Terminate(wire.CloseInsufficientState, "the stream "+string(f.id)+" cannot be had right now")
	}
}

// ask asks whether the user may have a doubted stream, again when it is doubted again
// meanwhile. It is trusted then, or dropped, and lost is called. Error: that of the store.
func (s *Session) ask(ctx context.Context, f *subscription, lost func()) error {
	for doubts := f.doubted(); doubts > 0; doubts = f.doubted() {
		err := s.authorize(ctx, f.id)
		switch {
		case err == nil:
			if f.trust(doubts) { //nolint:contextcheck // what a subscription does outlives the context
				return nil
			}
		case !Certain(Refusal(err).Code):
			return err
		case s.forgetDoubted(f, doubts):
			f.silence()()
			lost()
			return nil
		}
	}
	return nil
}

// forgetDoubted takes a subscription out, unless it was doubted again since it was asked for.
func (s *Session) forgetDoubted(f *subscription, doubts int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f.doubted() != doubts {
		return false
	}
	if s.follows[f.id] == f {
		delete(s.follows, f.id)
	}
	return true
}

// doubt counts one more doubt, and reports whether it is the first.
func (f *subscription) doubt() (first bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.doubts++
	return f.doubts == 1
}

func (f *subscription) doubtAgain() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.doubts > 0 {
		f.doubts++
	}
}

// doubted is how often the subscription was doubted since it was last trusted; 0 when it is
// over.
func (f *subscription) doubted() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.done {
		return 0
	}
	return f.doubts
}

// trust ends the doubts, unless there are more by now, and pushes what waited.
func (f *subscription) trust(doubts int) bool {
	f.mu.Lock()
	if f.doubts != doubts {
		f.mu.Unlock()
		return false
	}
	f.doubts = 0
	if !f.snapping {
		f.pushHeld()
	}
	waits := f.waits
	f.waits = false
	f.mu.Unlock()
	if waits {
		f.start()
	}
	return true
}

// pushHeld pushes the records that waited; f is locked.
func (f *subscription) pushHeld() {
	for _, d := range f.held {
		f.push(d)
	}
	f.held = nil
}
