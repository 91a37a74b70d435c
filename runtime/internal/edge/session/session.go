package session

import (
	"encoding/json"
	"sync"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/wire"
)

// Session is one connected user.
type Session struct {
	m    *Manager
	conn *outlet
	// tracer is nil when the session is not traced.
	tracer trace.Tracer
	// since is when the session was made, in milliseconds since the epoch.
	since int64

	// rate is the budget of requests, flood ten times that.
	rate, flood bucket

	// starting, resumed, defaults and memberships are set by Open and consumed by Start.
	starting    []*subscription
	resumed     []wire.StreamResumed
	defaults    []wire.StreamStand
	memberships wire.Memberships
	// leave gives back what session:ready took of the process, at the first call; nil if that
	// is nothing. Open sets it.
	leave func()

	mu       sync.Mutex
	phase    phase
	caller   request.Caller
	requests requestQueue
	follows  map[stream.ID]*subscription
	// lately are the streams that controls took away since the current request began.
	lately map[stream.ID]struct{}
	expiry *time.Timer
	// reason is why the server ended the session, "" if it did not.
	reason wire.CloseReason
	// over is closed when the connection is gone.
	over chan struct{}
}

type phase int

const (
	opening phase = iota // not started: requests wait
	live
	closed // no request is taken in; those that came before are carried out
	gone   // the listener knows
)

func newSession(m *Manager, conn Conn, caller request.Caller) *Session {
	return &Session{
		m: m, conn: &outlet{Conn: conn}, tracer: m.Tracer(), since: time.Now().UnixMilli(), caller: caller, follows: map[stream.ID]*subscription{},
		over: make(chan struct{}),
	}
}

// Caller is who the session belongs to, with the scopes of its newest token.
func (s *Session) Caller() request.Caller {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.caller
}

// Start begins the session's life, once the client knows that it is connected:
// it pushes session:ready, then what the followed streams have, and takes up the
// requests that came in the meantime.
func (s *Session) Start() {
	s.mu.Lock()
	if s.phase != opening {
		s.mu.Unlock()
		return
	}
	s.phase = live
	s.requests.working = true // nothing is carried out, or ended, before the start is done
	starting, ready := s.starting, wire.SessionReady{Resumed: s.resumed, Follows: s.defaults, Memberships: s.memberships}
	s.starting, s.resumed, s.defaults, s.memberships = nil, nil, nil, wire.Memberships{}
	s.mu.Unlock()

	text := s.encode(wire.EventSessionReady, s.ready(ready))
	s.conn.Open(text)
	s.read(len(text))
	s.left()
	s.tellDraining(0)
	for _, f := range starting {
		f.start()
	}
	s.armExpiry()
	s.m.lifecycle.opened(s.Caller())
	s.mu.Lock()
	s.requests.working = false
	s.mu.Unlock()
	s.wake()
}

// ready completes session:ready, which has what concerns streams.
func (s *Session) ready(r wire.SessionReady) wire.SessionReady {
	caller, limits := s.Caller(), s.m.Limits()
	scopes := caller.Scopes
	if scopes == nil {
		scopes = []string{}
	}
	r.SessionID, r.UserID, r.Name, r.Scopes = caller.SessionID, caller.ID, caller.Name, scopes
	r.ServerTime, r.TokenExpiresAt = time.Now().UnixMilli(), unixMilli(caller.ExpiresAt)
	r.Limits = wire.SessionLimits{
		EventsPerSecond: limits.EventsPerSecond,
		Burst:           limits.Burst,
		MaxPayload:      s.m.MaxPayload,
		Subscriptions:   limits.Subscriptions,
	}
	r.Features, r.PolicyRevision = s.m.Features, limits.PolicyRevision
	return r
}

// Terminate tells the client why, and closes its transport. Only the first call
// has an effect.
func (s *Session) Terminate(reason wire.CloseReason, message string) {
	s.mu.Lock()
	if s.reason != "" || s.phase >= closed {
		s.mu.Unlock()
		return
	}
	s.reason = reason
	s.mu.Unlock()
	s.emit(wire.EventSessionTerminated, wire.SessionTerminated{
		Code: reason, Message: message, Reconnect: !reason.Terminal(),
	})
	s.conn.Close(reason)
}

// Closed ends the session because its connection is closed. Requests received before are still
// executed; then the listener is called. A session that was not started and has no requests
// leaves no trace.
func (s *Session) Closed(byClient bool) {
	s.mu.Lock()
	if s.phase >= closed {
		s.mu.Unlock()
		return
	}
	started, asked := s.phase == live, len(s.requests.waiting) > 0
	s.phase = closed
	close(s.over)
	if s.expiry != nil {
		s.expiry.Stop()
	}
	reason, caller := s.reason, s.caller
	s.mu.Unlock()
	if s.m.remove(s, caller.ID) {
		s.m.Metrics.closed(reason, byClient)
	}
	switch {
	case !started && !asked:
		s.discard()
		return
	case !started:
		s.m.lifecycle.opened(caller)
	}
	s.wake()
}

// left gives back what session:ready took of the process.
func (s *Session) left() {
	if s.leave != nil {
		s.leave()
	}
}

// discard forgets a session that never started.
func (s *Session) discard() {
	s.left()
	s.mu.Lock()
	s.phase = gone
	user := s.caller.ID
	s.mu.Unlock()
	s.unfollowAll()
	s.m.remove(s, user)
}

// finish is called once the connection is gone and no request is left.
func (s *Session) finish() {
	s.left()
	followed := s.unfollowAll()
	s.m.lifecycle.closed(s.Caller(), followed)
}

// emit sends an event of the session's own.
func (s *Session) emit(event string, payload any) {
	if data := s.encode(event, payload); data != nil {
		s.conn.Emit(event, data)
	}
}

// encode writes the payload of an event of the session's own; nil when it cannot be written.
func (s *Session) encode(event string, payload any) json.RawMessage {
	data, err := json.Marshal(payload)
	if err != nil {
		s.m.Log.Error("an event cannot be encoded", "event", event, "error", err)
		return nil
	}
	return data
}

// unixMilli gives 0 for the zero time.
func unixMilli(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}
