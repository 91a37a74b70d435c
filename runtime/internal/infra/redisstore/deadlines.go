package redisstore

import (
	"context"
	"math/rand/v2"
	"strconv"
	"sync"
	"time"

	"hash/fnv"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
)

const (
	// shards spread the deadlines over the nodes of a Cluster.
	shards = 16
	// pollEvery is how often a pod reads each shard, plus or minus a fifth.
	pollEvery = 500 * time.Millisecond
	// takeAtMost bounds the streams that a pod takes from a shard at once. lookers
	// goroutines process them, each for at most lookFor; together they finish within
	// leaseFor.
	takeAtMost = 32
	lookers    = 8
	lookFor    = 5 * time.Second
	leaseFor   = 25 * time.Second
	// lookAgain is the shortest pause before a failed handler runs again.
	lookAgain = 2 * time.Second
)

// Deadlines is stream.Deadlines on Redis.
//
// Deadlines are in 16 pairs of sorted sets. A pod moves due streams from the due set to the
// held set while it processes them. After 25 s any pod takes a stream that is still held.
type Deadlines struct {
	c     *Client
	lease time.Duration
}

// Deadlines returns the client's deadlines.
func (c *Client) Deadlines() *Deadlines { return &Deadlines{c: c, lease: leaseFor} }

// shardOf returns the shard of a stream's deadline.
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

// held is a taken stream with the end of its lease.
type held struct {
	shard int
	id    stream.ID
	lease uint64
}

// Run implements stream.Deadlines. Deadlines that are due while Redis is unavailable fire
// when it is back.
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

// round polls every shard once. It begins at a random shard, so that pods rarely compete.
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

// take takes the due streams of one shard, at most takeAtMost.
func (d *Deadlines) take(ctx context.Context, shard int) ([]held, error) {
	// A take whose reply is lost holds its streams until the lease ends, so it must not be
	// repeated.
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

// look runs the handler of a stream and then releases it. If the release fails, the lease
// expires.
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
