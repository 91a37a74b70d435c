//go:build linux

package drive

import (
	"errors"
	"fmt"
	"io"

	"golang.org/x/sys/unix"

	"github.com/anteroom/anteroom/test/load/measure"
	"github.com/anteroom/anteroom/test/load/websocket"
)

// state is the progress of a client's connect.
type state int

const (
	dialing state = iota // the TCP connect is running
	asking               // the handshake was sent
	joining              // the WebSocket is open; the dialect reports when the client is ready
	ready
)

// maxUnsent bounds the bytes that wait for a server that does not read.
const maxUnsent = 1 << 20

// Client is a connection.
type Client struct {
	// Index counts all clients, Member the clients of the room.
	Index, Member int
	Room          *Room

	load      *Load
	fd        int
	addr      int
	state     state
	in        websocket.Decoder
	handshake []byte
	out       []byte
	received  measure.Audit
}

// Send sends a text message. Bytes that the kernel does not accept wait.
func (c *Client) Send(payload []byte) error {
	return c.send(websocket.Text, payload)
}

func (c *Client) send(op websocket.Opcode, payload []byte) error {
	l := c.load
	if len(c.out) > 0 {
		if c.out = websocket.AppendFrame(c.out, op, payload); len(c.out) > maxUnsent {
			return fmt.Errorf("client %d: the server does not read", c.Index)
		}
		return nil
	}
	l.frame = websocket.AppendFrame(l.frame[:0], op, payload)
	return c.write(l.frame)
}

// write writes b, and keeps the remainder until the socket is writable.
func (c *Client) write(b []byte) error {
	n, err := unix.Write(c.fd, b)
	if err != nil && !errors.Is(err, unix.EAGAIN) && !errors.Is(err, unix.EINTR) {
		return fmt.Errorf("client %d: write: %w", c.Index, err)
	}
	if n = max(n, 0); n < len(b) {
		c.out = append(c.out[:0], b[n:]...)
		return c.watch(unix.EPOLL_CTL_MOD, unix.EPOLLIN|unix.EPOLLOUT)
	}
	if len(c.out) > 0 {
		c.out = nil
		return c.watch(unix.EPOLL_CTL_MOD, unix.EPOLLIN)
	}
	return nil
}

func (c *Client) watch(operation int, events uint32) error {
	if err := unix.EpollCtl(c.load.epoll, operation, c.fd, &unix.EpollEvent{Events: events, Fd: int32(c.fd)}); err != nil {
		return fmt.Errorf("client %d: epoll: %w", c.Index, err)
	}
	return nil
}

// dial begins to connect.
func (c *Client) dial() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("client %d: socket: %w", c.Index, err)
	}
	c.fd = fd
	c.load.byFD[int32(fd)] = c
	_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
	err = unix.Connect(fd, c.load.addrs[c.addr])
	if err != nil && !errors.Is(err, unix.EINPROGRESS) {
		return fmt.Errorf("client %d: connect: %w", c.Index, err)
	}
	return c.watch(unix.EPOLL_CTL_ADD, unix.EPOLLIN|unix.EPOLLOUT)
}

// event handles epoll's report that the socket is readable or writable.
func (c *Client) event(events uint32) error {
	if events&unix.EPOLLOUT != 0 {
		if err := c.writable(); err != nil {
			return err
		}
	}
	if events&^uint32(unix.EPOLLOUT) != 0 {
		return c.readable()
	}
	return nil
}

func (c *Client) writable() error {
	if c.state != dialing {
		return c.write(c.out)
	}
	if code, err := unix.GetsockoptInt(c.fd, unix.SOL_SOCKET, unix.SO_ERROR); err != nil || code != 0 {
		return fmt.Errorf("client %d: connect: %w", c.Index, unix.Errno(code))
	}
	c.state = asking
	c.out = websocket.AppendRequest(nil, c.load.Addrs[c.addr], c.load.Dialect.Path(c))
	return c.write(c.out)
}

func (c *Client) readable() error {
	n, err := unix.Read(c.fd, c.load.buffer)
	switch {
	case errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EINTR):
		return nil
	case err == nil && n == 0:
		err = io.EOF
	}
	if err != nil {
		return fmt.Errorf("client %d: the server closed the connection: %w", c.Index, err)
	}
	b := c.load.buffer[:n]
	if c.state == asking {
		c.handshake = append(c.handshake, b...)
		rest, done, err := websocket.Answer(c.handshake)
		if err != nil || !done {
			return err
		}
		c.state, c.handshake, b = joining, nil, rest
		if err := c.load.Dialect.Opened(c); err != nil {
			return err
		}
	}
	return c.in.Feed(b, c.receive)
}

func (c *Client) receive(op websocket.Opcode, payload []byte) error {
	switch op {
	case websocket.Text:
		return c.load.Dialect.Receive(c, payload)
	case websocket.Ping:
		return c.send(websocket.Pong, payload)
	case websocket.Close:
		return fmt.Errorf("client %d: the server sent a close frame: %x %s", c.Index, payload[:min(2, len(payload))], payload[min(2, len(payload)):])
	default:
		return nil
	}
}

// Ready reports that the client is connected and in its room; the dialect calls it.
func (c *Client) Ready() {
	if c.state != ready {
		c.state = ready
		c.load.ready++
	}
}
