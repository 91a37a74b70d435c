package socketio

import (
	"encoding/json"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/edge/engineio"
	"github.com/anteroom/anteroom/runtime/internal/edge/session"
	"github.com/anteroom/anteroom/runtime/wire"
)

// conn is one client; it implements session.Conn. It is the data of its socket.
type conn struct {
	server *Server
	below  *engineio.Socket
	// id is that of the last CONNECT, public and unique.
	id      string
	session atomic.Pointer[session.Session]
	// connecting is true once a CONNECT is taken up, until one is refused.
	connecting atomic.Bool

	// Only what the client sends changes these.
	auth   json.RawMessage // of the CONNECT that is being taken up
	strays uint8           // CONNECTs to other namespaces
	early  uint8           // packets before there was a session
	left   bool            // the client has said that it disconnects
	tries  uint8           // CONNECTs that were taken up, at most maxEarly

	mu sync.Mutex
	// link is how the library has the client, from the first CONNECT until one
	// succeeds; overdue ends a client that takes too long for that.
	link    *link
	overdue *time.Timer
	closed  bool
}

// ID implements session.Conn.
func (c *conn) ID() string { return c.id }

// RemoteAddr implements session.Conn.
func (c *conn) RemoteAddr() string { return c.below.RemoteAddr() }

// Again reports whether the transport had a CONNECT before this one: see [session.Manager.Open].
func (c *conn) Again() bool { return c.tries > 1 }

// Transport implements session.Conn.
func (c *conn) Transport() string { return c.below.Transport() }

// Emit implements session.Conn.
func (c *conn) Emit(event string, payload json.RawMessage) { c.below.Send(encodeEvent(event, payload)) }

// Push implements session.Conn. Anything but a frame of Encoder is dropped.
func (c *conn) Push(shared any) {
	if frame, ok := shared.(*engineio.Frame); ok {
		c.below.Send(frame)
	}
}

// Lagging implements session.Conn.
func (c *conn) Lagging() bool { return c.below.Lagging() }

// Close implements session.Conn: what was sent before goes out first, then the
// close, which tells the reason.
func (c *conn) Close(reason wire.CloseReason) { c.below.Close(closeCode(reason), string(reason)) }

// closeCode is the WebSocket close code that fits a reason: 1001 if the server
// goes, 1013 if the client may well try again, 1008 if it broke a rule.
func closeCode(reason wire.CloseReason) engineio.Code {
	switch reason {
	case wire.CloseDraining:
		return engineio.CodeGoingAway
	case wire.CloseSlowConsumer, wire.CloseInsufficientState:
		return engineio.CodeTryAgain
	default:
		return engineio.CodePolicy
	}
}

// tooLate ends a client that has no session in time.
func (c *conn) tooLate() {
	if c.session.Load() == nil {
		c.cut(errLate)
	}
}

// fail closes a client for an invalid packet. A client with a session receives the reason first.
func (c *conn) fail(err error) {
	s := c.session.Load()
	if s == nil {
		c.cut(err)
		return
	}
	reason := wire.CloseInvalidPacket
	if errors.Is(err, errLarge) || engineio.TooLarge(err) {
		reason = wire.ClosePayloadTooLarge
	}
	s.Terminate(reason, err.Error())
}

// cut ends a client for what it did, or did not do in time.
func (c *conn) cut(err error) {
	c.countCut(err)
	c.below.Close(engineio.CodePolicy, err.Error())
}

// countCut counts a client that is cut, if it has no session.
func (c *conn) countCut(err error) {
	if c.session.Load() == nil {
		c.server.cuts.WithLabelValues(cutReason(err)).Inc()
	}
}

// opened keeps the session; false when the client is gone already.
func (c *conn) opened(s *session.Session) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return false
	}
	c.session.Store(s)
	c.below.Trust()
	return true
}

// settled has the library forget a client that is connected.
func (c *conn) settled() {
	if l := c.unlink(false); l != nil {
		l.end(engineio.ForcedClose)
	}
}

// ended is called once, when the client is gone.
func (c *conn) ended(reason engineio.Reason) {
	if l := c.unlink(true); l != nil {
		l.end(reason)
	}
	if reason == engineio.TransportError || reason == engineio.ParseError {
		c.countCut(errTransport)
	}
	s := c.session.Load()
	if s == nil {
		return
	}
	if reason == engineio.SlowConsumer {
		s.Terminate(wire.CloseSlowConsumer, "the connection does not read what it is sent")
	}
	s.Closed(c.left)
}

// unlink takes away what is only of use until the client is connected.
func (c *conn) unlink(closed bool) *link {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := c.link
	c.link = nil
	c.closed = c.closed || closed
	if c.overdue != nil {
		c.overdue.Stop()
		c.overdue = nil
	}
	return l
}
