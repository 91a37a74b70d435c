package siotest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
)

// conn is one connection of a client, from its CONNECT to its end.
type conn struct {
	client *Client
	link   *link
	engine *engine

	mu    sync.Mutex
	next  uint64
	asked map[uint64]chan []json.RawMessage
	why   error
	// ended is closed with why set.
	ended chan struct{}
}

// openConn opens a connection and enters the namespace.
func openConn(ctx context.Context, client *Client) (*conn, error) {
	l := newLink()
	d, err := newDialer(client.address, client.o, l)
	if err != nil {
		return nil, err
	}
	e, rest, err := openEngine(ctx, d, client.o.transport)
	if err != nil {
		return nil, err
	}
	if client.o.transport == Upgrade {
		more, err := e.upgrade(ctx)
		if err != nil {
			e.close()
			return nil, err
		}
		rest = append(rest, more...)
	}
	c := &conn{client: client, link: l, engine: e, asked: make(map[uint64]chan []json.RawMessage), ended: make(chan struct{})}
	if err := c.enter(ctx, rest); err != nil {
		c.end(err)
		return nil, err
	}
	return c, nil
}

// enter sends CONNECT, waits for its answer and leaves a goroutine that reads.
func (c *conn) enter(ctx context.Context, rest []string) error {
	auth, err := json.Marshal(c.client.auth())
	if err != nil {
		return fmt.Errorf("auth cannot be encoded: %w", err)
	}
	connect := packet{kind: packetConnect, namespace: c.client.o.namespace, data: auth}
	if err := c.engine.send(ctx, connect.encode()); err != nil {
		return err
	}
	answered := make(chan error, 1)
	go c.read(rest, answered)
	select {
	case err := <-answered:
		return err
	case <-ctx.Done():
		return fmt.Errorf("CONNECT was not answered: %w", ctx.Err())
	}
}

// read handles what comes until the connection ends. answered gets the answer to CONNECT.
func (c *conn) read(packets []string, answered chan<- error) {
	messages, err := c.engine.messages(context.Background(), packets)
	for {
		for _, m := range messages {
			if err := c.handle(m, answered); err != nil {
				c.finish(err, answered)
				return
			}
		}
		if err != nil {
			c.finish(err, answered)
			return
		}
		messages, err = c.engine.receive(context.Background())
	}
}

func (c *conn) finish(err error, answered chan<- error) {
	c.end(err)
	select {
	case answered <- err:
	default: // was answered before
	}
}

func (c *conn) handle(message string, answered chan<- error) error {
	p, err := decodePacket(message)
	if err != nil {
		return err
	}
	if p.namespace != c.client.o.namespace {
		return fmt.Errorf("a packet of namespace %s: %s", p.namespace, message)
	}
	switch p.kind {
	case packetConnect:
		answered <- nil
	case packetConnectError:
		refusal := new(ConnectError)
		_ = json.Unmarshal(p.data, refusal) // what it does not say stays empty
		return refusal
	case packetDisconnect:
		return errors.New("disconnected by the server")
	case packetAck:
		return c.answer(p)
	case packetEvent:
		name, args, err := decodeEvent(p.data)
		if err != nil {
			return err
		}
		c.client.heard(c, name, args)
	}
	return nil
}

func (c *conn) answer(p packet) error {
	var args []json.RawMessage
	if p.id == nil || json.Unmarshal(p.data, &args) != nil {
		return fmt.Errorf("bad acknowledgement %s", p.encode())
	}
	c.mu.Lock()
	answer := c.asked[*p.id]
	delete(c.asked, *p.id)
	c.mu.Unlock()
	if answer == nil {
		return fmt.Errorf("an acknowledgement that nobody waits for, or a second one: %s", p.encode())
	}
	answer <- args
	return nil
}

// emit sends an event. With answer, which needs room for one value, it asks for an
// acknowledgement.
func (c *conn) emit(ctx context.Context, event string, args []any, answer chan []json.RawMessage) error {
	data, err := json.Marshal(append([]any{event}, args...))
	if err != nil {
		return fmt.Errorf("the arguments cannot be encoded: %w", err)
	}
	p := packet{kind: packetEvent, namespace: c.client.o.namespace, data: data}
	if answer != nil {
		id := c.await(answer)
		p.id = &id
	}
	return c.engine.send(ctx, p.encode())
}

func (c *conn) await(answer chan []json.RawMessage) (id uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	id = c.next
	c.next++
	c.asked[id] = answer
	return id
}

// end closes the connection; the first reason stays.
func (c *conn) end(why error) { c.endBy(why, false) }

// endBy closes the connection, with reset as a lost network does.
func (c *conn) endBy(why error, reset bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.why != nil {
		return
	}
	c.why = why
	close(c.ended)
	c.link.end(reset)
}

// err is why the connection ended; nil while it lives.
func (c *conn) err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.why
}
