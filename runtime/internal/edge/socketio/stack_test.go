package socketio

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/internal/core/stream/streamtest"
	"github.com/anteroom/anteroom/runtime/internal/edge/session"
	"github.com/anteroom/anteroom/runtime/wire"
)

// stack is a server with its sessions, over streams in memory, and a domain of
// counters.
type stack struct {
	t        *testing.T
	url      string
	db       *streamtest.Memory
	sessions *session.Manager
	server   *Server
	counters *counters
	events   *events

	mu     sync.Mutex
	limits session.Limits
}

// setup changes what a stack is made of.
type setup struct {
	limits   session.Limits
	session  session.Options
	socket   Options
	outbound int64
}

func newStack(t *testing.T, change ...func(*setup)) *stack {
	t.Helper()
	st := &stack{t: t, db: streamtest.New(), events: &events{}}
	bus := st.db.Bus()
	hub := stream.NewHub(st.db, bus)
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = hub.Run(ctx) })
	st.counters = &counters{store: st.db, slow: make(chan struct{})}
	router := session.NewRouter()
	st.counters.register(router)
	router.Off("mm", "matchmaking")
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	s := setup{
		limits: session.Limits{
			Connections: 100, ConnectionsPerUser: 10, EventsPerSecond: 1000, Burst: 1000,
			Subscriptions: 4, PolicyRevision: "r1",
		},
		session: session.Options{
			Router: router, Encoder: Encoder{}, Auth: tokens{}, Hub: hub, Replies: st.db,
			IdempotencyTTL: time.Minute, Snapshotters: map[string]session.Snapshotter{"counter": st.counters},
			Listener: st.events, Limits: st.live, WarnBefore: time.Minute, Grace: time.Minute,
			MaxPayload: 4096, Features: map[string]bool{"chat": true},
			Metrics: session.NewMetrics(prometheus.NewRegistry()), Log: log,
		},
		socket: Options{
			Path: "/socket.io/", Transports: []string{"websocket", "polling"},
			PingInterval: 20 * time.Second, PingTimeout: 25 * time.Second,
			UpgradeTimeout: 10 * time.Second, ConnectTimeout: 10 * time.Second,
			MaxPayload: 4096, Log: log,
		},
		outbound: 1 << 20,
	}
	for _, c := range change {
		c(&s)
	}
	st.limits = s.limits
	st.sessions = session.NewManager(s.session)
	s.socket.Sessions = st.sessions
	s.socket.OutboundBytes = func() int64 { return s.outbound }
	server, err := New(s.socket)
	if err != nil {
		t.Fatal(err)
	}
	st.server = server
	front := httptest.NewServer(server)
	st.url = front.URL
	t.Cleanup(func() {
		closing, stop := context.WithTimeout(ctx, time.Second)
		defer stop()
		// Clients that do not answer the close are cut, which is no fault here.
		_ = server.Close(closing)
		front.CloseClientConnections()
		front.Close()
		st.sessions.Close(ctx)
		cancel()
		running.Wait()
	})
	return st
}

func (st *stack) live() session.Limits {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.limits
}

// dial opens a transport of the kind named.
func (st *stack) dial(transport string) *client {
	st.t.Helper()
	open := dialWebSocket
	if transport == "polling" {
		open = dialPolling
	}
	c, err := open(st.t, st.url, http.Header{})
	if err != nil {
		st.t.Fatal(err)
	}
	return c
}

// join opens a WebSocket and connects with a token.
func (st *stack) join(token string, resume ...wire.StreamPosition) *client {
	st.t.Helper()
	c := st.dial("websocket")
	auth := wire.ConnectAuth{Token: token, Protocol: 1}
	if len(resume) > 0 {
		auth.Resume = &wire.SyncResume{Streams: resume}
	}
	if refused := c.connect(auth); refused != nil {
		st.t.Fatal(refused)
	}
	return c
}

// eventually waits until something holds.
func (st *stack) eventually(what string, holds func() bool) {
	st.t.Helper()
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			st.t.Fatalf("%s: not in %v", what, patience)
		}
	}
}

// tokens takes a token for the user's name; "name@2006-01-02T15:04:05.999Z" expires then.
type tokens struct{}

func (tokens) Authenticate(_ context.Context, token string) (request.User, error) {
	name, until, expires := strings.Cut(token, "@")
	u := request.User{ID: name, Name: strings.ToUpper(name), Scopes: []string{"play"}}
	switch {
	case name == "":
		return request.User{}, wire.Refuse(wire.CodeUnauthenticated, "a token is needed")
	case name == "broken":
		return request.User{}, errors.New("the key set is on fire")
	case expires:
		at, err := time.Parse(time.RFC3339Nano, until)
		if err != nil {
			return request.User{}, err
		}
		u.ExpiresAt = at
	}
	return u, nil
}

func tokenUntil(user string, at time.Time) string {
	return user + "@" + at.UTC().Format(time.RFC3339Nano)
}

// events records the calls of the listener.
type events struct {
	mu  sync.Mutex
	all []string
}

func (e *events) SessionOpened(_ context.Context, c request.Caller) { e.note("opened " + c.ID) }

func (e *events) SessionClosed(_ context.Context, c request.Caller, followed []stream.ID) {
	for _, id := range followed {
		e.note("left " + string(id))
	}
	e.note("closed " + c.ID)
}

func (e *events) note(what string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.all = append(e.all, what)
}

func (e *events) list() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]string(nil), e.all...)
}

// counters are a domain: streams "counter:{id}" whose document is a number.
type counters struct {
	store stream.Store
	slow  chan struct{}

	mu     sync.Mutex
	ran    int
	barred string
}

type counterAdd struct {
	wire.Key
	ID string `json:"id" validate:"required,max=32"`
	By int    `json:"by" validate:"min=1"`
}

type counterWatch struct {
	wire.Key
	ID string `json:"id" validate:"required,max=32"`
}

type counterState struct {
	N int `json:"n"`
}

func (d *counters) register(r *session.Router) {
	session.Handle(r, "counter:add", d.add)
	session.Handle(r, "counter:watch", d.watch)
	session.Handle(r, "counter:slow", d.wait)
	session.Handle(r, "counter:panic", d.panics)
	session.Handle(r, "counter:fail", d.fails)
}

func (d *counters) runs() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.ran
}

var keep = stream.Retention{LogSize: 3, LogTTL: time.Hour, TTL: time.Hour}

// add commits, creating the counter when there is none.
func (d *counters) add(ctx context.Context, _ request.Call, req *counterAdd) (request.Reply, error) {
	d.mu.Lock()
	d.ran++
	d.mu.Unlock()
	id := stream.ID("counter:" + req.ID)
	for {
		n := 0
		at, err := d.store.Load(ctx, id)
		if err == nil {
			n = readCounter(at.Doc)
		} else if !errors.Is(err, stream.ErrNotFound) {
			return request.Reply{}, err
		}
		state, err := json.Marshal(counterState{N: n + req.By})
		if err != nil {
			return request.Reply{}, err
		}
		res, err := d.store.Commit(ctx, stream.Commit{
			Stream: id, Expect: &at.Seq, Doc: state, Retain: keep,
			Events: []stream.Event{{Name: "counter:changed", Data: state}},
		})
		if errors.Is(err, stream.ErrConflict) {
			continue
		}
		return request.Reply{Data: counterState{N: n + req.By}, Meta: meta(id, res.Position, res.TS)}, err
	}
}

func meta(id stream.ID, at stream.Position, ts int64) *wire.Meta {
	return &wire.Meta{Stream: string(id), Epoch: at.Epoch, Seq: at.Seq, TS: ts}
}

func readCounter(doc []byte) int {
	var state counterState
	_ = json.Unmarshal(doc, &state)
	return state.N
}

// watch follows; a commit of someone else comes in between on purpose.
func (d *counters) watch(ctx context.Context, c request.Call, req *counterWatch) (request.Reply, error) {
	d.mu.Lock()
	d.ran++
	d.mu.Unlock()
	id := stream.ID("counter:" + req.ID)
	at, err := d.store.Load(ctx, id)
	if err != nil {
		return request.Reply{}, err
	}
	if _, err := d.add(ctx, c, &counterAdd{ID: req.ID, By: 100}); err != nil {
		return request.Reply{}, err
	}
	if err := c.Streams.Follow(id, at.Position); err != nil {
		return request.Reply{}, err
	}
	if req.ID == "refused" {
		return request.Reply{}, wire.Refuse(wire.CodePermissionDenied, "no")
	}
	return request.Reply{Data: counterState{N: readCounter(at.Doc)}, Meta: meta(id, at.Position, at.TS)}, nil
}

func (d *counters) wait(ctx context.Context, _ request.Call, _ *struct{}) (request.Reply, error) {
	select {
	case <-d.slow:
		return request.Reply{}, nil
	case <-ctx.Done():
		return request.Reply{}, ctx.Err()
	}
}

func (*counters) panics(context.Context, request.Call, *struct{}) (request.Reply, error) {
	panic("a secret")
}

func (*counters) fails(context.Context, request.Call, *struct{}) (request.Reply, error) {
	return request.Reply{}, errors.New("a secret")
}

// bar makes Authorize refuse a stream.
func (d *counters) bar(id string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.barred = id
}

// Authorize implements session.Snapshotter.
func (d *counters) Authorize(_ context.Context, _ request.Caller, id stream.ID) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if id.Name() == d.barred {
		return wire.Refuse(wire.CodePermissionDenied, "this counter is not yours")
	}
	return nil
}

// Snapshot implements session.Snapshotter.
func (d *counters) Snapshot(
	_ context.Context, _ request.Caller, _ stream.ID, now stream.Snapshot,
) (string, json.RawMessage, error) {
	payload, err := json.Marshal(counterState{N: readCounter(now.Doc)})
	return "counter:snapshot", payload, err
}
