// Package keyed runs requests that have an idempotency key. Attempts of one request
// may arrive on any connection and server. One attempt runs at a time, and all attempts get
// the same answer.
//
// An attempt leases its key in the store and renews the lease while it runs. A second
// attempt waits for the first attempt's answer. When the first attempt's server dies or
// loses the store, the lease ends. The store then refuses the first attempt's writes
// ([stream.Fence]), so two attempts never write concurrently.
package keyed

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"math"
	mathrand "math/rand/v2"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/wire"
)

const (
	// leaseFor is the time for which a dead server's attempt delays the next attempt.
	leaseFor = 3 * time.Second
	// renewEvery is how often a running attempt renews its lease.
	renewEvery = leaseFor / 3
	// endFor is the timeout of the store calls that end an attempt.
	endFor = leaseFor
)

// An attempt that waits for another attempt polls; the pauses double from the first to the
// last.
const (
	firstPause = 5 * time.Millisecond
	lastPause  = 160 * time.Millisecond
)

// Runner runs keyed requests. It is safe for concurrent use.
type Runner struct {
	Replies stream.Replies
	// TTL is how long an answer is remembered.
	TTL time.Duration
	// MaxAnswer is the size of the largest answer that is remembered, in bytes; 0 means no
	// limit. A request with a larger answer runs again when it is repeated, and the Once of
	// its commits prevents a second effect.
	MaxAnswer int
	// Certain reports whether an error proves that the request had no effect. Its key is
	// then free for any request.
	Certain func(error) bool
	Log     *slog.Logger
}

// Request identifies a keyed request. Scope owns the key: a user's id, or the scope of the
// server API.
type Request struct {
	Scope, Key string
	Hash       [16]byte
}

// Answer is the answer of a request. An answer that is not Settled is not remembered,
// because a part of the request is not done yet.
type Answer struct {
	Data    []byte
	Settled bool
}

// Do runs a request unless its answer is remembered, and reports whether it was. The context
// of run has the fence of the lease: the store refuses writes after it.
//
// Errors: those of run; a *wire.Error with CodeIdempotencyMismatch; or with CodeUnavailable
// when another attempt holds the key until ctx ends. An error also means that the answer
// could not be saved; a repetition with the same key then returns the commit's answer.
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

// begin waits until no other attempt holds the key, and then leases it.
func (r *Runner) begin(ctx context.Context, a stream.Attempt) (stream.Reply, error) {
	held := false
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		reply, err := r.Replies.Begin(ctx, a, leaseFor, r.TTL)
		switch {
		case err != nil && held && ctx.Err() != nil:
			return stream.Reply{}, stillRunning()
		case err != nil:
			return stream.Reply{}, fmt.Errorf("look up the key: %w", err)
		case reply.Mismatch:
			return stream.Reply{}, wire.Refuse(wire.CodeIdempotencyMismatch, "the key was used for another request")
		case reply.Held == 0:
			return reply, nil
		}
		held = true
		select {
		case <-time.After(min(pause, reply.Held) + mathrand.N(firstPause)):
		case <-ctx.Done():
			return stream.Reply{}, stillRunning()
		}
	}
}

func stillRunning() error {
	return wire.Refuse(wire.CodeUnavailable, "an earlier attempt of this request is still running; repeat the request with the same key")
}

// renew renews the lease until the caller calls stop. A failed renewal leaves the fence at
// its previous time.
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

// end ends an attempt. The caller may send an answer only after end has saved it.
func (r *Runner) end(ctx context.Context, a stream.Attempt, answer Answer, failed error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), endFor)
	defer cancel()
	var err error
	switch {
	case failed != nil && r.Certain(failed):
		err = r.Replies.Forget(ctx, a)
	case failed != nil:
		return failed // a write may still be in flight: the key stays leased until the fence
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
