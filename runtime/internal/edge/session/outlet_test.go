package session

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/anteroom/anteroom/runtime/wire"
)

// Whatever may push, or close, before a session is ready waits for session:ready.
func TestReadyIsTheFirstPush(t *testing.T) {
	for name, c := range map[string]struct {
		before func(b *bench, s *Session)
		want   []string
		closed wire.CloseReason
	}{
		"nothing":    {func(*bench, *Session) {}, []string{wire.EventSessionReady}, ""},
		"terminated": {func(_ *bench, s *Session) { s.Terminate(wire.CloseBanned, "out") }, []string{wire.EventSessionReady, wire.EventSessionTerminated}, wire.CloseBanned},
		"revoked":    {func(b *bench, s *Session) { s.obeyEnd() }, []string{wire.EventSessionReady, wire.EventSessionTerminated}, wire.CloseUnauthenticated},
		"draining": {func(b *bench, s *Session) {
			ctx, cancel := context.WithCancel(context.Background())
			cancel()
			_ = b.m.Drain(ctx, 1<<40)
			s.emit(wire.EventSessionDraining, wire.SessionDraining{})
		}, []string{wire.EventSessionReady, wire.EventSessionDraining, wire.EventSessionDraining}, ""},
		"a push of a request": {func(_ *bench, s *Session) { s.conn.Emit("lobby:patch", json.RawMessage(`{}`)) }, []string{wire.EventSessionReady, "lobby:patch"}, ""},
		"a push of a stream":  {func(_ *bench, s *Session) { s.conn.Push("chat:message {}") }, []string{wire.EventSessionReady, "chat:message"}, ""},
		"a push after the close": {func(_ *bench, s *Session) {
			s.Terminate(wire.CloseReplaced, "")
			s.conn.Push("chat:message {}")
		}, []string{wire.EventSessionReady, wire.EventSessionTerminated}, wire.CloseReplaced},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			conn := &fakeConn{}
			s, err := b.m.Open(t.Context(), conn, json.RawMessage(`{"token":"ann"}`))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { s.Closed(false) })
			c.before(b, s)
			if got := conn.names(); len(got) != 0 || conn.reason() != "" {
				t.Errorf("before the start: %q, closed for %q", got, conn.reason())
			}
			s.Start()
			if got := conn.names(); fmt.Sprint(got) != fmt.Sprint(c.want) || conn.reason() != c.closed {
				t.Errorf("%q, closed for %q, want %q, %q", got, conn.reason(), c.want, c.closed)
			}
		})
	}
}

// obeyEnd is the order of a revocation.
func (s *Session) obeyEnd() { s.Terminate(wire.CloseUnauthenticated, "revoked") }

// Pushes race with the start: none may come before session:ready, and none is lost.
func TestReadyIsTheFirstPushOfARace(t *testing.T) {
	b := newBench(t)
	for range 200 {
		conn := &fakeConn{}
		s, err := b.m.Open(t.Context(), conn, json.RawMessage(`{"token":"ann"}`))
		if err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() { s.emit(wire.EventSessionDraining, wire.SessionDraining{}) })
		}
		all.Go(s.Start)
		all.Wait()
		if got := conn.names(); len(got) != 5 || got[0] != wire.EventSessionReady {
			t.Fatalf("pushes %q", got)
		}
		s.Closed(false)
	}
}

// The pushes that wait are bounded.
func TestPushesBeforeReadyAreBounded(t *testing.T) {
	conn := &fakeConn{}
	o := &outlet{Conn: conn}
	for range 2 * maxHeldPushes {
		o.Push("x {}")
	}
	o.Open(nil)
	if got := conn.names(); len(got) != 1+maxHeldPushes || conn.reason() != wire.CloseInsufficientState {
		t.Errorf("%d pushes, closed for %q", len(got), conn.reason())
	}
}

// names are the events pushed so far.
func (c *fakeConn) names() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := make([]string, len(c.pushed))
	for i, p := range c.pushed {
		out[i], _, _ = strings.Cut(p, " ")
	}
	return out
}
