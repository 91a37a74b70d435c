package session

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/trace"
	"golang.org/x/sync/semaphore"

	"github.com/anteroom/anteroom/runtime/internal/core/keyed"
	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/wire"
)

// UserStream is the stream of one user, which every session of the user follows:
// it carries what concerns the user alone, and the controls that make sessions
// leave other streams.
func UserStream(user string) stream.ID { return stream.ID(userKind + ":" + user) }

// BroadcastStream is the stream of all: [Options.Standing] may have every session
// follow it.
const BroadcastStream stream.ID = broadcastKind + ":all"

// RoomKind is the kind of the streams that back ends put users into.
const RoomKind = "room"

const (
	userKind      = "user"
	broadcastKind = "broadcast"
)

// standing reports whether streams of a kind are followed without the client's
// doing; they do not count against what a connection may follow.
func standing(id stream.ID) bool {
	switch id.Kind() {
	case userKind, broadcastKind, RoomKind:
		return true
	}
	return false
}

const (
	// requestTimeout is how long a request may take.
	requestTimeout = 10 * time.Second
	// closeTimeout bounds the work for an ended session.
	closeTimeout = 10 * time.Second
)

// Options of a [Manager]. All are required unless they say otherwise.
type Options struct {
	Router  *Router
	Encoder Encoder
	Auth    Authenticator
	Hub     Hub
	Replies stream.Replies
	// IdempotencyTTL is how long the answer to a keyed request is remembered.
	IdempotencyTTL time.Duration
	// Snapshotters are the kinds of streams that clients may ask for by name, apart
	// from their own user stream.
	Snapshotters map[string]Snapshotter
	// Standing returns the default subscriptions of a user's sessions in addition to the user's
	// own stream, each with its position. A *wire.Error refuses the user. It is also called when
	// a token is refreshed. Nil means that there are none.
	Standing func(ctx context.Context, caller request.Caller) ([]stream.Place, error)
	// Memberships reads what session:ready says of the caller's lobbies, party and
	// tickets. It is called after the session follows the user's own stream, so that a
	// later change is pushed there. Nil means that there are none.
	Memberships func(ctx context.Context, caller request.Caller) (wire.Memberships, error)
	// Listener may be nil.
	Listener Listener
	// Spend spends what a request costs of a user's budgets, before its handler runs; a
	// *wire.Error refuses the request. Back is called when the request had no effect; it may
	// be nil. A repeated request whose answer is known spends nothing. Nil spends nothing.
	Spend func(ctx context.Context, userID, event string, req any) (back func(context.Context), err error)
	// Screen passes the texts of a request through the filters of a policy, after Spend and before
	// the handler. It may replace texts in req; a *wire.Error refuses the request. Nil passes all.
	Screen func(ctx context.Context, caller request.Caller, event string, req any) error
	// Admit may refuse a request by its name, with a *wire.Error, before anything is done
	// for it. It is called for each request and must be quick. Nil refuses none.
	Admit func(event string) error
	// Limits gives the limits in force; it is called often and must be quick.
	Limits func() Limits
	// WarnBefore is how long before its token expires a session is warned, Grace
	// how long after that it is kept.
	WarnBefore, Grace time.Duration
	// MaxPayload is how many bytes the arguments of a request may have.
	MaxPayload int64
	// Features are sent to clients in session:ready.
	Features map[string]bool
	Metrics  *Metrics
	// Tracer gives, for each new session, what traces its requests; nil traces none. It
	// may be nil itself.
	Tracer func() trace.Tracer
	Log    *slog.Logger
	// RequestTimeout is how long a request may take; zero means ten seconds.
	RequestTimeout time.Duration
}

// Manager has all sessions of this process.
type Manager struct {
	Options

	ctx       context.Context
	cancel    context.CancelFunc
	once      *keyed.Runner
	lifecycle *lifecycle
	workers   *workers
	connects  bucket
	// snapshots has a place for each snapshot that may be made at the same time.
	snapshots chan struct{}
	// inFlight has the bytes that resumes may take at the same time.
	inFlight *semaphore.Weighted

	// rules counts the changes of policies: see Recheck.
	rules atomic.Uint64

	mu       sync.Mutex
	sessions map[*Session]struct{}
	perUser  map[string]int
	// drainBy is when the last session will have been closed; zero while not draining.
	drainBy time.Time
}

// NewManager makes a manager, and registers the session's own requests in the
// router. Close ends it.
func NewManager(o Options) *Manager {
	if o.Tracer == nil {
		o.Tracer = func() trace.Tracer { return nil }
	}
	if o.Admit == nil {
		o.Admit = func(string) error { return nil }
	}
	if o.RequestTimeout == 0 {
		o.RequestTimeout = requestTimeout
	}
	m := &Manager{
		Options:   o,
		sessions:  map[*Session]struct{}{},
		perUser:   map[string]int{},
		workers:   newWorkers(),
		snapshots: make(chan struct{}, snapshotsAtOnce),
		inFlight:  semaphore.NewWeighted(inFlightBytes),
	}
	m.ctx, m.cancel = context.WithCancel(context.Background())
	m.once = &keyed.Runner{
		Replies: o.Replies, TTL: o.IdempotencyTTL, MaxAnswer: maxRemembered, Log: o.Log,
		Certain: func(err error) bool { return Certain(Refusal(err).Code) },
	}
	m.lifecycle = newLifecycle(m.ctx, o.Listener, o.Log)
	registerBuiltin(o.Router)
	return m
}

// Stats is a look at the sessions.
type Stats struct {
	// Connections counts the sessions, with those that are being opened.
	Connections int
	// Users counts the users that have one or more of them.
	Users int
	// Draining is true from the start of Drain.
	Draining bool
}

// Stats counts the sessions.
func (m *Manager) Stats() Stats {
	m.mu.Lock()
	defer m.mu.Unlock()
	return Stats{Connections: len(m.sessions), Users: len(m.perUser), Draining: !m.drainBy.IsZero()}
}

// Callers lists who is connected, an entry a session.
func (m *Manager) Callers() []request.Caller {
	sessions := m.all()
	callers := make([]request.Caller, len(sessions))
	for i, s := range sessions {
		callers[i] = s.Caller()
	}
	return callers
}

// Connection is a session as operators see it.
type Connection struct {
	SessionID, UserID, Transport string
	// Since is when it began, in milliseconds since the epoch.
	Since int64
}

// Newest lists up to n sessions, the newest first.
func (m *Manager) Newest(n int) []Connection {
	sessions := m.all()
	slices.SortFunc(sessions, func(a, b *Session) int { return cmp.Compare(b.since, a.since) })
	list := make([]Connection, min(n, len(sessions)))
	for i := range list {
		s := sessions[i]
		c := s.Caller()
		list[i] = Connection{SessionID: c.SessionID, UserID: c.ID, Transport: s.conn.Transport(), Since: s.since}
	}
	return list
}

// Close waits until every session is closed and the Listener was called, or until ctx ends, and
// then stops the remaining work of this manager's sessions. It closes no connection: Drain and
// the end of the socket server do that.
func (m *Manager) Close(ctx context.Context) {
	m.lifecycle.drain(ctx)
	m.cancel()
}

func (m *Manager) all() []*Session {
	m.mu.Lock()
	defer m.mu.Unlock()
	sessions := make([]*Session, 0, len(m.sessions))
	for s := range m.sessions {
		sessions = append(sessions, s)
	}
	return sessions
}

// remove takes a session out; it reports whether the session was in.
func (m *Manager) remove(s *Session, user string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, in := m.sessions[s]; !in {
		return false
	}
	delete(m.sessions, s)
	if m.perUser[user]--; m.perUser[user] <= 0 {
		delete(m.perUser, user)
	}
	return true
}
