package socketio

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/edge/engineio"
	"github.com/anteroom/anteroom/runtime/internal/edge/session"
	"github.com/anteroom/anteroom/runtime/wire"
)

// maxStrays is how many CONNECTs to namespaces that do not exist are answered
// on one connection.
const maxStrays = 8

// maxEarly is how many packets are read of a client that is not connected.
const maxEarly = 32

var (
	errFlood  = errors.New("too many packets before CONNECT was answered")
	errTwice  = errors.New("CONNECT on a connection that is connected")
	errEarly  = errors.New("event before CONNECT was answered")
	errStrays = errors.New("too many CONNECTs to namespaces that do not exist")
	errLate   = errors.New("connect timeout")
	errLarge  = errors.New("the packet is larger than session:ready's limits.maxPayload")

	// errTransport represents the errors for which the engine ends a client.
	errTransport = errors.New("the transport failed")
)

// clients are the engine's sockets; it implements engineio.Handler.
type clients struct{ server *Server }

// Open implements engineio.Handler. Nothing of the request is kept.
func (h clients) Open(below *engineio.Socket, _ *http.Request) {
	c := &conn{server: h.server, below: below}
	c.overdue = time.AfterFunc(h.server.timeout, c.tooLate)
	below.SetData(c)
}

// Message implements engineio.Handler. What is no proper packet at its proper time
// ends the connection.
func (h clients) Message(below *engineio.Socket, _ engineio.Kind, payload []byte) {
	c, ok := below.Data().(*conn)
	if !ok {
		return
	}
	if err := c.receive(payload); err != nil {
		c.fail(err)
	}
}

// Oversized implements engineio.Salvage: the beginning of a packet is enough to refuse it
// by its id.
func (h clients) Oversized(below *engineio.Socket, head []byte) {
	c, ok := below.Data().(*conn)
	if !ok {
		return
	}
	s := c.session.Load()
	p := packet{namespace: "/"}
	if len(head) > 0 {
		p.kind = head[0]
	}
	if s == nil || p.kind != packetEvent && p.kind != packetBinaryEvent || p.readHead(head[1:]) != nil || p.namespace != "/" {
		c.fail(errLarge)
		return
	}
	below.Discard(p.attachments)
	s.Reject(c.unread(p), wire.Refuse(wire.CodePayloadTooLarge, errLarge.Error()), wire.ClosePayloadTooLarge)
}

// Fault implements engineio.Salvage.
func (h clients) Fault(below *engineio.Socket, err error) {
	if c, ok := below.Data().(*conn); ok {
		c.fail(err)
	}
}

// Close implements engineio.Handler.
func (h clients) Close(below *engineio.Socket, reason engineio.Reason) {
	if c, ok := below.Data().(*conn); ok {
		c.ended(reason)
	}
}

// receive takes a packet in. The text is only valid during the call.
func (c *conn) receive(text []byte) error {
	if c.session.Load() == nil {
		if c.early == maxEarly {
			return errFlood
		}
		c.early++
	}
	p, err := parsePacket(text)
	if err != nil {
		return err
	}
	switch p.kind {
	case packetConnect:
		return c.connect(p)
	case packetDisconnect:
		return c.disconnect(p)
	case packetEvent:
		return c.event(p)
	case packetBinaryEvent:
		return c.binaryEvent(p)
	}
	// The server requests no acknowledgement; an acknowledgement of a client is ignored.
	return nil
}

// connect has the library carry out a CONNECT. It calls back, see Server.connect,
// before this returns.
func (c *conn) connect(p packet) error {
	if p.namespace != "/" {
		return c.stray(p.namespace)
	}
	if c.connecting.Swap(true) {
		return errTwice
	}
	c.tries++
	c.auth = bytes.Clone(p.data)
	c.linked().Emit("data", connectNow{})
	return nil
}

// linked is how the library knows the client. The engine gives no message while it
// tells of a close, so that no link outlives its client.
func (c *conn) linked() *link {
	c.mu.Lock()
	l := c.link
	c.mu.Unlock()
	if l != nil {
		return l
	}
	l = c.server.base.connect(c.below)
	c.mu.Lock()
	c.link = l
	c.mu.Unlock()
	return l
}

// stray answers a CONNECT to a namespace: there is but one.
func (c *conn) stray(namespace string) error {
	if c.strays == maxStrays {
		return errStrays
	}
	c.strays++
	c.below.Send(encodeNoNamespace(namespace))
	return nil
}

func (c *conn) disconnect(p packet) error {
	if c.session.Load() == nil || p.namespace != "/" {
		return errEarly
	}
	c.left = true
	c.below.Close(engineio.CodeNormal, "")
	return nil
}

// event hands an event to the session, which keeps it until its turn comes.
func (c *conn) event(p packet) error {
	s := c.session.Load()
	if s == nil || p.namespace != "/" {
		return errEarly
	}
	p.data = bytes.Clone(p.data)
	name, args, err := p.event()
	if err != nil {
		s.Reject(c.unread(p), wire.Invalid("event", err.Error()), wire.CloseInvalidPacket)
		return nil
	}
	r := session.Request{Event: name, Args: args, Held: len(p.data)}
	for _, arg := range args {
		r.Size += len(arg)
	}
	r.Ack = c.unread(p).Ack
	s.Receive(r)
	return nil
}

// binaryEvent refuses an event with attachments, which are read over as they come.
func (c *conn) binaryEvent(p packet) error {
	s := c.session.Load()
	if s == nil || p.namespace != "/" {
		return errBinary
	}
	c.below.Discard(p.attachments)
	s.Reject(c.unread(p), wire.Invalid("", errBinary.Error()), wire.CloseInvalidPacket)
	return nil
}

// unread is the request of a packet without its event and arguments.
func (c *conn) unread(p packet) session.Request {
	if !p.hasID {
		return session.Request{}
	}
	return session.Request{Ack: func(answer json.RawMessage) { c.below.Send(encodeAck(p.id, answer)) }}
}
