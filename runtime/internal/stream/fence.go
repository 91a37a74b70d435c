package stream

import (
	"context"
	"fmt"
	"sync/atomic"
)

// ErrFenced is returned by a write of an attempt whose lease has ended (see [Replies]):
// another attempt of the same request may run by now. The write has not happened.
var ErrFenced = fmt.Errorf("the lease of this attempt has ended: %w", ErrUnavailable)

// Fence is the moment after which the store refuses the writes of an attempt. A command
// that waits on a slow connection, or in a stopped process, thus has no effect beside a
// later attempt. It is safe for concurrent use.
type Fence struct{ until atomic.Int64 }

// NewFence makes a fence at a moment of the store's clock, in milliseconds since the
// epoch.
func NewFence(until int64) *Fence {
	f := &Fence{}
	f.Extend(until)
	return f
}

// Extend moves the fence to a later moment.
func (f *Fence) Extend(until int64) { f.until.Store(until) }

type fenceKey struct{}

// WithFence makes the store refuse writes under this context after the fence. Commits,
// and changes of names and sets, heed it.
func WithFence(ctx context.Context, f *Fence) context.Context {
	return context.WithValue(ctx, fenceKey{}, f)
}

// Detached is a context for work that goes on after its request: it neither ends with the
// request nor heeds its fence.
func Detached(ctx context.Context) context.Context {
	return context.WithValue(context.WithoutCancel(ctx), fenceKey{}, nil)
}

// FencedAt is the moment after which writes under this context are refused, in
// milliseconds of the store's clock; 0 for never.
func FencedAt(ctx context.Context) int64 {
	f, fenced := ctx.Value(fenceKey{}).(*Fence)
	if !fenced {
		return 0
	}
	return f.until.Load()
}
