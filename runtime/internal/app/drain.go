package app

import (
	"context"
	"errors"
	"log/slog"
	"sync"

	"github.com/anteroom/anteroom/api/config/v1alpha1"
)

// drainer drains this server, at the operator's request or at the end of the process: the server
// is unready at once, still serves for drain.settle, and closes its transports over drain.window.
// A requested drain can be cancelled, also after its end. The drain of a stop cannot be
// cancelled, and continues a running drain.
type drainer struct {
	times v1alpha1.Drain
	log   *slog.Logger

	mu       sync.Mutex
	now      *draining // nil while clients are served
	stopping bool
}

// draining is one drain. Done is closed when the clients are gone, their time is up,
// or the drain was cancelled.
type draining struct {
	cancel context.CancelFunc
	done   chan struct{}
}

var errStopping = errors.New("the server is about to stop")

// on reports whether there is a drain, over when it is done.
func (d *drainer) on() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.now != nil || d.stopping
}

func (d *drainer) over() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.now == nil {
		return false
	}
	select {
	case <-d.now.done:
		return true
	default:
		return false
	}
}

// begin starts a drain, which outlives ctx, unless one is on.
func (d *drainer) begin(ctx context.Context, k *core) *draining {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.now == nil {
		ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
		d.now = &draining{cancel: cancel, done: make(chan struct{})}
		d.log.Info("server drains", "connections", k.sessions.Stats().Connections,
			"settle", d.times.Settle.Duration, "window", d.times.Window.Duration)
		go d.empty(ctx, k, d.now.done)
	}
	return d.now
}

func (d *drainer) empty(ctx context.Context, k *core, done chan<- struct{}) {
	defer close(done)
	sleep(ctx, d.times.Settle.Duration)
	if ctx.Err() != nil {
		return
	}
	if err := k.sessions.Drain(ctx, d.times.Window.Duration); err != nil {
		return // cancelled: the rest is up to who did
	}
	flush, cancel := context.WithTimeout(ctx, d.times.FlushTimeout.Duration)
	defer cancel()
	k.emptied(flush)
	d.log.Info("server is drained", "connections", k.sessions.Stats().Connections)
}

// takeBack cancels a drain, so that the server is ready and serves again. Disconnected clients
// may connect again.
func (d *drainer) takeBack(k *core) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.stopping {
		return errStopping
	}
	if d.now == nil {
		return nil
	}
	d.now.cancel()
	<-d.now.done
	k.sessions.Resume()
	d.now = nil
	d.log.Info("the drain was taken back; the server serves on")
	return nil
}

// stop drains for good. When hurry is closed, what is left of the drain is skipped and
// the remaining transports are closed at once.
func (d *drainer) stop(ctx context.Context, k *core, hurry <-chan struct{}) {
	d.mu.Lock()
	d.stopping = true
	d.mu.Unlock()
	running := d.begin(ctx, k)
	select {
	case <-running.done:
	case <-hurry:
		running.cancel()
		<-running.done
		_ = k.sessions.Drain(ctx, 0) // without a window it does not wait, and so it does not fail
	}
}
