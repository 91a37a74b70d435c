package session

import (
	"context"
	"hash/maphash"
	"log/slog"
	"runtime/debug"
	"sync"

	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
)

const (
	// hookWorkers is how many calls of the Listener run at once; hookQueue is how
	// many wait for each. Beyond that whoever opens or closes a session waits too.
	hookWorkers = 8
	hookQueue   = 1024
)

// lifecycle call the Listener off the path of requests, in order for each user.
type lifecycle struct {
	listener Listener
	log      *slog.Logger
	done     <-chan struct{}
	seed     maphash.Seed
	queues   [hookWorkers]chan lifecycleCall
	// owed counts the calls that are still to come: two for each session, one of
	// which it has from its start.
	mu   sync.Mutex
	owed int
	idle chan struct{} // not nil while someone waits for owed to be 0
}

type lifecycleCall struct {
	caller   request.Caller
	closed   bool
	followed []stream.ID
}

func newLifecycle(ctx context.Context, l Listener, log *slog.Logger) *lifecycle {
	h := &lifecycle{listener: l, log: log, done: ctx.Done(), seed: maphash.MakeSeed()}
	if l == nil {
		return h
	}
	for i := range h.queues {
		h.queues[i] = make(chan lifecycleCall, hookQueue)
		go h.run(ctx, h.queues[i])
	}
	return h
}

func (h *lifecycle) opened(c request.Caller) {
	h.owe(2)
	h.put(lifecycleCall{caller: c})
}

func (h *lifecycle) closed(c request.Caller, followed []stream.ID) {
	h.put(lifecycleCall{caller: c, closed: true, followed: followed})
}

func (h *lifecycle) put(k lifecycleCall) {
	if h.listener == nil {
		h.owe(-1)
		return
	}
	select {
	case h.queues[maphash.String(h.seed, k.caller.ID)%hookWorkers] <- k:
	case <-h.done:
		h.owe(-1)
	}
}

func (h *lifecycle) owe(n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.owed += n
	if h.owed == 0 && h.idle != nil {
		close(h.idle)
		h.idle = nil
	}
}

func (h *lifecycle) run(ctx context.Context, queue <-chan lifecycleCall) {
	for {
		select {
		case k := <-queue:
			h.call(ctx, k)
		case <-ctx.Done():
			return
		}
	}
}

func (h *lifecycle) call(ctx context.Context, k lifecycleCall) {
	defer h.owe(-1)
	defer func() {
		if p := recover(); p != nil {
			h.log.Error("a session listener panicked", "session", k.caller.SessionID,
				"panic", panicText(p), "stack", string(debug.Stack()))
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, closeTimeout)
	defer cancel()
	if k.closed {
		h.listener.SessionClosed(ctx, k.caller, k.followed)
		return
	}
	h.listener.SessionOpened(ctx, k.caller)
}

// drain waits until every session that was opened is closed and nothing is owed,
// or ctx ends.
func (h *lifecycle) drain(ctx context.Context) {
	h.mu.Lock()
	if h.owed == 0 {
		h.mu.Unlock()
		return
	}
	if h.idle == nil {
		h.idle = make(chan struct{})
	}
	idle := h.idle
	h.mu.Unlock()
	select {
	case <-idle:
	case <-ctx.Done():
	}
}
