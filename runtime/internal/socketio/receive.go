package socketio

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/engineio"
	"github.com/anteroom/anteroom/runtime/internal/session"
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

	// errTransport stands for what the engine ends a client for.
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
		c.cut(err)
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
	}
	// The server asks for no acknowledgement: one that comes anyway says nothing.
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
		return err
	}
	r := session.Request{Event: name, Args: args, Held: len(p.data)}
	for _, arg := range args {
		r.Size += len(arg)
	}
	if p.hasID {
		r.Ack = func(answer json.RawMessage) { c.below.Send(encodeAck(p.id, answer)) }
	}
	s.Receive(r)
	return nil
}
