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
	// hubShards is the number of locks over which the streams are spread.
	hubShards = 64
	// heldBound bounds the records held for an attachment before Start, and for a subscription
	// during its catch-up. At the bound they are dropped and read from the Store instead.
	heldBound = 256
	// catchUps is the number of concurrent catch-ups.
	catchUps = 8
	// catchUpFor is the timeout of one read of the Store.
	catchUpFor = 5 * time.Second
	// linger is how long a stream stays subscribed after its last follower detached.
	linger = 5 * time.Second
)

// Hub delivers committed records to the followers of streams on this pod. A follower is a
// local subscriber, such as a session. It receives each record once and in the order of
// seq, although the Bus may lose, duplicate or delay records.
//
// The Hub subscribes a stream on the Bus while the stream has a follower, and linger
// longer. All live followers of a stream share one position. When a record leaves a gap
// after that position, or the Bus had to resubscribe, the Hub reads the missing records
// from the Store once for all followers. It holds arriving records until then. When the
// Store no longer has the missing records, each follower receives a snapshot. While the
// Store is unavailable, the Hub retries without end and at a bounded rate.
//
// There is no goroutine per stream or follower: the Bus's goroutines deliver records, and 8
// workers catch up.
type Hub struct {
	store  Store
	bus    Bus
	linger time.Duration
	seed   maphash.Seed
	shards [hubShards]shard
	jobs   queue
}

// shard holds a part of the subscribed streams.
type shard struct {
	mu            sync.Mutex
	subscriptions map[ID]*subscription
}

// HubOption is an option of NewHub.
type HubOption func(*Hub)

// WithLinger sets how long a stream stays subscribed after its last follower detached; 5 s
// by default.
func WithLinger(d time.Duration) HubOption { return func(h *Hub) { h.linger = d } }

// NewHub makes a Hub; Run must be called once.
func NewHub(store Store, bus Bus, opts ...HubOption) *Hub {
	h := &Hub{store: store, bus: bus, linger: linger, seed: maphash.MakeSeed()}
	for i := range h.shards {
		h.shards[i].subscriptions = map[ID]*subscription{}
	}
	h.jobs.ready = sync.NewCond(&h.jobs.mu)
	for _, o := range opts {
		o(h)
	}
	return h
}

// Run delivers records from the Bus to the followers until ctx ends, and returns the Bus's
// error.
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

// subscription returns the subscription of a subscribed stream; nil when the stream is not subscribed.
func (h *Hub) subscription(id ID) *subscription {
	s := h.shard(id)
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.subscriptions[id]
}

// Attach subscribes sink to a stream from a position. The caller processes the attachment's
// Catchup, calls Start, and at the end Detach. Records that arrive before Start are held.
// The sink's methods run under the stream's lock.
//
// Errors: ErrUnavailable when the subscription is not confirmed, or the Store does not
// answer, before ctx ends.
func (h *Hub) Attach(ctx context.Context, id ID, from Position, sink Sink) (*Attachment, error) {
	if err := id.Validate(); err != nil {
		return nil, err
	}
	a := &Attachment{hub: h, sink: sink}
	a.subscription = h.join(id, a)
	select {
	case <-a.subscription.confirmed:
	case <-ctx.Done():
		a.Detach()
		return nil, fmt.Errorf("subscribe %s: %w: %w", id, ErrUnavailable, ctx.Err())
	}
	if a.subscription.meet(a, from) {
		return a, nil
	}
	asked := a.subscription.generation()
	c, err := h.store.CatchUp(ctx, id, from)
	if err != nil {
		a.Detach()
		return nil, err
	}
	a.Catchup = c
	a.subscription.place(a, asked)
	return a, nil
}

// join adds an attachment to its stream's subscription. For the first attachment it subscribes the
// stream on the Bus.
func (h *Hub) join(id ID, a *Attachment) *subscription {
	s := h.shard(id)
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.subscriptions[id]
	if l == nil {
		l = newSubscription(h, id)
		s.subscriptions[id] = l
		h.bus.Subscribe(id)
	}
	l.add(a)
	return l
}

// leave unsubscribes a stream on the Bus if it still has no follower.
func (h *Hub) leave(l *subscription) {
	s := h.shard(l.id)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.subscriptions[l.id] == l && l.empty() {
		delete(s.subscriptions, l.id)
		h.bus.Unsubscribe(l.id)
	}
}

// Receive implements Receiver.
func (h *Hub) Receive(id ID, r Record) {
	if l := h.subscription(id); l != nil {
		l.receive(r)
	}
}

// Attached implements Receiver.
func (h *Hub) Attached(id ID) {
	if l := h.subscription(id); l != nil {
		l.attached()
	}
}

// Kinds counts the subscribed streams by kind.
func (h *Hub) Kinds() map[string]int {
	kinds := map[string]int{}
	for i := range h.shards {
		s := &h.shards[i]
		s.mu.Lock()
		for id := range s.subscriptions {
			kinds[id.Kind()]++
		}
		s.mu.Unlock()
	}
	return kinds
}

// HubStats counts the streams and followers of a Hub.
type HubStats struct {
	// Streams are subscribed streams, Followers are attachments, and Behind are the queued
	// catch-ups of streams and followers.
	Streams, Followers, Behind int
}

// Stats counts the streams and followers now.
func (h *Hub) Stats() HubStats {
	var st HubStats
	for i := range h.shards {
		s := &h.shards[i]
		s.mu.Lock()
		st.Streams += len(s.subscriptions)
		for _, l := range s.subscriptions {
			st.Followers += l.followers()
		}
		s.mu.Unlock()
	}
	st.Behind = h.jobs.len()
	return st
}
