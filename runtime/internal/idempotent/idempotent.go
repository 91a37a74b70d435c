// Package idempotent carries out requests that have an idempotency key. Attempts of one
// request arrive by any connection and server; one runs at a time, and all get one answer.
//
// An attempt holds its key for a lease in the store and renews it while it runs. A second
// attempt waits for the answer of the first. When the first one's server died, or lost the
// store, the lease ends; from then on the store refuses the first attempt's writes
// ([stream.Fence]), so the second attempt never runs beside it.
package idempotent

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"math"
	mathrand "math/rand/v2"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/stream"
	"github.com/anteroom/anteroom/runtime/wire"
)

const (
	// leaseFor is how long a dead server's attempt keeps the next one waiting.
	leaseFor = 3 * time.Second
	// renewEvery is how often a running attempt renews its lease.
	renewEvery = leaseFor / 3
	// endFor bounds the store calls that end an attempt.
	endFor = leaseFor
)

// The pauses of an attempt that waits for another: they double from the first to the last.
const (
	firstPause = 5 * time.Millisecond
	lastPause  = 160 * time.Millisecond
)

// Runner carries out keyed requests. It is safe for concurrent use.
type Runner struct {
	Replies stream.Replies
	// TTL is how long an answer is known.
	TTL time.Duration
	// MaxAnswer is how many bytes of an answer are remembered. A request with a larger one
	// runs again when it is repeated, and the Once of its commits keeps the effect single.
	MaxAnswer int
	// Certain tells whether an error says that the request had no effect. Its key is then
	// free for any request.
	Certain func(error) bool
	Log     *slog.Logger
}

// Request names a keyed request. Scope owns the key: a user's id, or the scope of the
// server API.
type Request struct {
	Scope, Key string
	Hash       [16]byte
}

// Answer is the result of a request that was carried out. An answer that is not Settled is
// not remembered, since a part of the request is left to do.
type Answer struct {
	Data    []byte
	Settled bool
}

// Do carries a request out unless its answer is known, and tells which. run's context ends
// no store call early, but fences its writes.
//
// Errors: those of run; a *wire.Error with CodeIdempotencyMismatch, or with CodeUnavailable
// when another attempt holds the key until ctx ends, or when the answer could not be saved:
// the same key then gives the answer of the commit.
func (r *Runner) Do(ctx context.Context, req Request, run func(context.Context) (Answer, error)) (data []byte, known bool, err error) {
	a := stream.Attempt{Scope: req.Scope, Key: req.Key, Hash: req.Hash, Token: rand.Text()[:16]}
	begun, err := r.begin(ctx, a)
	if err != nil || begun.Known {
		return begun.Answer, begun.Known, err
	}
	fence := stream.NewFence(begun.Until)
	stop := r.renew(ctx, a, fence)
	answer, err := run(stream.WithFence(ctx, fence))
	stop()
	return answer.Data, false, r.end(ctx, a, answer, err)
}

// begin holds the key, once no other attempt does.
func (r *Runner) begin(ctx context.Context, a stream.Attempt) (stream.Reply, error) {
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		reply, err := r.Replies.Begin(ctx, a, leaseFor, r.TTL)
		switch {
		case err != nil:
			return stream.Reply{}, fmt.Errorf("look up the key: %w", err)
		case reply.Mismatch:
			return stream.Reply{}, wire.Refuse(wire.CodeIdempotencyMismatch, "the key was used for another request")
		case reply.Held == 0:
			return reply, nil
		}
		select {
		case <-time.After(min(pause, reply.Held) + mathrand.N(firstPause)):
		case <-ctx.Done():
			return stream.Reply{}, wire.Refuse(wire.CodeUnavailable, "an earlier attempt of this request is still under way; send it again with the same key")
		}
	}
}

// renew renews the lease while the attempt runs; the caller stops it. When that fails, the
// fence stays where it is.
func (r *Runner) renew(ctx context.Context, a stream.Attempt, fence *stream.Fence) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var again func()
	again = func() {
		until, err := r.Replies.Extend(ctx, a, leaseFor)
		if err == nil {
			fence.Extend(until)
		}
		if ctx.Err() == nil {
			time.AfterFunc(renewEvery, again)
		}
	}
	timer := time.AfterFunc(renewEvery, again)
	return func() {
		timer.Stop()
		cancel()
	}
}

// end ends an attempt; only an answer that is saved may be given.
func (r *Runner) end(ctx context.Context, a stream.Attempt, answer Answer, failed error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), endFor)
	defer cancel()
	var err error
	switch {
	case failed != nil && r.Certain(failed):
		err = r.Replies.Forget(ctx, a)
	case failed != nil:
		return failed // a write may still be on its way: the key is held until the fence
	case !answer.Settled || len(answer.Data) > r.max():
		err = r.Replies.Abandon(ctx, a)
	default:
		if err = r.Replies.Save(ctx, a, answer.Data, r.TTL); err != nil {
			return fmt.Errorf("save the answer of a keyed request: %w", err)
		}
	}
	if err != nil {
		r.Log.Warn("key not freed; another attempt waits for its lease", "scope", a.Scope, "error", err)
	}
	return failed
}

func (r *Runner) max() int {
	if r.MaxAnswer == 0 {
		return math.MaxInt
	}
	return r.MaxAnswer
}
