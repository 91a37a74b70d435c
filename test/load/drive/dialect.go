//go:build linux

package drive

import (
	"bytes"
	"fmt"
	"strconv"
	"time"
)

// Dialect is the protocol between clients and a server.
type Dialect interface {
	// Path returns the request path of a client, with its query.
	Path(c *Client) string
	// Opened is called when the WebSocket is open.
	Opened(c *Client) error
	// Receive is called with each message; it calls c.Ready, c.receivedText and so on.
	Receive(c *Client, payload []byte) error
	// Say sends message n to the client's room.
	Say(c *Client, n uint64, due time.Time) error
}

// query names the client's room for a server without rooms.
func query(c *Client) string { return "room=" + strconv.Itoa(c.Room.Index) }

// Raw is a plain WebSocket: messages are texts.
type Raw struct{}

// Path implements [Dialect].
func (Raw) Path(c *Client) string { return "/?" + query(c) }

// Opened implements [Dialect].
func (Raw) Opened(c *Client) error {
	c.Ready()
	return nil
}

// Receive implements [Dialect].
func (Raw) Receive(c *Client, payload []byte) error { return c.receivedText(payload) }

// Say implements [Dialect].
func (Raw) Say(c *Client, n uint64, due time.Time) error {
	return c.Send(appendText(c.load.text[:0], n, due, c.load.TextSize))
}

// EngineIO is Engine.IO v4 without Socket.IO: a message is a packet of type 4.
type EngineIO struct{}

// Path implements [Dialect].
func (EngineIO) Path(c *Client) string { return "/engine.io/?EIO=4&transport=websocket&" + query(c) }

// Opened implements [Dialect]: the server sends first.
func (EngineIO) Opened(*Client) error { return nil }

// Receive implements [Dialect].
func (EngineIO) Receive(c *Client, payload []byte) error {
	switch {
	case len(payload) > 0 && payload[0] == '0':
		c.Ready()
		return nil
	case string(payload) == "2":
		return c.Send([]byte("3"))
	default:
		return c.receivedText(payload)
	}
}

// Say implements [Dialect].
func (EngineIO) Say(c *Client, n uint64, due time.Time) error {
	return c.Send(appendText(append(c.load.text[:0], '4'), n, due, c.load.TextSize))
}

// SocketIO is Socket.IO v5 with an event "say" to and from the room, and an event
// "joined" after the server has added the client to the room.
type SocketIO struct{}

// Path implements [Dialect].
func (SocketIO) Path(c *Client) string { return "/socket.io/?EIO=4&transport=websocket&" + query(c) }

// Opened implements [Dialect]: the server sends first.
func (SocketIO) Opened(*Client) error { return nil }

// Receive implements [Dialect].
func (SocketIO) Receive(c *Client, payload []byte) error {
	switch {
	case bytes.HasPrefix(payload, []byte(`42["say",`)):
		return c.receivedText(payload)
	case bytes.HasPrefix(payload, []byte(`42["joined"`)):
		c.Ready()
		return nil
	default:
		return c.socketIO(payload, []byte("40"))
	}
}

// Say implements [Dialect].
func (SocketIO) Say(c *Client, n uint64, due time.Time) error {
	b := appendText(append(c.load.text[:0], `42["say","`...), n, due, c.load.TextSize)
	return c.Send(append(b, `"]`...))
}

// socketIO handles the packets of every Socket.IO server; connect is the CONNECT packet.
func (c *Client) socketIO(payload, connect []byte) error {
	switch {
	case string(payload) == "2":
		return c.Send([]byte("3"))
	case len(payload) > 0 && payload[0] == '0':
		return c.Send(connect)
	case bytes.HasPrefix(payload, []byte("44")), bytes.HasPrefix(payload, []byte("41")):
		return fmt.Errorf("client %d was refused: %s", c.Index, payload)
	default:
		return nil
	}
}

// Centrifuge is the JSON protocol of centrifuge: a channel is a room.
type Centrifuge struct{}

// Path implements [Dialect].
func (Centrifuge) Path(*Client) string { return "/" }

// Opened implements [Dialect].
func (Centrifuge) Opened(c *Client) error {
	if err := c.Send([]byte(`{"id":1,"connect":{}}`)); err != nil {
		return err
	}
	return c.Send(fmt.Appendf(nil, `{"id":2,"subscribe":{"channel":"room%d"}}`, c.Room.Index))
}

// Receive implements [Dialect]: a message holds a reply per line.
func (Centrifuge) Receive(c *Client, payload []byte) error {
	for line := range bytes.Lines(payload) {
		var err error
		switch line = bytes.TrimSpace(line); {
		case bytes.HasPrefix(line, []byte(`{"push"`)):
			err = c.receivedText(line)
		case string(line) == "{}":
			err = c.Send(line)
		case bytes.Contains(line, []byte(`"error"`)), bytes.Contains(line, []byte(`"disconnect"`)):
			err = fmt.Errorf("client %d was refused: %s", c.Index, line)
		case bytes.HasPrefix(line, []byte(`{"id":2,`)):
			c.Ready()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Say implements [Dialect].
func (Centrifuge) Say(c *Client, n uint64, due time.Time) error {
	b := fmt.Appendf(c.load.text[:0], `{"id":3,"publish":{"channel":"room%d","data":"`, c.Room.Index)
	return c.Send(append(appendText(b, n, due, c.load.TextSize), `"}}`...))
}
