package redisstore

import (
	"context"
	"math/rand/v2"
	"strconv"
	"sync"
	"time"

	"hash/fnv"

	"github.com/anteroom/anteroom/runtime/internal/stream"
)

const (
	// shards spread the deadlines over a Cluster.
	shards = 16
	// pollEvery is how often a pod asks each shard, give or take a fifth.
	pollEvery = 500 * time.Millisecond
	// takeAtMost streams of a shard are taken at once, and looked at by lookers
	// at once, each for at most lookFor: all within leaseFor.
	takeAtMost = 32
	lookers    = 8
	lookFor    = 5 * time.Second
	leaseFor   = 25 * time.Second
	// lookAgain is how soon a look that failed is repeated, at least.
	lookAgain = 2 * time.Second
)

// Deadlines is stream.Deadlines on Redis.
//
// Deadlines lie in 16 sorted sets. A pod takes what is due out of one of them into a
// second, where it is held until the pod is done with it; what is still held after
// 25 s is taken again by any pod.
type Deadlines struct {
	c     *Client
	lease time.Duration
}

// Deadlines gives the client's deadlines.
func (c *Client) Deadlines() *Deadlines { return &Deadlines{c: c, lease: leaseFor} }

// shardOf decides where a stream's deadline is kept.
func shardOf(id stream.ID) int {
	h := fnv.New32a()
	_, _ = h.Write([]byte(id)) // never fails
	return int(h.Sum32() % shards)
}

// Schedule implements stream.Deadlines.
func (d *Deadlines) Schedule(ctx context.Context, id stream.ID, at time.Time) error {
	_, err := d.c.runTogether(ctx, scheduleScript, []string{d.c.keys.due(shardOf(id))}, string(id), at.UnixMilli())
	return unavailable("schedule "+string(id), err)
}

// held is a stream that was taken.
type held struct {
	shard int
	id    stream.ID
	lease uint64
}

// Run implements stream.Deadlines. What cannot be done while Redis is unavailable
// is done when it is back.
func (d *Deadlines) Run(ctx context.Context, look func(context.Context, stream.ID) (time.Time, error)) error {
	work := make(chan held)
	var workers sync.WaitGroup
	for range lookers {
		workers.Go(func() {
			for h := range work {
				d.look(ctx, h, look)
			}
		})
	}
	defer workers.Wait()
	defer close(work)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-timer.C:
		}
		d.round(ctx, work)
		timer.Reset(pollEvery*4/5 + rand.N(pollEvery*2/5))
	}
}

// round asks every shard once, beginning anywhere so that pods do not meet.
func (d *Deadlines) round(ctx context.Context, work chan<- held) {
	first := rand.IntN(shards)
	for i := range shards {
		shard := (first + i) % shards
		for {
			taken, err := d.take(ctx, shard)
			for _, h := range taken {
				work <- h
			}
			if err != nil || len(taken) < takeAtMost || ctx.Err() != nil {
				break
			}
		}
	}
}

// take takes what is due of one shard.
func (d *Deadlines) take(ctx context.Context, shard int) ([]held, error) {
	// A take whose reply is lost holds its streams until the lease ends, so it is
	// not repeated blindly.
	reply, err := d.c.runSingle(ctx, takeScript, []string{d.c.keys.due(shard), d.c.keys.held(shard)},
		d.lease.Milliseconds(), takeAtMost)
	if err != nil {
		return nil, unavailable("take deadlines", err)
	}
	p, err := parts(reply, 2)
	if err != nil {
		return nil, err
	}
	lease, err := number(p[0])
	if err != nil {
		return nil, err
	}
	ids, err := parts(p[1], 0)
	if err != nil {
		return nil, err
	}
	taken := make([]held, len(ids))
	for i, id := range ids {
		taken[i] = held{shard: shard, id: stream.ID(text(id)), lease: lease}
	}
	return taken, nil
}

// look looks at one stream and gives it back. If that fails too, the lease ends.
func (d *Deadlines) look(ctx context.Context, h held, look func(context.Context, stream.ID) (time.Time, error)) {
	ctx, cancel := context.WithTimeout(ctx, lookFor)
	defer cancel()
	next, err := look(ctx, h.id)
	if err != nil {
		next = time.Now().Add(lookAgain + rand.N(lookAgain))
	}
	at := ""
	if !next.IsZero() {
		at = strconv.FormatInt(next.UnixMilli(), 10)
	}
	done, cancelDone := context.WithTimeout(context.WithoutCancel(ctx), ioTimeout)
	defer cancelDone()
	_, _ = d.c.runTogether(done, doneScript, []string{d.c.keys.due(h.shard), d.c.keys.held(h.shard)},
		string(h.id), h.lease, at)
}
