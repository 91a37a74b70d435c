package siotest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
)

// conn is a connection of a client, from its CONNECT to its end.
type conn struct {
	namespace string
	link      *link
	engine    *engine
	// received is called with each event, in the order of arrival.
	received func(c *conn, name string, args []json.RawMessage)

	mu   sync.Mutex
	next uint64
	// asked has the callbacks for acknowledgements, which are called in order among the
	// events.
	asked map[uint64]func(args []json.RawMessage)
	why   error
	// ended is closed after why is set.
	ended chan struct{}
}

// opening has the parameters of a connection: auth is the payload of its CONNECT.
type opening struct {
	address  string
	o        options
	auth     any
	received func(c *conn, name string, args []json.RawMessage)
}

// openConn opens a connection and joins the namespace.
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
		namespace: with.o.namespace, link: l, engine: e, received: with.received,
		asked: make(map[uint64]func([]json.RawMessage)), ended: make(chan struct{}),
	}
	if err := c.enter(ctx, rest, with.auth); err != nil {
		c.end(err)
		return nil, err
	}
	return c, nil
}

// enter sends CONNECT, waits for its answer and starts a goroutine that reads.
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

// read handles packets until the connection ends. answered receives the answer to
// CONNECT.
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
	default: // already answered
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
		_ = json.Unmarshal(p.data, refusal) // missing fields stay empty
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
		c.received(c, name, args)
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
		return fmt.Errorf("an acknowledgement without a request, or a repeated one: %s", p.encode())
	}
	answer(args)
	return nil
}

// emit sends an event. With answer it requests an acknowledgement; answer must not block.
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

// end closes the connection; the first reason is kept.
func (c *conn) end(why error) { c.endBy(why, false) }

// endBy closes the connection, with reset like a lost network.
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

// err returns the reason for the end of the connection; nil while it is open.
func (c *conn) err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.why
}
