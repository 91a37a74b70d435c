package session

import (
	"context"
	"sync/atomic"
	"time"
)

// Bounds of the workers that wait for something to do.
const (
	idleWorkers  = 64
	workerLinger = time.Second
)

// workers execute the requests of sessions; a worker executes the requests of one session at a
// time. A goroutine for each burst of requests would grow its stack each time, which took a tenth
// of the processor time of small commands; so a few finished workers wait for the next burst. The
// number of busy workers has no bound.
type workers struct {
	sessions chan *Session
	idle     atomic.Int32
}

func newWorkers() *workers { return &workers{sessions: make(chan *Session)} }

// execute has a worker do the session's work, until ctx ends the workers. It does not
// block.
func (w *workers) execute(ctx context.Context, s *Session) {
	select {
	case w.sessions <- s:
	default:
		go w.run(ctx, s)
	}
}

func (w *workers) run(ctx context.Context, s *Session) {
	linger := time.NewTimer(workerLinger)
	defer linger.Stop()
	for s != nil {
		s.work() //nolint:contextcheck // requests have contexts of their own
		linger.Reset(workerLinger)
		s = w.next(ctx, linger)
	}
}

// next waits for a session; nil when the worker is to end.
func (w *workers) next(ctx context.Context, linger *time.Timer) *Session {
	defer w.idle.Add(-1)
	if w.idle.Add(1) > idleWorkers {
		return nil
	}
	select {
	case s := <-w.sessions:
		return s
	case <-linger.C:
	case <-ctx.Done():
	}
	return nil
}
