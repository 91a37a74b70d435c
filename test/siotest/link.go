package siotest

import (
	"context"
	"net"
	"sync"
	"time"
)

// abandonedFor is how long a vanished connection stays open towards the server, unless
// the test ends first.
const abandonedFor = time.Minute

// link is the network between a client and its server: every connection of the client's
// transports passes through it, so that it can be cut and paused.
type link struct {
	mu    sync.Mutex
	conns map[*lineConn]struct{}
	// flows is closed while data is delivered; a paused link has an open channel.
	flows chan struct{}
	cut   bool
	// mute drops the client's data, like a network that lost the client.
	mute bool
}

func newLink() *link {
	flows := make(chan struct{})
	close(flows)
	return &link{conns: make(map[*lineConn]struct{}), flows: flows}
}

// dial opens a TCP connection of the link.
func (l *link) dial(ctx context.Context, network, address string) (net.Conn, error) {
	c, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	line := &lineConn{Conn: c, link: l, closed: make(chan struct{})}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cut {
		_ = c.Close()
		return nil, net.ErrClosed
	}
	l.conns[line] = struct{}{}
	return line, nil
}

// end closes all connections; with reset like a lost network, so that data in flight is
// lost too. The link then opens no further connection.
func (l *link) end(reset bool) {
	l.mu.Lock()
	l.cut = true
	var conns []*lineConn
	for c := range l.conns {
		conns = append(conns, c)
	}
	l.mu.Unlock()
	for _, c := range conns {
		if tcp, ok := c.Conn.(*net.TCPConn); ok && reset && !l.muted() {
			_ = tcp.SetLinger(0)
		}
		_ = c.Close()
	}
}

// pause holds back the server's data, in the kernel's buffers and then in the server's
// own, until resume.
func (l *link) pause() {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-l.flows:
		l.flows = make(chan struct{})
	default: // already paused
	}
}

func (l *link) resume() {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-l.flows:
	default:
		close(l.flows)
	}
}

// vanish drops the client's data and holds back the server's data: for the server the
// connection is half-open.
func (l *link) vanish() {
	l.pause()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.mute = true
}

func (l *link) muted() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.mute
}

// gate is closed while data may pass.
func (l *link) gate() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.flows
}

// lineConn is a connection of a link.
type lineConn struct {
	net.Conn
	link   *link
	once   sync.Once
	closed chan struct{}
}

// Read implements net.Conn: it holds back data while the link is paused.
func (c *lineConn) Read(b []byte) (int, error) {
	if err := c.pass(); err != nil {
		return 0, err
	}
	n, err := c.Conn.Read(b)
	if err != nil {
		return n, err
	}
	return n, c.pass()
}

// Write implements net.Conn.
func (c *lineConn) Write(b []byte) (int, error) {
	if c.link.muted() {
		return len(b), nil
	}
	return c.Conn.Write(b)
}

func (c *lineConn) pass() error {
	select {
	case <-c.link.gate():
		return nil
	case <-c.closed:
		return net.ErrClosed
	}
}

// Close implements net.Conn.
func (c *lineConn) Close() error {
	c.once.Do(func() {
		close(c.closed)
		c.link.mu.Lock()
		delete(c.link.conns, c)
		c.link.mu.Unlock()
	})
	if c.link.muted() {
		time.AfterFunc(abandonedFor, func() { _ = c.Conn.Close() })
		return c.Conn.SetDeadline(time.Now()) // ends the reads without a packet to the server
	}
	return c.Conn.Close()
}
