package siotest

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/anteroom/anteroom/runtime/wire"
)

// Emit sends an event without requesting an acknowledgement.
func (c *Client) Emit(event string, args ...any) {
	c.tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), c.o.patience)
	defer cancel()
	if err := c.current().emit(ctx, event, args, nil); err != nil {
		c.tb.Fatalf("siotest: %s could not send %q: %v", c.o.name, event, err)
	}
}

// EmitWithAck sends an event and returns the arguments of its acknowledgement. Without an
// acknowledgement within the client's patience the test fails.
func (c *Client) EmitWithAck(event string, args ...any) []json.RawMessage {
	c.tb.Helper()
	answer, err := c.emitWithAck(event, args)
	if err != nil {
		c.tb.Fatalf("siotest: %s sent %q: %v\n%s", c.o.name, event, err, c.Report())
	}
	return answer
}

func (c *Client) emitWithAck(event string, args []any) ([]json.RawMessage, error) {
	ctx, cancel := context.WithTimeout(context.Background(), c.o.patience)
	defer cancel()
	conn := c.current()
	answer := make(chan []json.RawMessage, 1)
	if err := conn.emit(ctx, event, args, func(args []json.RawMessage) { answer <- args }); err != nil {
		return nil, err
	}
	select {
	case args := <-answer:
		return args, nil
	case <-conn.ended:
		return nil, fmt.Errorf("the connection ended before the acknowledgement: %w", conn.err())
	case <-ctx.Done():
		return nil, fmt.Errorf("no acknowledgement came within %v", c.o.patience)
	}
}

// Answer is the successful answer of Anteroom to a request.
type Answer struct {
	c     *Client
	event string
	// Data is the acknowledgement's data; it may be empty.
	Data json.RawMessage
	// Meta is the position of the change in its stream; nil when the answer has none.
	Meta *wire.Meta
}

// Into reads the data into v; the test fails if the data does not fit.
func (a Answer) Into(v any) {
	a.c.tb.Helper()
	if err := json.Unmarshal(a.Data, v); err != nil {
		a.c.tb.Fatalf("siotest: the answer to %q does not fit %T: %v: %s", a.event, v, err, a.Data)
	}
}

// Get returns a value inside the data by its path, as in [Event.Get]; a missing value
// fails the test.
func (a Answer) Get(path string) any {
	a.c.tb.Helper()
	value, ok := get(a.Data, path)
	if !ok {
		a.c.tb.Fatalf("siotest: the answer to %q has no %s: %s", a.event, path, a.Data)
	}
	return value
}

// Text returns a string inside the data by its path; a missing string fails the test.
func (a Answer) Text(path string) string {
	a.c.tb.Helper()
	text, ok := a.Get(path).(string)
	if !ok {
		a.c.tb.Fatalf("siotest: %s in the answer to %q is not a string: %s", path, a.event, a.Data)
	}
	return text
}

// Ask sends a request to Anteroom; a refusal fails the test.
func (c *Client) Ask(event string, request any) Answer {
	c.tb.Helper()
	ack := c.ack(event, request)
	if !ack.OK {
		c.tb.Fatalf("siotest: %s: %q was refused: %v", c.o.name, event, ack.Error)
	}
	if ack.Meta != nil && joins[event] {
		c.streams.Place(ack.Meta.Stream, position(*ack.Meta))
	}
	return Answer{c: c, event: event, Data: ack.Data, Meta: ack.Meta}
}

// AskRefused sends a request that Anteroom must refuse, and returns the refusal.
func (c *Client) AskRefused(event string, request any) *wire.Error {
	c.tb.Helper()
	ack := c.ack(event, request)
	if ack.OK {
		c.tb.Fatalf("siotest: %s: got an answer to %q, want a refusal: %s", c.o.name, event, ack.Data)
	}
	return ack.Error
}

// ack is Anteroom's acknowledgement envelope.
type ack struct {
	OK    bool            `json:"ok"`
	Data  json.RawMessage `json:"data"`
	Meta  *wire.Meta      `json:"meta"`
	Error *wire.Error     `json:"error"`
}

func (c *Client) ack(event string, request any) (a ack) {
	c.tb.Helper()
	args := c.EmitWithAck(event, request)
	if len(args) != 1 || json.Unmarshal(args[0], &a) != nil || !a.OK && a.Error == nil {
		c.tb.Fatalf("siotest: the acknowledgement of %q is not one of Anteroom's: %s", event, args)
	}
	return a
}
