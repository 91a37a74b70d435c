package socketio

import (
	"encoding/json"
	"errors"
	"sync"
	"sync/atomic"

	"github.com/zishang520/socket.io/parsers/socket/v3/parser"
	"github.com/zishang520/socket.io/v3/pkg/types"
)

// maxStrays is how many CONNECTs to namespaces that do not exist are answered
// on one connection.
const maxStrays = 8

var (
	errTwice  = errors.New("CONNECT on a connection that is connected")
	errEarly  = errors.New("event before CONNECT was answered")
	errStrays = errors.New("too many CONNECTs to namespaces that do not exist")
)

// packets is the parser that the library is given. Only CONNECT and DISCONNECT
// go through the library; events go straight to their session.
type packets struct{}

// NewEncoder implements parser.Parser.
func (packets) NewEncoder() parser.Encoder { return parser.NewEncoder() }

// NewDecoder implements parser.Parser.
func (packets) NewDecoder() parser.Decoder {
	return &decoder{EventEmitter: types.NewEventEmitter()}
}

// handshake is how a decoder travels through the library to the middleware, with
// the auth payload as it was sent: as the one member of a CONNECT's data.
type handshake struct {
	decoder *decoder
	auth    json.RawMessage
}

// handshakeMember names that member. Clients cannot send it: what they send is
// inside handshake.auth.
const handshakeMember = "handshake"

// decoder reads the packets of one connection. The library calls Add from one
// goroutine at a time; an error makes it close the connection.
type decoder struct {
	types.EventEmitter

	peer atomic.Pointer[peer]
	// left is true once the client has said that it disconnects.
	left atomic.Bool

	mu     sync.Mutex
	busy   bool // connected, or a CONNECT is being answered
	strays int
}

// Add implements parser.Decoder.
func (d *decoder) Add(message any) error {
	text, ok := message.(*types.StringBuffer)
	if !ok {
		return errBinary
	}
	p, err := parsePacket(text.Bytes())
	if err != nil {
		return err
	}
	switch p.kind {
	case packetConnect:
		return d.connect(p)
	case packetDisconnect:
		return d.disconnect(p)
	case packetEvent:
		return d.event(p)
	}
	// The server asks for no acknowledgement: one that comes anyway says nothing.
	return nil
}

// Destroy implements parser.Decoder.
func (d *decoder) Destroy() { d.Clear() }

func (d *decoder) connect(p packet) error {
	d.mu.Lock()
	root := p.namespace == "/"
	twice := root && d.busy
	if root {
		d.busy = true
	} else {
		d.strays++
	}
	strays := d.strays
	d.mu.Unlock()
	switch {
	case twice:
		return errTwice
	case strays > maxStrays:
		return errStrays
	}
	d.Emit("decoded", &parser.Packet{
		Type: parser.CONNECT, Nsp: p.namespace,
		Data: map[string]any{handshakeMember: handshake{decoder: d, auth: p.data}},
	})
	return nil
}

// refused allows another CONNECT after one that was refused.
func (d *decoder) refused() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.busy = false
}

func (d *decoder) disconnect(p packet) error {
	peer := d.peer.Load()
	if peer == nil || p.namespace != "/" {
		return errEarly
	}
	d.left.Store(true)
	peer.hangUp()
	return nil
}

func (d *decoder) event(p packet) error {
	peer := d.peer.Load()
	if peer == nil || p.namespace != "/" {
		return errEarly
	}
	name, args, err := p.event()
	if err != nil {
		return err
	}
	peer.receive(name, args, p.id, p.hasID)
	return nil
}
