package redisstore

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// probeSlots is how many slots of a Cluster a round may try: a pod stays ready
// while most of the Cluster works.
const probeSlots = 3

// Probe finds out whether Redis serves this pod: it writes, publishes and receives
// again, over a connection of its own, as a client of the pod would need it. A
// connection that stands, or a replica that answers PING, is no proof.
type Probe struct {
	c        *Client
	interval time.Duration

	mu    sync.Mutex
	tried bool
	err   error
	since time.Time
	// good is when the last round that went well ended.
	good time.Time
	// version is what Redis said it is, asked again after each trouble.
	version string
}

// ErrNotProbed is what a Probe says before its first round.
var ErrNotProbed = errors.New("redis: not probed yet")

// Probe makes a probe with a round every interval; each round takes at most as long.
func (c *Client) Probe(interval time.Duration) *Probe {
	return &Probe{c: c, interval: interval, since: time.Now(), err: ErrNotProbed}
}

// Run probes until ctx ends.
func (p *Probe) Run(ctx context.Context) error {
	tick := time.NewTicker(p.interval)
	defer tick.Stop()
	for {
		err := p.round(ctx)
		if err == nil && !p.Healthy() {
			p.askVersion(ctx)
		}
		p.note(err)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// Healthy tells whether the last round went well.
func (p *Probe) Healthy() bool { return p.LastError() == nil }

// LastError is what went wrong in the last round.
func (p *Probe) LastError() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}

// Version is the version that Redis said it has when it last came, such as 7.2.4; empty
// when it has not said.
func (p *Probe) Version() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.version
}

// askVersion notes the version if Redis serves; it may be another one after each trouble.
func (p *Probe) askVersion(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, p.interval)
	defer cancel()
	info, err := p.c.rdb.Info(ctx, "server").Result()
	if err != nil {
		return // a Redis that does not tell is as good as any
	}
	for line := range strings.Lines(info) {
		if version, ok := strings.CutPrefix(strings.TrimSpace(line), "redis_version:"); ok {
			p.mu.Lock()
			p.version = version
			p.mu.Unlock()
		}
	}
}

// Since is when the probe became healthy, or when it last was: a round that fails
// may have taken a while to find out.
func (p *Probe) Since() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.since
}

func (p *Probe) note(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if !p.tried || (err == nil) != (p.err == nil) {
		p.since = now
		if err != nil && p.tried {
			p.since = p.good
		}
	}
	if err == nil {
		p.good = now
	}
	p.tried, p.err = true, err
}

// round is one probe, in a Cluster of up to three random slots.
func (p *Probe) round(ctx context.Context) error {
	tries := 1
	if _, ok := p.c.rdb.(*redis.ClusterClient); ok {
		tries = probeSlots
	}
	var err error
	for range tries {
		if err = p.once(ctx, p.interval/time.Duration(tries)); err == nil {
			return nil
		}
	}
	return unavailable("probe", err)
}

// once writes and publishes a word and waits for it.
func (p *Probe) once(ctx context.Context, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	word := newEpoch()
	channel := p.c.keys.probe(word)
	sub := p.c.subscribe(ctx, channel)
	// Close does not wait for anyone; its error would say no more than Receive's.
	defer func() { _ = sub.Close() }()
	if err := await(ctx, sub, isSubscribed); err != nil {
		return fmt.Errorf("subscribe: %w", err)
	}
	if err := p.c.rdb.Set(ctx, channel, word, p.interval+time.Second).Err(); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	if err := p.c.publish(ctx, channel, word); err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	if err := await(ctx, sub, func(m any) bool { return payload(m) == word }); err != nil {
		return fmt.Errorf("receive: %w", err)
	}
	return nil
}

// await receives until what came is the right thing.
func await(ctx context.Context, sub *redis.PubSub, right func(any) bool) error {
	for {
		deadline, _ := ctx.Deadline()
		m, err := sub.ReceiveTimeout(ctx, max(time.Until(deadline), time.Millisecond))
		if err != nil {
			return err
		}
		if right(m) {
			return nil
		}
	}
}

func isSubscribed(m any) bool {
	_, ok := m.(*redis.Subscription)
	return ok
}

func payload(m any) string {
	if m, ok := m.(*redis.Message); ok {
		return m.Payload
	}
	return ""
}

// subscribe opens a connection that listens on one channel.
func (c *Client) subscribe(ctx context.Context, channel string) *redis.PubSub {
	if c.sharded {
		return c.rdb.SSubscribe(ctx, channel)
	}
	return c.rdb.Subscribe(ctx, channel)
}

// publish publishes the way that commits do.
func (c *Client) publish(ctx context.Context, channel, message string) error {
	if c.sharded {
		return c.rdb.SPublish(ctx, channel, message).Err()
	}
	return c.rdb.Publish(ctx, channel, message).Err()
}
