package socketio

import (
	"encoding/json"
	"sync"
	"sync/atomic"
	"time"

	eio "github.com/zishang520/socket.io/parsers/engine/v3/packet"
	"github.com/zishang520/socket.io/servers/engine/v3"
	"github.com/zishang520/socket.io/servers/engine/v3/transports"
	"github.com/zishang520/socket.io/v3/pkg/types"

	"github.com/anteroom/anteroom/runtime/internal/session"
	"github.com/anteroom/anteroom/runtime/wire"
)

// flushTimeout is how long a connection that is being closed may take to send
// what was written before.
const flushTimeout = 2 * time.Second

// uncompressed is an option for every frame: compression costs more than it
// saves on small JSON, and mixes secrets with what others can write.
var uncompressed = false

// peer is one connection; it implements session.Conn.
type peer struct {
	id     string
	engine engine.Socket
	// bound gives how many bytes may wait to be sent; zero means no bound.
	bound func() int64

	session atomic.Pointer[session.Session]
	// pending is how many bytes have been written and not yet sent. The library
	// may report a batch late when a connection upgrades, so it is never less than
	// the truth by more than one batch.
	pending atomic.Int64
	closing atomic.Bool
	once    sync.Once
}

// ID implements session.Conn.
func (p *peer) ID() string { return p.id }

// RemoteAddr implements session.Conn.
func (p *peer) RemoteAddr() string { return p.engine.RemoteAddress() }

// Transport implements session.Conn.
func (p *peer) Transport() string { return p.engine.Transport().Name() }

// Emit implements session.Conn.
func (p *peer) Emit(event string, payload json.RawMessage) { p.write(encodeEvent(event, payload)) }

// Push implements session.Conn. Anything but a frame of Encoder is dropped.
func (p *peer) Push(shared any) {
	if text, ok := shared.(frame); ok {
		p.write(text)
	}
}

// write queues a packet. When more waits to be sent than the bound allows, the
// client is too slow: the packet is dropped and the connection closed.
func (p *peer) write(text frame) {
	if p.closing.Load() {
		return
	}
	size := int64(len(text))
	pending := p.pending.Add(size)
	if bound := p.bound(); bound > 0 && pending > bound && pending > size {
		p.pending.Add(-size)
		p.tooSlow()
		return
	}
	p.engine.Write(types.NewStringBuffer(text), &eio.Options{Compress: &uncompressed},
		func(transports.Transport) { p.sent(size) })
}

func (p *peer) sent(size int64) {
	if p.pending.Add(-size) <= 0 && p.closing.Load() {
		p.hangUp()
	}
}

// tooSlow ends the session from another goroutine: write is called from where
// the session must not be called back.
func (p *peer) tooSlow() {
	if p.closing.Swap(true) {
		return
	}
	go func() {
		if s := p.session.Load(); s != nil {
			s.Terminate(wire.CloseSlowConsumer, "the connection does not read what it is sent")
		}
		p.hangUp()
	}()
}

// Close implements session.Conn: the transport ends once what was written has
// been sent, or after two seconds.
func (p *peer) Close(wire.CloseReason) {
	if p.closing.Swap(true) {
		return
	}
	if p.pending.Load() <= 0 {
		p.hangUp()
		return
	}
	time.AfterFunc(flushTimeout, p.hangUp)
}

// hangUp ends the transport now. It may be called from anywhere: the library
// is told from another goroutine.
func (p *peer) hangUp() {
	p.once.Do(func() {
		p.closing.Store(true)
		go p.engine.Close(true)
	})
}

// receive hands an event to the session.
func (p *peer) receive(event string, args []json.RawMessage, id uint64, wanted bool) {
	s := p.session.Load()
	if s == nil {
		return
	}
	r := session.Request{Event: event, Args: args}
	for _, arg := range args {
		r.Size += len(arg)
	}
	if wanted {
		r.Ack = func(answer json.RawMessage) { p.write(encodeAck(id, answer)) }
	}
	s.Receive(r)
}
