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

// Client is one Socket.IO client of a test.
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

// ConnectError is a refusal of the server to let a client into a namespace.
type ConnectError struct {
	Message string          `json:"message"`
	Data    json.RawMessage `json:"data,omitempty"`
}

// Error implements error.
func (e *ConnectError) Error() string {
	return fmt.Sprintf("refused: %s %s", e.Message, e.Data)
}

// Connect connects a client and waits until it is in its namespace. Without success
// it fails the test at once. The client is closed with the test.
func Connect(tb TB, address string, opts ...Option) *Client {
	tb.Helper()
	c := newClient(tb, address, opts)
	if err := c.dial(); err != nil {
		tb.Fatalf("siotest: %s could not connect to %s: %v", c.o.name, address, err)
	}
	tb.Cleanup(c.end)
	return c
}

// ConnectRefused connects a client that the server must refuse, and gives the refusal.
func ConnectRefused(tb TB, address string, opts ...Option) *ConnectError {
	tb.Helper()
	c := newClient(tb, address, opts)
	err := c.dial()
	c.Close()
	var refusal *ConnectError
	switch {
	case err == nil:
		tb.Fatalf("siotest: %s was let in by %s, and should not have been", c.o.name, address)
	case !errors.As(err, &refusal):
		tb.Fatalf("siotest: %s was not refused by %s; connecting failed: %v", c.o.name, address, err)
	}
	return refusal
}

func newClient(tb TB, address string, opts []Option) *Client {
	return &Client{
		tb: tb, address: address, o: newOptions(opts), began: time.Now(),
		inbox: newInbox(), streams: audit.NewListener(),
	}
}

// dial opens a connection and keeps it as the client's.
func (c *Client) dial() error {
	ctx, cancel := context.WithTimeout(context.Background(), c.o.patience)
	defer cancel()
	conn, err := openConn(ctx, opening{address: c.address, o: c.o, auth: c.auth(), heard: c.heard})
	if err != nil {
		return err
	}
	c.mu.Lock()
	c.conn = conn
	c.mu.Unlock()
	return nil
}

// end closes the client with its test, and tells what the audit found.
func (c *Client) end() {
	c.Close()
	if c.o.audit {
		for _, fault := range c.streams.Faults() {
			c.tb.Errorf("siotest: %s: %s", c.o.name, fault)
		}
	}
}

// Name is the client's name in failure messages.
func (c *Client) Name() string { return c.o.name }

// Transport is how packets travel now.
func (c *Client) Transport() Transport { return c.current().engine.kind() }

// Connected tells whether the connection lives.
func (c *Client) Connected() bool { return c.current().err() == nil }

// Closed is closed when the present connection has ended.
func (c *Client) Closed() <-chan struct{} { return c.current().ended }

// ExpectClosed waits until the connection ends and gives the reason: what the network
// or the server said.
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

// Close leaves the namespace and closes the connection, as a client does that ends.
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

// Cut ends the connection as a lost network does: no closing frame, and the server
// gets a reset.
func (c *Client) Cut() {
	c.current().endBy(errors.New("cut by the test"), true)
}

// Pause stops reading: the client is a slow one until Unpause. Over a WebSocket it can
// still send; over polling its requests wait for their answers.
func (c *Client) Pause() { c.current().link.pause() }

// Unpause reads on.
func (c *Client) Unpause() { c.current().link.resume() }

// Reconnect connects again after Cut, Close or an end by the server, by the given
// address ("" is the one before), and asks for what was missed on every stream that
// the client follows.
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

// Faults are the holes, doubles and disorders in streams that the audit found so far.
func (c *Client) Faults() []string { return c.streams.Faults() }

func (c *Client) current() *conn {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.conn
}
