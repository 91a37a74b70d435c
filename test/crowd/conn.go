package crowd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/anteroom/anteroom/test/load/websocket"
)

const (
	// dialWithin bounds a connect up to session:ready.
	dialWithin = 15 * time.Second
	// silentFor bounds the silence of a server, which pings every 20 s.
	silentFor = 60 * time.Second
)

// errClosed is the error of a request whose connection ended before the answer.
var errClosed = errors.New("the connection ended")

// conn is a connection of a Socket.IO client over a WebSocket, in raw frames.
type conn struct {
	net net.Conn
	// push is called with each event, on the goroutine of read.
	push func(event string, data json.RawMessage)

	mu     sync.Mutex
	next   uint64
	asked  map[uint64]func(ack json.RawMessage, err error)
	closed bool
}

// dial opens a connection to an address, and its WebSocket under the name of a host; read
// then carries it.
func dial(ctx context.Context, addr, host string, push func(string, json.RawMessage)) (*conn, error) {
	dialer := net.Dialer{Timeout: dialWithin}
	c, err := dialer.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	request := websocket.AppendRequest(nil, host, "/socket.io/?EIO=4&transport=websocket")
	if _, err := c.Write(request); err != nil {
		_ = c.Close()
		return nil, err
	}
	return &conn{net: c, push: push, asked: make(map[uint64]func(json.RawMessage, error))}, nil
}

// read handles packets until the connection ends, and returns the reason. connect is the
// payload of the CONNECT packet.
func (c *conn) read(connect []byte) error {
	defer c.close()
	var frames websocket.Decoder
	var handshake []byte
	open := false
	buf := make([]byte, 32<<10)
	_ = c.net.SetReadDeadline(time.Now().Add(dialWithin))
	for {
		n, err := c.net.Read(buf)
		if err != nil {
			return err
		}
		_ = c.net.SetReadDeadline(time.Now().Add(silentFor))
		b := buf[:n]
		if !open {
			handshake = append(handshake, b...)
			if b, open, err = websocket.Answer(handshake); err != nil {
				return err
			}
		}
		if !open {
			continue
		}
		err = frames.Feed(b, func(op websocket.Opcode, payload []byte) error {
			if op == websocket.Close {
				return fmt.Errorf("closed by the server: %q", payload[min(2, len(payload)):])
			}
			return c.packet(string(payload), connect)
		})
		if err != nil {
			return err
		}
	}
}

// packet handles a packet of Engine.IO.
func (c *conn) packet(p string, connect []byte) error {
	switch {
	case p == "2":
		return c.send("3")
	case strings.HasPrefix(p, "0"):
		return c.send("40" + string(connect))
	case strings.HasPrefix(p, "44"), strings.HasPrefix(p, "41"), p == "1":
		return fmt.Errorf("refused: %s", p)
	case strings.HasPrefix(p, "43"):
		return c.answer(p[2:])
	case strings.HasPrefix(p, "42"):
		var event [2]json.RawMessage
		var name string
		if err := errors.Join(json.Unmarshal([]byte(p[2:]), &event), json.Unmarshal(event[0], &name)); err != nil {
			return fmt.Errorf("bad event %s: %w", p, err)
		}
		c.push(name, event[1])
	}
	return nil
}

func (c *conn) answer(p string) error {
	open := strings.IndexByte(p, '[')
	if open < 0 {
		return fmt.Errorf("bad acknowledgement %s", p)
	}
	id, _ := strconv.ParseUint(p[:open], 10, 64)
	var args []json.RawMessage
	if err := json.Unmarshal([]byte(p[open:]), &args); err != nil || len(args) != 1 {
		return fmt.Errorf("bad acknowledgement %s: %w", p, err)
	}
	c.mu.Lock()
	done := c.asked[id]
	delete(c.asked, id)
	c.mu.Unlock()
	if done == nil {
		return fmt.Errorf("an acknowledgement without a request: %s", p)
	}
	done(args[0], nil)
	return nil
}

// ask sends a request. done is called once: with the acknowledgement, in order among the
// pushes, or with an error when the connection ended first.
func (c *conn) ask(event string, body any, done func(ack json.RawMessage, err error)) {
	text, err := json.Marshal([]any{event, body})
	if err != nil {
		panic(err) // the requests of the tests can be encoded
	}
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		done(nil, errClosed)
		return
	}
	c.next++
	id := c.next
	c.asked[id] = done
	c.mu.Unlock()
	// After an error, read ends too, which ends the request.
	_ = c.send("42" + strconv.FormatUint(id, 10) + string(text))
}

func (c *conn) send(packet string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	_ = c.net.SetWriteDeadline(time.Now().Add(silentFor))
	_, err := c.net.Write(websocket.AppendFrame(nil, websocket.Text, []byte(packet)))
	return err
}

// close ends the connection and its unanswered requests.
func (c *conn) close() {
	_ = c.net.Close()
	c.mu.Lock()
	c.closed = true
	asked := c.asked
	c.asked = nil
	c.mu.Unlock()
	for _, done := range asked {
		done(nil, errClosed)
	}
}
