package session

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"sync"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/wire"
)

// unknownEvent replaces the names of events without a handler where the set of names must be
// bounded.
const unknownEvent = "unknown"

// serve carries out one request and answers it exactly once: with what the
// handler gives, or at the deadline, whatever comes first. The streams that the
// handler followed go live after the answer; a refused request leaves none behind.
func (s *Session) serve(r Request) {
	started := time.Now()
	ctx, cancel := context.WithTimeout(s.m.ctx, s.m.RequestTimeout)
	defer cancel()
	ctx, told := s.trace(ctx, r)
	var once sync.Once
	reply := func(answer json.RawMessage, refused *wire.Error) {
		once.Do(func() {
			s.answer(r, answer, refused)
			code := wire.Code("")
			if refused != nil {
				code = refused.Code
			}
			s.m.Metrics.request(s.eventLabel(r.Event), code, time.Since(started))
			told(code)
		})
	}
	stop := context.AfterFunc(ctx, func() { reply(nil, Refusal(ctx.Err())) })
	f := &subscriber{s: s, ctx: ctx, rules: s.m.rules.Load()}
	answer, err := s.execute(ctx, r, f)
	stop()
	refused := s.fits(answer)
	if err != nil {
		refused = s.refusalOf(r, err)
	}
	reply(answer, refused)
	s.read(len(answer))
	f.settle(refused == nil)
}

// execute gives the answer to a request as JSON.
func (s *Session) execute(ctx context.Context, r Request, f *subscriber) (json.RawMessage, error) {
	if refused := s.barred(); refused != nil {
		return nil, refused
	}
	found, err := s.m.Router.find(r.Event)
	if err != nil {
		return nil, err
	}
	if err := s.m.Admit(r.Event); err != nil {
		return nil, err
	}
	if int64(r.Size) > s.m.MaxPayload {
		return nil, wire.Refuse(wire.CodePayloadTooLarge, "the payload is larger than session:ready's limits.maxPayload")
	}
	req, err := found.decode(r.Args)
	if err != nil {
		return nil, err
	}
	c := request.Call{Caller: s.Caller(), Streams: f, Push: s.conn.Emit, Gone: s.over}
	if keyed, ok := req.(interface{ IdempotencyKey() string }); ok {
		c.Key = keyed.IdempotencyKey()
	}
	if c.Key == "" {
		return s.call(ctx, found, c, r.Event, req)
	}
	return s.callOnce(ctx, found, c, r.Event, req, f)
}

// call runs the handler; a panic becomes an error, and is logged here because
// only here its stack is known.
func (s *Session) call(
	ctx context.Context, found route, c request.Call, event string, req any,
) (answer json.RawMessage, err error) {
	defer func() {
		if p := recover(); p != nil {
			s.m.Log.Error("a handler panicked", "event", event, "session", s.conn.ID(),
				"panic", panicText(p), "stack", string(debug.Stack()))
			err = wire.Refuse(wire.CodeInternal, "something went wrong on the server")
		}
	}()
	back, err := s.m.spend(ctx, c.ID, event, req)
	if err != nil {
		return nil, err
	}
	var reply request.Reply
	if err = s.m.screen(ctx, c.Caller, event, req); err == nil {
		reply, err = found.run(ctx, s, c, req)
	}
	if err != nil {
		if back != nil && Certain(Refusal(err).Code) {
			back(ctx)
		}
		return nil, err
	}
	return json.Marshal(wire.Ack{OK: true, Data: reply.Data, Meta: reply.Meta})
}

// spend spends what a request costs; see [Options.Spend].
func (m *Manager) spend(ctx context.Context, userID, event string, req any) (back func(context.Context), err error) {
	if m.Spend == nil {
		return nil, nil
	}
	return m.Spend(ctx, userID, event, req)
}

// screen filters the texts of a request; see [Options.Screen].
func (m *Manager) screen(ctx context.Context, caller request.Caller, event string, req any) error {
	if m.Screen == nil {
		return nil
	}
	return m.Screen(ctx, caller, event, req)
}

// panicText is what may be logged of a panic: its value could hold a payload.
func panicText(p any) string {
	if err, ok := p.(runtime.Error); ok {
		return err.Error()
	}
	return fmt.Sprintf("%T", p)
}

// refusalOf converts an error for the client, and logs the errors whose details the client does not
// receive.
func (s *Session) refusalOf(r Request, err error) *wire.Error {
	out := Refusal(err)
	var known *wire.Error
	if out.Code == wire.CodeInternal && !errors.As(err, &known) {
		s.m.Log.Error("a request failed", "event", r.Event, "session", s.conn.ID(), "error", err)
	}
	return out
}

// answer sends the acknowledgement, if the client asked for one.
func (s *Session) answer(r Request, answer json.RawMessage, refused *wire.Error) {
	if r.Ack == nil {
		return
	}
	if refused != nil {
		data, err := json.Marshal(wire.Ack{Error: refused})
		if err != nil {
			s.m.Log.Error("a refusal cannot be encoded", "event", s.eventLabel(r.Event), "error", err)
			return
		}
		answer = data
	}
	r.Ack(answer)
}

// eventLabel is the event's name if it has a handler.
func (s *Session) eventLabel(event string) string {
	if _, err := s.m.Router.find(event); err != nil {
		return unknownEvent
	}
	return event
}
