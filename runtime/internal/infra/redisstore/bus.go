package redisstore

import (
	"context"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
)

// Bus is stream.Bus on Redis pub/sub.
//
// It has one connection; in a Cluster, one to each node that owns a subscribed stream. The
// Bus closes a connection that breaks, or on which it does not receive its own heartbeats,
// and subscribes the connection's streams again. The receiver learns of it by Attached. The
// Bus has no queue: a slow receiver slows the reading, and Redis then closes the connection
// at its own limit (client-output-buffer-limit pubsub).
type Bus struct {
	c *Client

	mu    sync.Mutex
	asked map[stream.ID]struct{}
	dirty map[stream.ID]struct{}
	wake  chan struct{}
}

// The pauses between tries to find or reach a stream's node. After calm without a pause,
// the next pause is short again.
const (
	resubscribeMin = 50 * time.Millisecond
	resubscribeMax = 2 * time.Second
	calm           = 10 * time.Second
)

// Bus makes a Bus; Run must be called once.
func (c *Client) Bus() *Bus {
	return &Bus{
		c: c, wake: make(chan struct{}, 1),
		asked: map[stream.ID]struct{}{}, dirty: map[stream.ID]struct{}{},
	}
}

// Subscribe implements stream.Bus.
func (b *Bus) Subscribe(id stream.ID) {
	b.mu.Lock()
	b.asked[id] = struct{}{}
	b.mu.Unlock()
	b.touch(id)
}

// Unsubscribe implements stream.Bus.
func (b *Bus) Unsubscribe(id stream.ID) {
	b.mu.Lock()
	delete(b.asked, id)
	b.mu.Unlock()
	b.touch(id)
}

// touch marks streams so that Run updates their subscriptions.
func (b *Bus) touch(ids ...stream.ID) {
	b.mu.Lock()
	for _, id := range ids {
		b.dirty[id] = struct{}{}
	}
	b.mu.Unlock()
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// change is the desired subscription of a stream.
type change struct {
	id    stream.ID
	asked bool
}

// changes returns the marked streams and clears the marks.
func (b *Bus) changes() []change {
	b.mu.Lock()
	defer b.mu.Unlock()
	list := make([]change, 0, len(b.dirty))
	for id := range b.dirty {
		_, asked := b.asked[id]
		list = append(list, change{id: id, asked: asked})
	}
	clear(b.dirty)
	return list
}

// board is the state of Run: the links, and the link of each subscribed stream.
type board struct {
	b     *Bus
	r     stream.Receiver
	links map[string]*link
	home  map[stream.ID]*link
	// broken and lost carry the reports of links.
	broken chan *link
	lost   chan lost
	// retry ends the pause that wait returned; no connection is made until then.
	wait   backoff
	retry  *time.Timer
	paused bool
	// trouble is when the last pause began.
	trouble time.Time
}

// lost is a stream that Redis unsubscribed on a link, because its slot moved.
type lost struct {
	from *link
	id   stream.ID
}

// Run implements stream.Bus.
func (b *Bus) Run(ctx context.Context, r stream.Receiver) error {
	d := &board{
		b: b, r: r, links: map[string]*link{}, home: map[stream.ID]*link{},
		broken: make(chan *link), lost: make(chan lost),
		wait: backoff{min: resubscribeMin, max: resubscribeMax}, retry: time.NewTimer(0), paused: true,
	}
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel()
	defer d.retry.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-b.wake:
			d.settle(ctx, &running)
		case <-d.retry.C:
			d.paused = false
			d.settle(ctx, &running)
		case l := <-d.broken:
			d.drop(ctx, l)
		case gone := <-d.lost:
			d.move(ctx, gone)
		}
	}
}

// settle subscribes and unsubscribes the marked streams.
func (d *board) settle(ctx context.Context, running *sync.WaitGroup) {
	var failed []stream.ID
	for _, c := range d.b.changes() {
		l := d.home[c.id]
		switch {
		case !c.asked && l != nil:
			delete(d.home, c.id)
			l.do(order{id: c.id, leave: true})
		case c.asked && l != nil:
			l.confirm(c.id)
		case c.asked:
			if len(failed) == 0 && !d.paused {
				l = d.open(ctx, c.id, running)
			}
			if l == nil {
				failed = append(failed, c.id)
				continue
			}
			d.home[c.id] = l
			l.do(order{id: c.id})
		}
	}
	if len(failed) > 0 {
		d.later(failed)
	}
}

// later marks streams again and starts a pause, unless a pause is running.
func (d *board) later(ids []stream.ID) {
	d.b.mu.Lock()
	for _, id := range ids {
		d.b.dirty[id] = struct{}{}
	}
	d.b.mu.Unlock()
	if d.paused {
		return
	}
	if time.Since(d.trouble) > calm {
		d.wait.reset()
	}
	d.paused, d.trouble = true, time.Now()
	d.retry.Reset(d.wait.pause())
}

// open returns the link to the node of a stream and makes it if needed; nil when the node
// is not known.
func (d *board) open(ctx context.Context, id stream.ID, running *sync.WaitGroup) *link {
	name, node, err := d.b.c.node(ctx, d.b.c.keys.channel(id))
	if err != nil {
		return nil
	}
	l := d.links[name]
	if l == nil {
		l = newLink(d.b, d.r, name, node)
		d.links[name] = l
		running.Go(func() { l.run(ctx, d.broken, d.lost) })
	}
	return l
}

// drop removes a broken link; its streams are subscribed again after a pause.
func (d *board) drop(ctx context.Context, l *link) {
	if d.links[l.name] == l {
		delete(d.links, l.name)
	}
	var ids []stream.ID
	for id, home := range d.home {
		if home == l {
			delete(d.home, id)
			ids = append(ids, id)
		}
	}
	d.reload(ctx)
	d.later(ids)
}

// move subscribes a stream again whose slot moved to another node.
func (d *board) move(ctx context.Context, gone lost) {
	if d.home[gone.id] != gone.from {
		return
	}
	delete(d.home, gone.id)
	d.reload(ctx)
	d.later([]stream.ID{gone.id})
}

// reload makes the client read the Cluster's slots now. ReloadState would do so later, but
// ForEachMaster reloads first.
func (d *board) reload(ctx context.Context) {
	c, ok := d.b.c.rdb.(*redis.ClusterClient)
	if !ok {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	// If the reload fails, the next try to subscribe fails too.
	_ = c.ForEachMaster(ctx, func(context.Context, *redis.Client) error { return nil })
}

// subscriber is the part of a go-redis client that opens subscriptions.
type subscriber interface {
	Subscribe(ctx context.Context, channels ...string) *redis.PubSub
	SSubscribe(ctx context.Context, channels ...string) *redis.PubSub
}

// node returns the node that carries a channel, and the node's name.
func (c *Client) node(ctx context.Context, channel string) (string, subscriber, error) {
	cluster, ok := c.rdb.(*redis.ClusterClient)
	if !ok {
		return "", c.rdb, nil
	}
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	node, err := cluster.MasterForKey(ctx, channel)
	if err != nil {
		return "", nil, err
	}
	return node.Options().Addr, node, nil
}
