package siotest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/anteroom/anteroom/test/siotest/audit"
)

// Client is a Socket.IO client of a test.
type Client struct {
	tb      TB
	address string
	o       options
	began   time.Time
	inbox   *inbox
	streams *audit.Listener

	mu   sync.Mutex
	conn *conn
}

// ConnectError is the server's refusal of a client in a namespace.
type ConnectError struct {
	Message string          `json:"message"`
	Data    json.RawMessage `json:"data,omitempty"`
}

// Error implements error.
func (e *ConnectError) Error() string {
	return fmt.Sprintf("refused: %s %s", e.Message, e.Data)
}

// Connect connects a client and waits until it has joined its namespace; a failure ends
// the test at once. The client is closed at the end of the test.
func Connect(tb TB, address string, opts ...Option) *Client {
	tb.Helper()
	c := newClient(tb, address, opts)
	if err := c.dial(); err != nil {
		tb.Fatalf("siotest: %s could not connect to %s: %v", c.o.name, address, err)
	}
	tb.Cleanup(c.end)
	return c
}

// ConnectRefused connects a client that the server must refuse, and returns the refusal.
func ConnectRefused(tb TB, address string, opts ...Option) *ConnectError {
	tb.Helper()
	c := newClient(tb, address, opts)
	err := c.dial()
	c.Close()
	var refusal *ConnectError
	switch {
	case err == nil:
		tb.Fatalf("siotest: %s: got a connection to %s, want a refusal", c.o.name, address)
	case !errors.As(err, &refusal):
		tb.Fatalf("siotest: %s: got a failed connection to %s, want a refusal: %v", c.o.name, address, err)
	}
	return refusal
}

func newClient(tb TB, address string, opts []Option) *Client {
	return &Client{
		tb: tb, address: address, o: newOptions(opts), began: time.Now(),
		inbox: newInbox(), streams: audit.NewListener(),
	}
}

// dial opens a connection and makes it the client's current connection.
func (c *Client) dial() error {
	ctx, cancel := context.WithTimeout(context.Background(), c.o.patience)
	defer cancel()
	conn, err := openConn(ctx, opening{address: c.address, o: c.o, auth: c.auth(), received: c.received})
	if err != nil {
		return err
	}
	c.mu.Lock()
	c.conn = conn
	c.mu.Unlock()
	return nil
}

// end closes the client at the end of its test, and reports the faults of the audit.
func (c *Client) end() {
	c.Close()
	if c.o.audit {
		for _, fault := range c.streams.Faults() {
			c.tb.Errorf("siotest: %s: %s", c.o.name, fault)
		}
	}
}

// Name returns the client's name in failure messages.
func (c *Client) Name() string { return c.o.name }

// Transport returns the transport in use.
func (c *Client) Transport() Transport { return c.current().engine.kind() }

// Connected reports whether the connection is open.
func (c *Client) Connected() bool { return c.current().err() == nil }

// Closed is closed when the current connection has ended.
func (c *Client) Closed() <-chan struct{} { return c.current().ended }

// ExpectClosed waits until the connection ends and returns the reason given by the
// network or the server.
func (c *Client) ExpectClosed() error {
	c.tb.Helper()
	conn := c.current()
	select {
	case <-conn.ended:
		return conn.err()
	case <-time.After(c.o.patience):
		c.tb.Fatalf("siotest: the connection of %s was still open after %v\n%s", c.o.name, c.o.patience, c.Report())
		return nil
	}
}

// Close leaves the namespace and closes the connection, as a well-behaved client does.
func (c *Client) Close() {
	conn := c.current()
	if conn == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), c.o.patience)
	defer cancel()
	conn.engine.leave(ctx, packet{kind: packetDisconnect, namespace: c.o.namespace}.encode())
	conn.end(errors.New("closed by the test"))
}

// Cut ends the connection like a lost network: without a closing frame; the server
// receives a reset.
func (c *Client) Cut() {
	c.current().endBy(errors.New("cut by the test"), true)
}

// Pause stops reading until Unpause, as a slow client does. Over a WebSocket the client
// can still send; over polling its requests wait for their answers.
func (c *Client) Pause() { c.current().link.pause() }

// Unpause resumes reading.
func (c *Client) Unpause() { c.current().link.resume() }

// Reconnect connects again after Cut, Close or an end by the server, to the given address
// ("" is the previous one), and resumes every stream that the client follows.
func (c *Client) Reconnect(address string) {
	c.tb.Helper()
	c.Close()
	if address != "" {
		c.address = address
	}
	if err := c.dial(); err != nil {
		c.tb.Fatalf("siotest: %s could not connect again to %s: %v", c.o.name, c.address, err)
	}
}

// Faults returns the gaps, duplicates and wrong orders that the audit has found so far.
func (c *Client) Faults() []string { return c.streams.Faults() }

func (c *Client) current() *conn {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.conn
}
