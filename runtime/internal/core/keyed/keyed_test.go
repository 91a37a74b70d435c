package keyed_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/keyed"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/internal/core/stream/streamtest"
	"github.com/anteroom/anteroom/runtime/wire"
)

// clock is a wall clock that a test can advance.
type clock struct{ ahead atomic.Int64 }

func (c *clock) now() time.Time       { return time.Now().Add(time.Duration(c.ahead.Load())) }
func (c *clock) pass(d time.Duration) { c.ahead.Add(int64(d)) }
func newStore() (*streamtest.Memory, *clock) {
	c := &clock{}
	return streamtest.New(streamtest.WithClock(c.now)), c
}

// server is the runner of one server.
func server(replies stream.Replies) *keyed.Runner {
	return &keyed.Runner{
		Replies: replies, TTL: time.Hour, MaxAnswer: 100, Log: slog.New(slog.DiscardHandler),
		Certain: func(err error) bool { return !errors.Is(err, stream.ErrUnavailable) },
	}
}

var request = keyed.Request{Scope: "ann", Key: "k", Hash: [16]byte{1}}

func answers(text string) func(context.Context) (keyed.Answer, error) {
	return func(context.Context) (keyed.Answer, error) {
		return keyed.Answer{Data: []byte(text), Settled: true}, nil
	}
}

func refuses(err error) func(context.Context) (keyed.Answer, error) {
	return func(context.Context) (keyed.Answer, error) { return keyed.Answer{}, err }
}

// want runs the request and checks its answer.
func want(t *testing.T, r *keyed.Runner, run func(context.Context) (keyed.Answer, error), text string, known bool) {
	t.Helper()
	data, was, err := r.Do(t.Context(), request, run)
	if err != nil || string(data) != text || was != known {
		t.Errorf("got %q (known %v), %v; want %q (known %v)", data, was, err, text, known)
	}
}

func TestSecondAttemptWaitsForTheAnswer(t *testing.T) {
	m, _ := newStore()
	one, two := server(m), server(m)
	running, finish := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		want(t, one, func(ctx context.Context) (keyed.Answer, error) {
			close(running)
			<-finish
			return answers("first")(ctx)
		}, "first", false)
	})
	<-running
	for range 3 {
		wg.Go(func() { want(t, two, answers("second"), "first", true) })
	}
	if _, _, err := two.Do(t.Context(), keyed.Request{Scope: "ann", Key: "k", Hash: [16]byte{2}}, answers("x")); wire.CodeOf(err) != wire.CodeIdempotencyMismatch {
		t.Errorf("another request with the key: %v, want a mismatch", err)
	}
	short, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, _, err := two.Do(short, request, answers("x")); wire.CodeOf(err) != wire.CodeUnavailable {
		t.Errorf("attempt whose context ended: %v, want CodeUnavailable", err)
	}
	close(finish)
	wg.Wait()
}

// endsContext ends the context of a waiting attempt during its second look-up of the key.
type endsContext struct {
	stream.Replies
	end   context.CancelFunc
	calls int
}

func (e *endsContext) Begin(ctx context.Context, a stream.Attempt, lease, ttl time.Duration) (stream.Reply, error) {
	if e.calls++; e.calls == 2 {
		e.end()
		return stream.Reply{}, fmt.Errorf("%w: %w", stream.ErrUnavailable, ctx.Err())
	}
	return e.Replies.Begin(ctx, a, lease, ttl)
}

// An attempt that waits for another attempt gets the same refusal whether its context ends in a
// pause or during a look-up of the key.
func TestContextEndsDuringALookUp(t *testing.T) {
	m, _ := newStore()
	_, _, err := server(m).Do(t.Context(), request, func(context.Context) (keyed.Answer, error) {
		ctx, end := context.WithCancel(t.Context())
		_, _, second := server(&endsContext{Replies: m, end: end}).Do(ctx, request, answers("x"))
		return keyed.Answer{}, second
	})
	if wire.CodeOf(err) != wire.CodeUnavailable {
		t.Errorf("second attempt: %v, want CodeUnavailable", err)
	}
}

// An attempt of a dead server delays the next attempt until its lease ends. From then on
// the store refuses its writes.
func TestExpiredAttemptIsFenced(t *testing.T) {
	m, c := newStore()
	one, two := server(m), server(m)
	commit := stream.Commit{
		Stream: "lobby:x", Events: []stream.Event{{Name: "made", Data: []byte("{}")}},
		Retain: stream.Retention{LogSize: 1, LogTTL: time.Hour, TTL: time.Hour},
	}
	_, _, err := one.Do(t.Context(), request, func(ctx context.Context) (keyed.Answer, error) {
		c.pass(time.Minute)
		want(t, two, answers("second"), "second", false)
		_, err := m.Commit(ctx, commit)
		return keyed.Answer{Data: []byte("first"), Settled: true}, err
	})
	if !errors.Is(err, stream.ErrFenced) {
		t.Errorf("first attempt: %v, want ErrFenced", err)
	}
	if _, err := m.Load(t.Context(), "lobby:x"); !errors.Is(err, stream.ErrNotFound) {
		t.Errorf("the first attempt has written: %v, want ErrNotFound", err)
	}
	want(t, one, answers("third"), "second", true)
}

// An answer that could not be saved is not returned, because later attempts would get
// another answer.
func TestUnsavedAnswerIsNotReturned(t *testing.T) {
	m, c := newStore()
	one := server(m)
	data, _, err := one.Do(t.Context(), request, func(ctx context.Context) (keyed.Answer, error) {
		m.SetDown(true)
		return answers("lost")(ctx)
	})
	if !errors.Is(err, stream.ErrUnavailable) {
		t.Errorf("got %q, %v", data, err)
	}
	m.SetDown(false)
	c.pass(time.Minute)
	want(t, one, answers("again"), "again", false)
	want(t, one, answers("third"), "again", true)
}

func TestEndOfAttempt(t *testing.T) {
	certain, uncertain := errors.New("refused"), stream.ErrUnavailable
	other := keyed.Request{Scope: "ann", Key: "k", Hash: [16]byte{2}}
	large := make([]byte, 101)
	for name, tc := range map[string]struct {
		first func(context.Context) (keyed.Answer, error)
		// free says that another request may then use the key. held says that the next
		// attempt must wait for the lease.
		free, held bool
	}{
		"error without an effect":      {first: refuses(certain), free: true},
		"error with an unknown effect": {first: refuses(uncertain), held: true},
		"answer that is not settled": {first: func(context.Context) (keyed.Answer, error) {
			return keyed.Answer{Data: []byte("half")}, nil
		}},
		"answer above the size limit": {first: answers(string(large))},
	} {
		t.Run(name, func(t *testing.T) {
			m, c := newStore()
			r := server(m)
			_, _, _ = r.Do(t.Context(), request, tc.first)
			if tc.held {
				short, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
				defer cancel()
				if _, _, err := r.Do(short, request, answers("x")); wire.CodeOf(err) != wire.CodeUnavailable {
					t.Errorf("key not held: %v, want CodeUnavailable", err)
				}
				c.pass(time.Minute)
			}
			if tc.free {
				if _, _, err := r.Do(t.Context(), other, answers("other")); err != nil {
					t.Errorf("key not free for another request: %v", err)
				}
				return
			}
			if _, _, err := r.Do(t.Context(), other, answers("other")); wire.CodeOf(err) != wire.CodeIdempotencyMismatch {
				t.Errorf("key free for another request: %v, want a mismatch", err)
			}
			want(t, r, answers("again"), "again", false)
		})
	}
}

// A running attempt renews its lease, however long it runs.
func TestRunningAttemptRenewsItsLease(t *testing.T) {
	m, _ := newStore()
	one := server(m)
	_, _, err := one.Do(t.Context(), request, func(ctx context.Context) (keyed.Answer, error) {
		begun := stream.FencedAt(ctx)
		for deadline := time.Now().Add(30 * time.Second); stream.FencedAt(ctx) == begun; time.Sleep(10 * time.Millisecond) {
			if time.Now().After(deadline) {
				return keyed.Answer{}, errors.New("the lease was not renewed")
			}
		}
		return keyed.Answer{Settled: true}, nil
	})
	if err != nil {
		t.Error(err)
	}
}
