package redisstore

import (
	"context"
	"runtime"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
)

const (
	// subscribeAtMost bounds the channels of one command.
	subscribeAtMost = 256
	// beatEvery is how often a link publishes a heartbeat to itself. The link is closed
	// when a heartbeat does not arrive within beatWithin.
	beatEvery  = 2 * time.Second
	beatWithin = 5 * time.Second
)

// link is a bus's connection to one node, with a reading and a writing goroutine.
type link struct {
	b    *Bus
	r    stream.Receiver
	name string
	node subscriber

	mu        sync.Mutex
	orders    []order
	confirmed map[stream.ID]struct{}
	wake      chan struct{}

	// beatChannel is on this node; beats carries the received heartbeats.
	beatChannel string
	beats       chan string
}

// order is a subscription to make or to end.
type order struct {
	id    stream.ID
	leave bool
}

func newLink(b *Bus, r stream.Receiver, name string, node subscriber) *link {
	return &link{
		b: b, r: r, name: name, node: node,
		confirmed: map[stream.ID]struct{}{}, wake: make(chan struct{}, 1), beats: make(chan string, 4),
	}
}

// do queues an order; the queue has at most one order for each change of a stream.
func (l *link) do(o order) {
	l.mu.Lock()
	l.orders = append(l.orders, o)
	if o.leave {
		delete(l.confirmed, o.id)
	}
	l.mu.Unlock()
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// confirm reports a stream that is subscribed again while its subscription is confirmed. An
// unconfirmed subscription is reported when Redis confirms it.
func (l *link) confirm(id stream.ID) {
	l.mu.Lock()
	_, stands := l.confirmed[id]
	l.mu.Unlock()
	if stands {
		l.r.Attached(id)
	}
}

// run serves the link until it breaks or ctx ends.
func (l *link) run(ctx context.Context, broken chan<- *link, gone chan<- lost) {
	if l.chooseBeat(ctx) {
		l.serve(ctx, gone)
	}
	select {
	case broken <- l:
	case <-ctx.Done():
	}
}

// chooseBeat finds a heartbeat channel whose slot is on this node.
func (l *link) chooseBeat(ctx context.Context) bool {
	const tries = 1000 // almost certainly finds a node with a hundredth of the slots
	for range tries {
		channel := l.b.c.keys.beat(newEpoch())
		name, _, err := l.b.c.node(ctx, channel)
		if err != nil {
			return false
		}
		if name == l.name {
			l.beatChannel = channel
			return true
		}
	}
	return false
}

// serve reads and writes until either fails.
func (l *link) serve(ctx context.Context, gone chan<- lost) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	sub := l.node.Subscribe(ctx) // connects with its first command
	var reading sync.WaitGroup
	reading.Go(func() {
		defer cancel()
		l.read(ctx, sub, gone)
	})
	l.write(ctx, sub)
	cancel()
	_ = sub.Close() // ends the reader; its error has no consequence
	reading.Wait()
}

// write executes orders and sends heartbeats until an error.
func (l *link) write(ctx context.Context, sub *redis.PubSub) {
	if l.subscribe(ctx, sub, []string{l.beatChannel}) != nil {
		return
	}
	tick := time.NewTicker(beatEvery)
	defer tick.Stop()
	var sent string
	var at time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case <-l.wake:
			runtime.Gosched() // lets further orders join the same command
			if l.carryOut(ctx, sub) != nil {
				return
			}
		case word := <-l.beats:
			if word == sent {
				sent = ""
			}
		case <-tick.C:
			if sent == "" {
				sent, at = l.beat(ctx), time.Now()
			} else if time.Since(at) > beatWithin {
				return
			}
		}
	}
}

// beat publishes a heartbeat; it returns "" when Redis refuses it, which is no fault of
// this link.
func (l *link) beat(ctx context.Context) string {
	ctx, cancel := context.WithTimeout(ctx, ioTimeout)
	defer cancel()
	word := newEpoch()
	if l.b.c.publish(ctx, l.beatChannel, word) != nil {
		return ""
	}
	return word
}

// carryOut subscribes and unsubscribes in the order of the orders.
func (l *link) carryOut(ctx context.Context, sub *redis.PubSub) error {
	l.mu.Lock()
	orders := l.orders
	l.orders = nil
	l.mu.Unlock()
	for len(orders) > 0 {
		n := l.batch(orders)
		channels := make([]string, n)
		for i, o := range orders[:n] {
			channels[i] = l.b.c.keys.channel(o.id)
		}
		do := l.subscribe
		if orders[0].leave {
			do = l.unsubscribe
		}
		if err := do(ctx, sub, channels); err != nil {
			return err
		}
		orders = orders[n:]
	}
	return nil
}

// batch returns how many of the first orders fit into one command: orders of one kind. With
// sharded channels in a Cluster it is 1, because a command's channels must share a slot.
func (l *link) batch(orders []order) int {
	if _, ok := l.b.c.rdb.(*redis.ClusterClient); ok && l.b.c.sharded {
		return 1
	}
	n := 1
	for n < len(orders) && n < subscribeAtMost && orders[n].leave == orders[0].leave {
		n++
	}
	return n
}

func (l *link) subscribe(ctx context.Context, sub *redis.PubSub, channels []string) error {
	if l.b.c.sharded {
		return sub.SSubscribe(ctx, channels...)
	}
	return sub.Subscribe(ctx, channels...)
}

func (l *link) unsubscribe(ctx context.Context, sub *redis.PubSub, channels []string) error {
	if l.b.c.sharded {
		return sub.SUnsubscribe(ctx, channels...)
	}
	return sub.Unsubscribe(ctx, channels...)
}

// read processes messages until the connection fails or Redis refuses a command. A refusal
// does not identify its command, so it closes the link.
func (l *link) read(ctx context.Context, sub *redis.PubSub, gone chan<- lost) {
	for {
		m, err := sub.Receive(ctx)
		if err != nil {
			return
		}
		switch m := m.(type) {
		case *redis.Message:
			l.message(m)
		case *redis.Subscription:
			if !l.subscription(ctx, m, gone) {
				return
			}
		}
	}
}

// message delivers a record, or receives a heartbeat.
func (l *link) message(m *redis.Message) {
	if m.Channel == l.beatChannel {
		select {
		case l.beats <- m.Payload:
		default:
		}
		return
	}
	id, ok := l.b.c.keys.stream(m.Channel)
	if !ok {
		return
	}
	record, err := decodeRecord(m.Payload)
	if err != nil {
		l.r.Attached(id) // the catch-up replaces the record
		return
	}
	if record.Seq == 0 {
		record.Epoch = "" // a cast event
	}
	l.r.Receive(id, record)
}

// subscription records a confirmation of Redis; it returns false when the link must close.
func (l *link) subscription(ctx context.Context, m *redis.Subscription, gone chan<- lost) bool {
	left := m.Kind == "unsubscribe" || m.Kind == "sunsubscribe"
	if m.Channel == l.beatChannel {
		return !left
	}
	id, ok := l.b.c.keys.stream(m.Channel)
	if !ok {
		return true
	}
	if !left {
		l.mu.Lock()
		l.confirmed[id] = struct{}{}
		l.mu.Unlock()
		l.r.Attached(id)
		return true
	}
	l.mu.Lock()
	_, had := l.confirmed[id]
	delete(l.confirmed, id)
	l.mu.Unlock()
	if !had {
		return true // a requested unsubscription
	}
	select {
	case gone <- lost{from: l, id: id}:
		return true
	case <-ctx.Done():
		return false
	}
}
