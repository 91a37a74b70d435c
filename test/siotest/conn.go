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
	namespace string
	link      *link
	engine    *engine
	// heard is called with each event, in the order of arrival.
	heard func(c *conn, name string, args []json.RawMessage)

	mu   sync.Mutex
	next uint64
	// asked are called with their acknowledgement, in its place among the events.
	asked map[uint64]func(args []json.RawMessage)
	why   error
	// ended is closed with why set.
	ended chan struct{}
}

// opening is how a connection is opened: auth is the payload of its CONNECT.
type opening struct {
	address string
	o       options
	auth    any
	heard   func(c *conn, name string, args []json.RawMessage)
}

// openConn opens a connection and enters the namespace.
func openConn(ctx context.Context, with opening) (*conn, error) {
	l := newLink()
	d, err := newDialer(with.address, with.o, l)
	if err != nil {
		return nil, err
	}
	e, rest, err := openEngine(ctx, d, with.o.transport)
	if err != nil {
		l.end(false)
		return nil, err
	}
	if with.o.transport == Upgrade {
		more, err := e.upgrade(ctx)
		if err != nil {
			e.close()
			l.end(false)
			return nil, err
		}
		rest = append(rest, more...)
	}
	c := &conn{
		namespace: with.o.namespace, link: l, engine: e, heard: with.heard,
		asked: make(map[uint64]func([]json.RawMessage)), ended: make(chan struct{}),
	}
	if err := c.enter(ctx, rest, with.auth); err != nil {
		c.end(err)
		return nil, err
	}
	return c, nil
}

// enter sends CONNECT, waits for its answer and leaves a goroutine that reads.
func (c *conn) enter(ctx context.Context, rest []string, with any) error {
	auth, err := json.Marshal(with)
	if err != nil {
		return fmt.Errorf("auth cannot be encoded: %w", err)
	}
	connect := packet{kind: packetConnect, namespace: c.namespace, data: auth}
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
	if p.namespace != c.namespace {
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
		c.heard(c, name, args)
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
	answer(args)
	return nil
}

// emit sends an event. With answer it asks for an acknowledgement; answer must not block.
func (c *conn) emit(ctx context.Context, event string, args []any, answer func([]json.RawMessage)) error {
	data, err := json.Marshal(append([]any{event}, args...))
	if err != nil {
		return fmt.Errorf("the arguments cannot be encoded: %w", err)
	}
	p := packet{kind: packetEvent, namespace: c.namespace, data: data}
	if answer != nil {
		id := c.await(answer)
		p.id = &id
	}
	return c.engine.send(ctx, p.encode())
}

func (c *conn) await(answer func([]json.RawMessage)) (id uint64) {
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
