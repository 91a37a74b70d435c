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

// probeSlots is how many slots of a Cluster a round may try, so that a pod stays ready
// while most of the Cluster works.
const probeSlots = 3

// Probe checks whether Redis serves this pod. It writes, publishes and receives on its own
// connection, as the pod's clients need. An open connection, or a replica that answers
// PING, would not prove that.
type Probe struct {
	c        *Client
	interval time.Duration

	mu    sync.Mutex
	tried bool
	err   error
	since time.Time
	// good is when the last successful round ended.
	good time.Time
	// version is the reported version of Redis, read again after each failure.
	version string
}

// ErrNotProbed is a Probe's error before its first round.
var ErrNotProbed = errors.New("redis: not probed yet")

// Probe makes a probe with a round in each interval; a round takes at most an interval.
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

// Healthy reports whether the last round succeeded.
func (p *Probe) Healthy() bool { return p.LastError() == nil }

// LastError returns the error of the last round; nil when it succeeded.
func (p *Probe) LastError() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}

// Version returns the version that Redis last reported, such as 7.2.4; empty when unknown.
func (p *Probe) Version() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.version
}

// askVersion reads the version of Redis; the version may have changed after a failure.
func (p *Probe) askVersion(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, p.interval)
	defer cancel()
	info, err := p.c.rdb.Info(ctx, "server").Result()
	if err != nil {
		return // the version is optional
	}
	for line := range strings.Lines(info) {
		if version, ok := strings.CutPrefix(strings.TrimSpace(line), "redis_version:"); ok {
			p.mu.Lock()
			p.version = version
			p.mu.Unlock()
		}
	}
}

// Since returns when the probe became healthy, or, while it is not, when the last
// successful round ended: a failed round may have taken long.
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

// round is one probe; in a Cluster it tries up to three random slots.
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

// once publishes a word and waits until it receives the word.
func (p *Probe) once(ctx context.Context, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	word := newEpoch()
	channel := p.c.keys.probe(word)
	sub := p.c.subscribe(ctx, channel)
	// Close does not block; its error would add nothing to the error of Receive.
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

// await receives until right returns true for a message.
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

// subscribe opens a connection that is subscribed to one channel.
func (c *Client) subscribe(ctx context.Context, channel string) *redis.PubSub {
	if c.sharded {
		return c.rdb.SSubscribe(ctx, channel)
	}
	return c.rdb.Subscribe(ctx, channel)
}

// publish publishes in the mode of the commits.
func (c *Client) publish(ctx context.Context, channel, message string) error {
	if c.sharded {
		return c.rdb.SPublish(ctx, channel, message).Err()
	}
	return c.rdb.Publish(ctx, channel, message).Err()
}
