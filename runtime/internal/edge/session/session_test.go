package session

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/internal/core/stream/streamtest"
	"github.com/anteroom/anteroom/runtime/wire"
)

const patience = 10 * time.Second

// fakeConn records its calls.
type fakeConn struct {
	mu     sync.Mutex
	pushed []string // "event payload"
	closed wire.CloseReason
}

func (c *fakeConn) ID() string         { return "conn" }
func (c *fakeConn) RemoteAddr() string { return "127.0.0.1:1" }
func (c *fakeConn) Lagging() bool      { return false }
func (c *fakeConn) Transport() string  { return "websocket" }

func (c *fakeConn) Emit(event string, payload json.RawMessage) { c.Push(event + " " + string(payload)) }

func (c *fakeConn) Push(frame any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pushed = append(c.pushed, frame.(string))
}

func (c *fakeConn) Close(reason wire.CloseReason) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = reason
}

func (c *fakeConn) reason() wire.CloseReason {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.closed
}

// events are the pushes of one event so far, payloads only.
func (c *fakeConn) events(event string) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []string
	for _, p := range c.pushed {
		if payload, ok := strings.CutPrefix(p, event+" "); ok {
			out = append(out, payload)
		}
	}
	return out
}

type fakeEncoder struct{}

func (fakeEncoder) Encode(event string, payload json.RawMessage) any {
	return event + " " + string(payload)
}

type anyone struct{}

func (anyone) Authenticate(_ context.Context, token string) (request.User, error) {
	return request.User{ID: token}, nil
}

// docs is a Snapshotter whose answers a test sets.
type docs struct {
	mu       sync.Mutex
	refusal  error
	snapshot error
	wait     chan struct{} // nil, or closed to let snapshots go on
	// asked, when not nil, is called by Authorize and answers in place of refusal.
	asked func() error
}

func (d *docs) set(change func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	change()
}

func (d *docs) Authorize(context.Context, request.Caller, stream.ID) error {
	d.mu.Lock()
	asked, refusal := d.asked, d.refusal
	d.mu.Unlock()
	if asked != nil {
		return asked()
	}
	return refusal
}

func (d *docs) Snapshot(
	ctx context.Context, _ request.Caller, _ stream.ID, now stream.Snapshot,
) (string, json.RawMessage, error) {
	d.mu.Lock()
	err, wait := d.snapshot, d.wait
	d.mu.Unlock()
	if wait != nil {
		select {
		case <-wait:
		case <-ctx.Done():
		}
	}
	return "doc:snapshot", json.RawMessage(fmt.Sprintf(`{"at":%d}`, now.Seq)), err
}

type follow1 struct {
	wire.Key
	ID   stream.ID       `json:"id"`
	At   stream.Position `json:"at"`
	Then string          `json:"then"`
}

// bench is a manager over streams in memory, with one session.
type bench struct {
	t    *testing.T
	db   *streamtest.Memory
	m    *Manager
	docs *docs
	conn *fakeConn
	s    *Session
	// during runs inside the request test:follow, before and after it follows.
	during func(when string)
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{t: t, db: streamtest.New(), docs: &docs{}, conn: &fakeConn{}, during: func(string) {}}
	hub := stream.NewHub(b.db, b.db.Bus())
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = hub.Run(ctx) })
	r := NewRouter()
	Handle(r, "test:follow", func(_ context.Context, c request.Call, req *follow1) (request.Reply, error) {
		b.during("before")
		if err := c.Streams.Follow(req.ID, req.At); err != nil {
			return request.Reply{}, err
		}
		b.during("after")
		if req.Then == "unfollow" && c.Streams.Follows(req.ID) {
			c.Streams.Unfollow(req.ID)
		}
		return request.Reply{}, nil
	})
	b.m = NewManager(Options{
		Router: r, Encoder: fakeEncoder{}, Auth: anyone{}, Hub: hub, Replies: b.db, IdempotencyTTL: time.Minute,
		Snapshotters: map[string]Snapshotter{"doc": b.docs},
		Limits:       func() Limits { return Limits{Subscriptions: 8} },
		WarnBefore:   time.Minute, Grace: time.Minute, MaxPayload: 1 << 10,
		Metrics: NewMetrics(prometheus.NewRegistry()), Log: slog.New(slog.DiscardHandler),
	})
	s, err := b.m.Open(ctx, b.conn, json.RawMessage(`{"token":"ann"}`))
	if err != nil {
		t.Fatal(err)
	}
	b.s = s
	s.Start()
	t.Cleanup(func() {
		s.Closed(false)
		b.m.Close(ctx)
		cancel()
		running.Wait()
	})
	return b
}

// request sends one and waits for its answer.
func (b *bench) request(event string, req any) wire.Ack {
	b.t.Helper()
	raw, err := json.Marshal(req)
	if err != nil {
		b.t.Fatal(err)
	}
	answers := make(chan json.RawMessage, 2)
	b.s.Receive(Request{Event: event, Args: []json.RawMessage{raw}, Size: len(raw), Ack: func(a json.RawMessage) { answers <- a }})
	select {
	case answer := <-answers:
		var ack wire.Ack
		if err := json.Unmarshal(answer, &ack); err != nil {
			b.t.Fatal(err)
		}
		return ack
	case <-time.After(patience):
		b.t.Fatalf("%s is not answered", event)
	}
	return wire.Ack{}
}

func (b *bench) commit(id stream.ID, c stream.Control) { b.put(id, "doc:changed", c) }

func (b *bench) commitEvent(id stream.ID, event string) { b.put(id, event, stream.Control{}) }

// position is where a stream is now.
func (b *bench) position(id stream.ID) stream.Position {
	b.t.Helper()
	now, err := b.db.Load(context.Background(), id)
	if err != nil {
		b.t.Fatal(err)
	}
	return now.Position
}

func (b *bench) put(id stream.ID, event string, c stream.Control) {
	b.t.Helper()
	_, err := b.db.Commit(context.Background(), stream.Commit{
		Stream: id, Doc: []byte("{}"), Retain: stream.Retention{LogSize: 1000, LogTTL: time.Hour, TTL: time.Hour},
		Events: []stream.Event{{Name: event, Data: json.RawMessage(`{}`), Control: c}},
	})
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) eventually(what string, holds func() bool) {
	b.t.Helper()
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			b.t.Fatalf("%s: not in %v", what, patience)
		}
	}
}

// seqs are those of the pushes of an event that a stream sent.
func (b *bench) seqs(event string, id stream.ID) []uint64 {
	var out []uint64
	for _, payload := range b.conn.events(event) {
		var p struct{ Meta wire.Meta }
		if err := json.Unmarshal([]byte(payload), &p); err != nil {
			b.t.Fatal(err)
		}
		if p.Meta.Stream == string(id) {
			out = append(out, p.Meta.Seq)
		}
	}
	return out
}

// TestHeldWhileASnapshotIsMade lets records come while a snapshot takes its time,
// and another Reset that makes the snapshot useless.
func TestHeldWhileASnapshotIsMade(t *testing.T) {
	b := newBench(t)
	b.commit("doc:a", stream.Control{})
	if a := b.request("test:follow", follow1{ID: "doc:a"}); !a.OK {
		t.Fatal(a.Error)
	}
	f := b.follow("doc:a")
	wait := make(chan struct{})
	b.docs.set(func() { b.docs.wait = wait })
	at, err := b.db.Load(context.Background(), "doc:a")
	if err != nil {
		t.Fatal(err)
	}
	f.Reset("doc:a", stream.Snapshot{Position: stream.Position{Epoch: "useless", Seq: 77}})
	f.Reset("doc:a", at)
	b.commit("doc:a", stream.Control{})
	b.commit("doc:a", stream.Control{})
	b.eventually("two records are held", func() bool {
		f.mu.Lock()
		defer f.mu.Unlock()
		return len(f.held) == 2
	})
	close(wait)
	b.eventually("the records after the snapshot", func() bool { return slices.Contains(b.seqs("doc:changed", "doc:a"), 3) })
	b.commit("doc:a", stream.Control{})
	b.eventually("the record after that", func() bool { return slices.Contains(b.seqs("doc:changed", "doc:a"), 4) })
	got := append(b.seqs("doc:snapshot", "doc:a"), b.seqs("doc:changed", "doc:a")...)
	if want := []uint64{1, 1, 2, 3, 4}; !slices.Equal(got, want) {
		t.Errorf("snapshot and changes at %v, want %v", got, want)
	}
}

// follow gives the session's subscription to a stream.
func (b *bench) follow(id stream.ID) *subscription {
	b.t.Helper()
	b.s.mu.Lock()
	defer b.s.mu.Unlock()
	f := b.s.follows[id]
	if f == nil {
		b.t.Fatalf("%s is not followed", id)
	}
	return f
}

func TestTooManyHeld(t *testing.T) {
	b := newBench(t)
	f := &subscription{s: b.s, id: "doc:a", snapping: true}
	for i := range heldDeliveries + 1 {
		if b.conn.reason() != "" {
			t.Fatalf("closed after %d", i)
		}
		f.Deliver(&stream.Delivery{Stream: "doc:a"})
	}
	if b.conn.reason() != wire.CloseInsufficientState {
		t.Errorf("closed with %q", b.conn.reason())
	}
	var told wire.SessionTerminated
	if err := json.Unmarshal([]byte(b.conn.events(wire.EventSessionTerminated)[0]), &told); err != nil || !told.Reconnect {
		t.Errorf("told %+v, %v", told, err)
	}
}

func TestSnapshotCannotBeHad(t *testing.T) {
	for _, c := range []struct {
		name   string
		err    error
		closed wire.CloseReason
	}{
		{"the user may not any more", wire.Refuse(wire.CodePermissionDenied, "no"), ""},
		{"the store is away", stream.ErrUnavailable, wire.CloseInsufficientState},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t)
			b.commit("doc:a", stream.Control{})
			if a := b.request("test:follow", follow1{ID: "doc:a"}); !a.OK {
				t.Fatal(a.Error)
			}
			b.docs.set(func() { b.docs.snapshot = c.err })
			f := b.follow("doc:a")
			f.Reset("doc:a", stream.Snapshot{Position: stream.Position{Epoch: "new", Seq: 1}})
			b.eventually("the end", func() bool {
				return b.conn.reason() == c.closed && (c.closed != "" || !b.s.Follows("doc:a"))
			})
		})
	}
}

// TestOwnStreamLost checks that a session reads all its subscriptions again when its own stream
// may have lost a control.
func TestOwnStreamLost(t *testing.T) {
	b := newBench(t)
	for _, id := range []stream.ID{"doc:a", "doc:b"} {
		b.commit(id, stream.Control{})
		if a := b.request("test:follow", follow1{ID: id}); !a.OK {
			t.Fatal(a.Error)
		}
	}
	b.docs.set(func() { b.docs.refusal = wire.Refuse(wire.CodePermissionDenied, "kicked") })
	own := b.follow("user:ann")
	own.Reset("user:ann", stream.Snapshot{})
	b.eventually("nothing is followed but the own stream", func() bool {
		return !b.s.Follows("doc:a") && !b.s.Follows("doc:b") && b.s.Follows("user:ann")
	})
	if b.conn.reason() != "" {
		t.Errorf("closed with %q", b.conn.reason())
	}
}

// TestTakenAwayDuringARequest has a control come just before the request follows
// the stream that the control takes away, and just after.
func TestTakenAwayDuringARequest(t *testing.T) {
	for _, when := range []string{"before", "after"} {
		t.Run(when, func(t *testing.T) {
			b := newBench(t)
			b.commit("doc:a", stream.Control{})
			b.during = func(now string) {
				if now != when {
					return
				}
				b.docs.set(func() { b.docs.refusal = wire.Refuse(wire.CodePermissionDenied, "kicked") })
				b.commit("user:ann", stream.Control{Unfollow: []stream.ID{"doc:a"}})
				b.eventually("the control", func() bool { return b.s.revokedRecently("doc:a") })
			}
			a := b.request("test:follow", follow1{ID: "doc:a"})
			if a.OK != (when == "after") {
				t.Errorf("answer %+v", a)
			}
			b.eventually("it follows no more", func() bool { return !b.s.Follows("doc:a") })
		})
	}
}

func TestHandlerUnfollows(t *testing.T) {
	b := newBench(t)
	b.commit("doc:a", stream.Control{})
	if a := b.request("test:follow", follow1{ID: "doc:a", Then: "unfollow"}); !a.OK {
		t.Fatal(a.Error)
	}
	if b.s.Follows("doc:a") {
		t.Error("it follows")
	}
	if got := b.m.Callers(); len(got) != 1 || got[0].ID != "ann" || got[0].SessionID != "conn" {
		t.Errorf("callers %+v", got)
	}
	if got := b.m.Router.Events(); !slices.Equal(got, []string{"session:refresh", "sync:ping", "sync:resume", "test:follow"}) {
		t.Errorf("events %v", got)
	}
}

// TestLateFollow follows after the request has ended: the stream goes live at once.
func TestLateFollow(t *testing.T) {
	b := newBench(t)
	b.commit("doc:a", stream.Control{})
	ctx, cancel := context.WithCancel(context.Background())
	f := &subscriber{s: b.s, ctx: ctx}
	f.settle(true)
	cancel()
	if err := f.Follow("doc:a", stream.Position{}); err != nil {
		t.Fatal(err)
	}
	b.commit("doc:a", stream.Control{})
	b.eventually("a push", func() bool { return slices.Contains(b.seqs("doc:changed", "doc:a"), 2) })
}

// TestAResumeThatTheStoreCannotAnswer: a client that connects during an outage of the store
// retries its resume, and does not treat the stream's past as lost. A stream that the client has
// no right to any more affects only its own resume.
func TestAResumeThatTheStoreCannotAnswer(t *testing.T) {
	auth := json.RawMessage(`{"token":"bob","resume":{"streams":[{"stream":"doc:a","epoch":"e","seq":1}]}}`)
	b := newBench(t)
	for _, c := range []struct {
		refusal error
		open    wire.Code
	}{
		{stream.ErrUnavailable, wire.CodeUnavailable},
		{wire.Refuse(wire.CodePermissionDenied, "no"), ""},
	} {
		b.docs.set(func() { b.docs.refusal = c.refusal })
		before := b.m.Stats().Connections
		s, err := b.m.Open(t.Context(), &fakeConn{}, auth)
		if wire.CodeOf(err) != c.open {
			t.Errorf("with %v: opened with %v", c.refusal, err)
		}
		if s != nil {
			s.Start()
			s.Closed(false)
		}
		b.eventually("nobody is left of it", func() bool { return b.m.Stats().Connections == before })
	}
}
