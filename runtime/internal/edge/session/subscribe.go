package session

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/wire"
)

// subscribeTimeout bounds a subscription outside of any request.
const subscribeTimeout = 5 * time.Second

// Follows reports whether the session follows the stream.
func (s *Session) Follows(id stream.ID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.follows[id]
	return ok
}

// subscribedSince is where the session's subscription to a stream began.
func (s *Session) subscribedSince(id stream.ID) stream.Position {
	s.mu.Lock()
	f := s.follows[id]
	s.mu.Unlock()
	if f == nil {
		return stream.Position{}
	}
	return f.catchup().Now.Position
}

// attach makes the session follow a stream, from then on silently: nothing is
// pushed before the subscription is started. Streams that stand do not count against the
// bound.
func (s *Session) attach(ctx context.Context, id stream.ID, from stream.Position) (*subscription, error) {
	f := &subscription{s: s, id: id, from: from}
	if err := s.reserve(f); err != nil {
		return nil, err
	}
	at, err := s.m.Hub.Attach(ctx, id, from, f)
	if err != nil {
		s.removeSubscription(f)
		return nil, fmt.Errorf("follow %s: %w", id, err)
	}
	if !f.attached(at) {
		at.Detach()
	}
	return f, nil
}

// reserve takes a place among what the session follows, before the Hub is asked,
// so that a control that comes meanwhile finds it. A subscription that is there already
// is replaced.
func (s *Session) reserve(f *subscription) error {
	s.mu.Lock()
	before := s.follows[f.id]
	bound := s.m.Limits().Subscriptions
	switch {
	case s.phase == gone:
		s.mu.Unlock()
		return context.Canceled
	case before == nil && !standing(f.id) && s.countChosen() >= bound:
		followed := s.chosen()
		s.mu.Unlock()
		return wire.Already(wire.CodeResourceExhausted, wire.ReasonSubscriptionLimit, fmt.Sprintf("a connection may follow %d streams", bound), followed...)
	}
	s.follows[f.id] = f
	s.mu.Unlock()
	if before != nil {
		before.silence()()
	}
	return nil
}

// countChosen counts the streams that the client follows by its own doing; mu is held.
func (s *Session) countChosen() int {
	n := 0
	for id := range s.follows {
		if !standing(id) {
			n++
		}
	}
	return n
}

// chosen lists them; mu is held.
func (s *Session) chosen() []string {
	var ids []string
	for id := range s.follows {
		if !standing(id) {
			ids = append(ids, string(id))
		}
	}
	slices.Sort(ids)
	return ids
}

// removeSubscription takes a subscription out if it is still the one for its stream.
func (s *Session) removeSubscription(f *subscription) (was bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.follows[f.id] != f {
		return false
	}
	delete(s.follows, f.id)
	return true
}

// unfollow ends a subscription; no further event of the stream is pushed. A Sink may call it: the
// Hub is updated later.
func (s *Session) unfollow(id stream.ID) {
	s.mu.Lock()
	f := s.follows[id]
	delete(s.follows, id)
	s.mu.Unlock()
	if f != nil {
		go f.silence()()
	}
}

// unsubscribeByControl carries out a control's Unfollow. Streams that are not over are doubted: the
// user may have come back since. A running request that follows one of the streams asks
// for it.
func (s *Session) unsubscribeByControl(ids []stream.ID, over bool) {
	s.mu.Lock()
	if s.requests.working {
		if s.lately == nil {
			s.lately = map[stream.ID]struct{}{}
		}
		for _, id := range ids {
			s.lately[id] = struct{}{}
		}
	}
	s.mu.Unlock()
	for _, id := range ids {
		if over {
			s.unfollow(id)
		} else {
			s.doubt(id)
		}
	}
}

// unfollowAll ends all follows and tells which there were, without the user's own.
func (s *Session) unfollowAll() []stream.ID {
	s.mu.Lock()
	follows := s.follows
	s.follows = nil
	own := UserStream(s.caller.ID)
	s.mu.Unlock()
	ids := make([]stream.ID, 0, len(follows))
	for id, f := range follows {
		f.silence()()
		if id != own {
			ids = append(ids, id)
		}
	}
	return ids
}

// subscriber is the stream.Follower of one request. While the request runs, what
// is followed waits for settle; after that it starts at once.
type subscriber struct {
	s   *Session
	ctx context.Context
	// rules are the changes of policies before the request.
	rules uint64

	// leave gives back what the answer of a resume took of the process; it may be nil.
	leave func()

	mu      sync.Mutex
	settled bool
	fresh   []*subscription
	// asked are the streams that the request asked for, also those that the session
	// followed already: another connection that repeats the request needs them all.
	asked []wire.StreamPosition
	// kept are those that the session followed already, with the places of the answer.
	kept []stream.Place
}

// Follow implements stream.Follower. Following a stream again changes nothing.
func (f *subscriber) Follow(id stream.ID, from stream.Position) error {
	f.ask(id, from)
	if f.s.stillFollows(id) {
		f.keep(id, from)
		return nil
	}
	f.mu.Lock()
	settled := f.settled
	f.mu.Unlock()
	ctx := f.ctx
	if settled {
		later, cancel := context.WithTimeout(f.s.m.ctx, subscribeTimeout)
		defer cancel()
		ctx = later
	}
	added, err := f.s.attach(ctx, id, from)
	if err != nil {
		return err
	}
	if f.s.revokedRecently(id) || f.s.m.rules.Load() != f.rules {
		if err := f.s.authorize(ctx, id); err != nil {
			f.s.drop(added)
			return err
		}
	}
	f.add(added)
	return nil
}

// Unfollow implements stream.Follower.
func (f *subscriber) Unfollow(id stream.ID) { f.s.unfollow(id) }

// Follows implements stream.Follower.
func (f *subscriber) Follows(id stream.ID) bool { return f.s.Follows(id) }

// add defers the start of a subscription to settle, or starts it if that is over.
func (f *subscriber) add(added *subscription) {
	f.mu.Lock()
	settled := f.settled
	if !settled {
		f.fresh = append(f.fresh, added)
	}
	f.mu.Unlock()
	if settled {
		added.start()
	}
}

// keep notes a stream that the session follows already, and the place of the answer.
func (f *subscriber) keep(id stream.ID, from stream.Position) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.kept = append(f.kept, stream.Place{Stream: id, Position: from})
}

// ask notes a stream that the request asks for.
func (f *subscriber) ask(id stream.ID, from stream.Position) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, wire.StreamPosition{Stream: string(id), Epoch: from.Epoch, Seq: from.Seq})
}

// positions are the streams that this request asked for, and from where.
func (f *subscriber) positions() []wire.StreamPosition {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.asked)
}

// settle starts what the request followed, or takes it back. The answer has been sent by then.
func (f *subscriber) settle(keep bool) {
	if f.leave != nil {
		f.leave()
	}
	f.mu.Lock()
	f.settled = true
	fresh, kept := f.fresh, f.kept
	f.fresh, f.kept = nil, nil
	f.mu.Unlock()
	if keep {
		for _, place := range kept {
			f.s.bringForward(place)
		}
	}
	for _, added := range fresh {
		if keep {
			added.start()
			continue
		}
		f.s.removeSubscription(added)
		added.silence()()
	}
}

// bringForward pushes a snapshot of a document if the session pushed patches beyond the place
// of an answer before the answer. A client that dropped the stream between two memberships
// ignored those pushes: it begins again at the answer's place, and would miss them.
func (s *Session) bringForward(answered stream.Place) {
	s.mu.Lock()
	f := s.follows[answered.Stream]
	s.mu.Unlock()
	if f != nil && f.fallBehind(answered.Position) {
		s.renew(f, false)
	}
}

// fallBehind reports whether the last patch is after a place, or of another epoch. If so, the
// follow leaves patches out until a snapshot takes their place.
func (f *subscription) fallBehind(at stream.Position) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.done || f.patched.Seq == 0 || f.patched.Epoch == at.Epoch && f.patched.Seq <= at.Seq {
		return false
	}
	f.behind = true
	return true
}

// revokedRecently reports whether a control took the stream away during this request.
func (s *Session) revokedRecently(id stream.ID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, taken := s.lately[id]
	return taken
}
