package stream

import (
	"context"
	"fmt"
	"hash/maphash"
	"sync"
	"time"
)

// Bounds of a Hub.
const (
	// hubShards spread the streams over locks.
	hubShards = 64
	// heldBound is how many records wait for an attachment's Start, and for a
	// stream that is catching up. At the bound they are dropped, and what was
	// missed is read from the Store.
	heldBound = 256
	// catchUps is how many streams catch up at the same time.
	catchUps = 8
	// catchUpFor bounds one read of the Store.
	catchUpFor = 5 * time.Second
	// linger is how long a stream stays subscribed after its last follower left.
	linger = 5 * time.Second
)

// Hub delivers committed records to the local followers of streams: each record
// once, in the order of seq, whatever the Bus loses, doubles or delays.
//
// A stream is subscribed on the Bus while it has a follower, and a few seconds
// longer. All followers of a stream stand at the same place in it; when a record does
// not follow on that place, or the Bus had to subscribe anew, the Hub reads what was
// missed from the Store, once for all of them, and holds back what arrives meanwhile.
// When the missing cannot be had, each follower is given the state of now. While the
// Store is unavailable, the Hub tries again, without an end and at a bounded rate.
//
// There is no goroutine per stream or follower: records are delivered by the Bus's
// goroutines, and 8 workers catch up.
type Hub struct {
	store  Store
	bus    Bus
	linger time.Duration
	seed   maphash.Seed
	shards [hubShards]shard
	jobs   queue
}

// shard is a part of the streams.
type shard struct {
	mu    sync.Mutex
	lines map[ID]*line
}

// HubOption changes how a Hub works.
type HubOption func(*Hub)

// WithLinger sets how long a stream stays subscribed after its last follower left,
// 5 s by default.
func WithLinger(d time.Duration) HubOption { return func(h *Hub) { h.linger = d } }

// NewHub makes a Hub; Run must be called once.
func NewHub(store Store, bus Bus, opts ...HubOption) *Hub {
	h := &Hub{store: store, bus: bus, linger: linger, seed: maphash.MakeSeed()}
	for i := range h.shards {
		h.shards[i].lines = map[ID]*line{}
	}
	h.jobs.ready = sync.NewCond(&h.jobs.mu)
	for _, o := range opts {
		o(h)
	}
	return h
}

// Run carries records from the Bus to the followers until ctx ends, and gives the
// Bus's error.
func (h *Hub) Run(ctx context.Context) error {
	var workers sync.WaitGroup
	for range catchUps {
		workers.Go(func() { h.work(ctx) })
	}
	err := h.bus.Run(ctx, h)
	h.jobs.close()
	workers.Wait()
	return err
}

func (h *Hub) shard(id ID) *shard {
	return &h.shards[maphash.String(h.seed, string(id))%hubShards]
}

// line finds a stream that is subscribed; nil if it is not.
func (h *Hub) line(id ID) *line {
	s := h.shard(id)
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lines[id]
}

// Attach makes sink a follower of a stream, after from. The caller first deals with
// the attachment's Catchup, and then calls Start: later records are held until then.
// In the end it calls Detach. The sink's methods are called with the stream's lock
// held.
//
// Errors: one that wraps ErrUnavailable when the subscription or the Store's answer
// does not come before ctx ends.
func (h *Hub) Attach(ctx context.Context, id ID, from Position, sink Sink) (*Attachment, error) {
	if err := id.Validate(); err != nil {
		return nil, err
	}
	a := &Attachment{hub: h, sink: sink}
	a.line = h.join(id, a)
	select {
	case <-a.line.standing:
	case <-ctx.Done():
		a.Detach()
		return nil, fmt.Errorf("subscribe %s: %w: %w", id, ErrUnavailable, ctx.Err())
	}
	if a.line.meet(a, from) {
		return a, nil
	}
	asked := a.line.generation()
	c, err := h.store.CatchUp(ctx, id, from)
	if err != nil {
		a.Detach()
		return nil, err
	}
	a.Catchup = c
	a.line.place(a, asked)
	return a, nil
}

// join adds an attachment to its stream's line, which is subscribed if it is the
// first.
func (h *Hub) join(id ID, a *Attachment) *line {
	s := h.shard(id)
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.lines[id]
	if l == nil {
		l = newLine(h, id)
		s.lines[id] = l
		h.bus.Subscribe(id)
	}
	l.add(a)
	return l
}

// leave ends the subscription of a stream that is still without a follower.
func (h *Hub) leave(l *line) {
	s := h.shard(l.id)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lines[l.id] == l && l.empty() {
		delete(s.lines, l.id)
		h.bus.Unsubscribe(l.id)
	}
}

// Receive implements Receiver.
func (h *Hub) Receive(id ID, r Record) {
	if l := h.line(id); l != nil {
		l.receive(r)
	}
}

// Attached implements Receiver.
func (h *Hub) Attached(id ID) {
	if l := h.line(id); l != nil {
		l.attached()
	}
}

// Kinds counts the streams that are subscribed, by kind.
func (h *Hub) Kinds() map[string]int {
	kinds := map[string]int{}
	for i := range h.shards {
		s := &h.shards[i]
		s.mu.Lock()
		for id := range s.lines {
			kinds[id.Kind()]++
		}
		s.mu.Unlock()
	}
	return kinds
}

// HubStats are counts of what a Hub holds.
type HubStats struct {
	// Streams are subscribed, Followers attached; Behind are the streams and
	// followers that wait to catch up.
	Streams, Followers, Behind int
}

// Stats counts.
func (h *Hub) Stats() HubStats {
	var st HubStats
	for i := range h.shards {
		s := &h.shards[i]
		s.mu.Lock()
		st.Streams += len(s.lines)
		for _, l := range s.lines {
			st.Followers += l.followers()
		}
		s.mu.Unlock()
	}
	st.Behind = h.jobs.len()
	return st
}
