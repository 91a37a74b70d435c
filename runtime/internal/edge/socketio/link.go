package socketio

import (
	"io"
	"sync/atomic"

	eio "github.com/zishang520/socket.io/parsers/engine/v3/packet"
	"github.com/zishang520/socket.io/servers/engine/v3"
	"github.com/zishang520/socket.io/servers/engine/v3/transports"
	"github.com/zishang520/socket.io/v3/pkg/types"

	"github.com/anteroom/anteroom/runtime/internal/edge/engineio"
)

// link is an engineio.Socket as the library knows sockets. What it does to the
// socket it does at once and in order; what the socket does, the owner of the
// link emits.
type link struct {
	types.EventEmitter
	base  *base
	below *engineio.Socket
	ended atomic.Bool
	// said counts what a listener has sent.
	said uint8
}

// end tells the library that the client is gone. Only the first call counts.
func (l *link) end(reason engineio.Reason) {
	if !l.ended.Swap(true) {
		l.Emit("close", string(reason))
	}
}

// Send implements engine.Socket.
func (l *link) Send(data io.Reader, _ *eio.Options, sent engine.SendCallback) engine.Socket {
	if !l.ended.Load() {
		send(l.below, data)
	}
	if sent != nil {
		sent(l.Transport())
	}
	return l
}

// Write implements engine.Socket.
func (l *link) Write(data io.Reader, options *eio.Options, sent engine.SendCallback) engine.Socket {
	return l.Send(data, options, sent)
}

// Close implements engine.Socket. What was written before is sent first.
func (l *link) Close(bool) {
	if !l.ended.Load() {
		l.below.Close(engineio.CodeNormal, "")
	}
}

// Protocol implements engine.Socket.
func (*link) Protocol() int { return 4 }

// Id implements engine.Socket.
func (l *link) Id() string { return l.below.ID() } //nolint:revive // the library's name

// Request implements engine.Socket.
func (l *link) Request() *types.HttpContext { return l.base.request }

// RemoteAddress implements engine.Socket.
func (l *link) RemoteAddress() string { return l.below.RemoteAddr() }

// Transport implements engine.Socket.
func (l *link) Transport() transports.Transport { return carrier{l.base.transport, l.below} }

// ReadyState implements engine.Socket.
func (l *link) ReadyState() string {
	if l.ended.Load() || !l.below.Open() {
		return "closed"
	}
	return "open"
}

// The rest of engine.Socket is for the library's own engine.

// Construct implements engine.Socket.
func (*link) Construct(string, engine.BaseServer, transports.Transport, *types.HttpContext, int) {}

// SetReadyState implements engine.Socket.
func (*link) SetReadyState(string) {}

// MaybeUpgrade implements engine.Socket.
func (*link) MaybeUpgrade(transports.Transport) {}

// Upgrading implements engine.Socket.
func (*link) Upgrading() bool { return false }

// Upgraded implements engine.Socket.
func (l *link) Upgraded() bool { return l.below.Transport() == "websocket" }
