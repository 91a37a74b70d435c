//go:build linux

package drive

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"github.com/anteroom/anteroom/test/load/measure"
)

// Bounds of the waits for a server.
const (
	connectWithin = 60 * time.Second
	requestWithin = 60 * time.Second
	drainWithin   = 10 * time.Second
	// dialsAtOnce bounds the concurrent connects.
	dialsAtOnce = 64
)

// Load is a set of clients and their rooms.
type Load struct {
	// Addrs are the servers; clients are distributed over them in turn.
	Addrs   []string
	Dialect Dialect
	// TextSize is the length of a message's text in bytes, [TextSize] at first.
	TextSize int

	addrs   []*unix.SockaddrInet4
	clients []*Client
	stalled []*Client
	rooms   []*Room
	byFD    map[int32]*Client
	epoll   int
	timer   int
	buffer  []byte
	frame   []byte
	text    []byte
	ready   int
	work    work
	asked   map[uint64]request
	nextAsk uint64
}

// Room is a group of clients that receive the same messages.
type Room struct {
	// Index counts rooms. Name is the dialect's name of the room.
	Index int
	Name  string

	members  []*Client
	said     measure.Audit
	received uint64
}

// New prepares clients for rooms of the same size; clients are a multiple of it.
func New(dialect Dialect, addrs []string, clients, room int) (*Load, error) {
	l := &Load{
		Addrs: addrs, Dialect: dialect, byFD: map[int32]*Client{}, buffer: make([]byte, 256<<10),
		asked: map[uint64]request{}, timer: -1, text: make([]byte, 0, 512), TextSize: TextSize,
	}
	for _, a := range addrs {
		parsed, err := netip.ParseAddrPort(a)
		if err != nil || !parsed.Addr().Is4() {
			return nil, fmt.Errorf("address %q: %w", a, err)
		}
		l.addrs = append(l.addrs, &unix.SockaddrInet4{Port: int(parsed.Port()), Addr: parsed.Addr().As4()})
	}
	var err error
	if l.epoll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return nil, fmt.Errorf("epoll: %w", err)
	}
	for i := range clients {
		if i%room == 0 {
			l.rooms = append(l.rooms, &Room{Index: i / room})
		}
		r := l.rooms[i/room]
		c := &Client{Index: i, Member: i % room, Room: r, load: l, fd: -1, addr: i % len(addrs)}
		r.members = append(r.members, c)
		l.clients = append(l.clients, c)
	}
	return l, nil
}

// Connect connects all clients, and returns when the last one is ready.
func (l *Load) Connect() error {
	deadline := time.Now().Add(connectWithin)
	for next := 0; l.ready < len(l.clients); {
		for ; next < len(l.clients) && next-l.ready < dialsAtOnce; next++ {
			if err := l.clients[next].dial(); err != nil {
				return err
			}
		}
		if err := l.step(100); err != nil {
			return err
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("got %d of %d clients connected within %v", l.ready, len(l.clients), connectWithin)
		}
	}
	return nil
}

// Stall stops n clients from reading, evenly over the rooms; the load no longer expects
// messages for them. It is called while no message is pending.
func (l *Load) Stall(n int) error {
	for i := range n {
		r := l.rooms[i%len(l.rooms)]
		c := r.members[len(r.members)-1]
		r.members = r.members[:len(r.members)-1]
		if err := c.watch(unix.EPOLL_CTL_DEL, 0); err != nil {
			return err
		}
		l.stalled = append(l.stalled, c)
	}
	for _, r := range l.rooms {
		r.received = r.said.Count() * uint64(len(r.members)) // as if the room always had these members only
	}
	l.clients = slices.DeleteFunc(l.clients, func(c *Client) bool { return slices.Contains(l.stalled, c) })
	return nil
}

// Cut reads the rest of the stalled clients' data, and counts the clients whose connection then
// ends because the server dropped it.
func (l *Load) Cut() int {
	cut := 0
	open := slices.Clone(l.stalled)
	for deadline := time.Now().Add(drainWithin); len(open) > 0 && time.Now().Before(deadline); {
		before := len(open)
		open = slices.DeleteFunc(open, (*Client).ended)
		cut += before - len(open)
		time.Sleep(time.Millisecond)
	}
	return cut
}

// ended reads the arrived data and reports whether the connection ended.
func (c *Client) ended() bool {
	for {
		n, err := unix.Read(c.fd, c.load.buffer)
		switch {
		case errors.Is(err, unix.EAGAIN):
			return false
		case n == 0, err != nil && !errors.Is(err, unix.EINTR):
			return true
		}
	}
}

// Idle only answers pings for the given time.
func (l *Load) Idle(d time.Duration) error {
	for end := time.Now().Add(d); time.Now().Before(end); {
		if err := l.step(20); err != nil {
			return err
		}
	}
	return nil
}

// Close closes all connections.
func (l *Load) Close() {
	for fd := range l.byFD {
		_ = unix.Close(int(fd))
	}
	if l.timer >= 0 {
		_ = unix.Close(l.timer)
	}
	_ = unix.Close(l.epoll)
}

// step waits for the next events, at most timeout milliseconds, and handles them.
func (l *Load) step(timeout int) error {
	var events [512]unix.EpollEvent
	n, err := unix.EpollWait(l.epoll, events[:], timeout)
	if err != nil && !errors.Is(err, unix.EINTR) {
		return fmt.Errorf("epoll: %w", err)
	}
	for _, e := range events[:max(n, 0)] {
		if int(e.Fd) == l.timer {
			err = l.tick()
		} else {
			err = l.byFD[e.Fd].event(e.Events)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
