package session

import (
	"encoding/json"
	"sync"
	"sync/atomic"

	"github.com/anteroom/anteroom/runtime/wire"
)

// maxHeldPushes bounds the pushes that wait for session:ready. Only the server's own few
// (draining, terminated) come that early; one beyond the bound ends the session.
const maxHeldPushes = 64

// outlet is a Conn whose first push is session:ready: other pushes, and the close, wait until
// Open was called.
type outlet struct {
	Conn
	opened atomic.Bool

	mu     sync.Mutex
	held   []func()
	closed bool
}

// Open pushes session:ready, and then what waited for it.
func (o *outlet) Open(ready json.RawMessage) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.Conn.Emit(wire.EventSessionReady, ready)
	for _, push := range o.held {
		push()
	}
	o.held = nil
	o.opened.Store(true)
}

// Emit implements Conn.
func (o *outlet) Emit(event string, payload json.RawMessage) {
	if o.opened.Load() || !o.hold(func() { o.Conn.Emit(event, payload) }) {
		o.Conn.Emit(event, payload)
	}
}

// Push implements Conn.
func (o *outlet) Push(frame any) {
	if o.opened.Load() || !o.hold(func() { o.Conn.Push(frame) }) {
		o.Conn.Push(frame)
	}
}

// Close implements Conn. What comes after it is dropped, as a closed connection would.
func (o *outlet) Close(reason wire.CloseReason) {
	if o.opened.Load() || !o.hold(func() { o.Conn.Close(reason) }) {
		o.Conn.Close(reason)
		return
	}
	o.mu.Lock()
	o.closed = true
	o.mu.Unlock()
}

// hold keeps a push until Open; false when Open was called meanwhile.
func (o *outlet) hold(push func()) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case o.opened.Load():
		return false
	case o.closed:
	case len(o.held) == maxHeldPushes:
		o.closed = true
		o.held = append(o.held, func() { o.Conn.Close(wire.CloseInsufficientState) })
	default:
		o.held = append(o.held, push)
	}
	return true
}
