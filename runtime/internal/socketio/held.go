package socketio

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"sync"
)

// heldWriter gives connections away whose reading side is held back until release.
type heldWriter struct {
	http.ResponseWriter
	conn *heldConn
}

// Hijack implements http.Hijacker.
func (h *heldWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffered, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, fmt.Errorf("take over the connection: %w", err)
	}
	h.conn = &heldConn{Conn: conn, ready: make(chan struct{})}
	return h.conn, buffered, nil
}

// release lets reading begin.
func (h *heldWriter) release() {
	if h.conn != nil {
		h.conn.release()
	}
}

// heldConn is a connection whose Read waits for release or Close.
type heldConn struct {
	net.Conn
	once  sync.Once
	ready chan struct{}
}

func (c *heldConn) release() { c.once.Do(func() { close(c.ready) }) }

// Read implements net.Conn.
func (c *heldConn) Read(b []byte) (int, error) {
	<-c.ready
	return c.Conn.Read(b)
}

// Close implements net.Conn.
func (c *heldConn) Close() error {
	c.release()
	return c.Conn.Close()
}
