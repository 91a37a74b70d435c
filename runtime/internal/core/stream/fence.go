package stream

import (
	"context"
	"fmt"
	"sync/atomic"
)

// ErrFenced refuses a write of an attempt whose lease has ended (see [Replies]), because
// another attempt of the same request may run. The write has not happened.
var ErrFenced = fmt.Errorf("the lease of this attempt has ended: %w", ErrUnavailable)

// Fence is the time after which the store refuses the writes of an attempt. An attempt that
// was delayed by a slow connection or a paused process then cannot write while a later
// attempt runs. A Fence is safe for concurrent use.
type Fence struct{ until atomic.Int64 }

// NewFence makes a fence at until: the store's clock, in milliseconds since the epoch.
func NewFence(until int64) *Fence {
	f := &Fence{}
	f.Extend(until)
	return f
}

// Extend moves the fence to a later time.
func (f *Fence) Extend(until int64) { f.until.Store(until) }

type fenceKey struct{}

// WithFence makes the store refuse writes under this context after the fence. Commits and
// changes of names and sets check it.
func WithFence(ctx context.Context, f *Fence) context.Context {
	return context.WithValue(ctx, fenceKey{}, f)
}

// Detached returns a context for work that outlives its request: the request's cancellation
// and its fence do not apply.
func Detached(ctx context.Context) context.Context {
	return context.WithValue(context.WithoutCancel(ctx), fenceKey{}, nil)
}

// FencedAt returns the time after which the store refuses writes under this context, in
// milliseconds of the store's clock; 0 means never.
func FencedAt(ctx context.Context) int64 {
	f, fenced := ctx.Value(fenceKey{}).(*Fence)
	if !fenced {
		return 0
	}
	return f.until.Load()
}
