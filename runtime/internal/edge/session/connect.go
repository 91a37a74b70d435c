package session

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/internal/core/schema"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/wire"
)

// fullRetry is when a connect that found the server full may be tried again.
const fullRetry = 5 * time.Second

// Open creates the session of a connection from auth, the JSON of [wire.ConnectAuth], which may
// be empty. Nothing is sent to the client before [Session.Start]. The caller must call
// [Session.Closed] when the connection ends. An error is always a *wire.Error; then there is no
// session. A repeated attempt of a connection (its Again is true) does not count against
// connectsPerSecond.
func (m *Manager) Open(ctx context.Context, conn Conn, auth json.RawMessage) (*Session, error) {
	s, err := m.open(ctx, conn, auth)
	if err == nil {
		m.Metrics.opened()
		return s, nil
	}
	told := Refusal(err)
	m.Metrics.refused(told.Code)
	if told.Code == wire.CodeInternal {
		m.Log.Error("a connect failed", "session", conn.ID(), "error", err)
	} else {
		m.Log.Debug("a connect was refused", "session", conn.ID(), "code", told.Code)
	}
	return nil, told
}

func (m *Manager) open(ctx context.Context, conn Conn, raw json.RawMessage) (*Session, error) {
	if err := m.mayConnect(conn, time.Now()); err != nil {
		return nil, err
	}
	auth, err := m.readAuth(raw)
	if err != nil {
		return nil, err
	}
	user, err := m.Auth.Authenticate(ctx, auth.Token)
	if err != nil {
		return nil, err
	}
	caller := request.Caller{User: user, SessionID: conn.ID(), DeviceID: auth.DeviceID}
	s := newSession(m, conn, caller)
	if err := m.admit(s, user.ID); err != nil {
		return nil, err
	}
	if err := s.attachOwn(ctx, auth.Resume); err != nil {
		s.discard()
		return nil, fmt.Errorf("attach to the user's stream: %w", err)
	}
	return s, nil
}

// mayConnect checks what does not depend on who connects.
func (m *Manager) mayConnect(conn Conn, now time.Time) error {
	m.mu.Lock()
	draining := !m.drainBy.IsZero()
	m.mu.Unlock()
	if draining {
		return drainingRefusal()
	}
	if tried, ok := conn.(interface{ Again() bool }); ok && tried.Again() {
		return nil
	}
	perSecond := m.Limits().ConnectsPerSecond
	if wait := m.connects.take(now, perSecond, perSecond); wait > 0 {
		return rateLimited("this server takes up no more connections right now", wait)
	}
	return nil
}

func (m *Manager) readAuth(raw json.RawMessage) (*wire.ConnectAuth, error) {
	var args []json.RawMessage
	if len(raw) > 0 {
		args = []json.RawMessage{raw}
	}
	auth, err := schema.Decode[wire.ConnectAuth](m.Router.schema, args)
	if err != nil {
		return nil, err
	}
	// A client that names no protocol speaks the first one.
	if auth.Protocol != 0 && auth.Protocol != wire.Protocol {
		return nil, wire.Refuse(wire.CodeUnsupportedProtocol,
			fmt.Sprintf("this server speaks protocol %d", wire.Protocol))
	}
	return auth, nil
}

// admit counts the session in, unless the server or the user has too many.
func (m *Manager) admit(s *Session, user string) error {
	limits := m.Limits()
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case !m.drainBy.IsZero():
		return drainingRefusal()
	case limits.Connections > 0 && len(m.sessions) >= limits.Connections:
		return refuseFor(wire.CodeUnavailable, "this server is full", fullRetry)
	case limits.ConnectionsPerUser > 0 && m.perUser[user] >= limits.ConnectionsPerUser:
		// Without ids: a client can do nothing about the user's other connections.
		refusal := wire.Already(wire.CodeResourceExhausted, wire.ReasonConnectionLimit,
			fmt.Sprintf("a user may have %d connections to a server", limits.ConnectionsPerUser))
		return retryable(refusal, fullRetry)
	}
	m.sessions[s] = struct{}{}
	m.perUser[user]++
	return nil
}

// unavailable reports whether a stream could not be resumed because the store is away: then
// the connect as a whole is to be tried again, rather than that the client takes the
// stream's past for lost.
func unavailable(r wire.StreamResumed) bool {
	return r.Error != nil && r.Error.Code == wire.CodeUnavailable
}

func drainingRefusal() *wire.Error {
	return refuseFor(wire.CodeDraining, "this server is about to stop; connect again to reach another one", time.Second)
}

// refuseFor refuses what may be tried again after a while.
func refuseFor(code wire.Code, message string, while time.Duration) *wire.Error {
	return retryable(wire.Refuse(code, message), while)
}

func retryable(refusal *wire.Error, while time.Duration) *wire.Error {
	refusal.Retryable = true
	refusal.RetryAfterMs = while.Milliseconds()
	return refusal
}

// attachOwn follows the user's own stream, those the client wants to resume, and
// those that stand. Whoever is refused in the meantime is found by the last step, or by
// a control on the own stream.
func (s *Session) attachOwn(ctx context.Context, resume *wire.SyncResume) error {
	own := UserStream(s.Caller().ID)
	var asked []wire.StreamPosition
	if resume != nil {
		asked = resume.Streams
	}
	if !slices.ContainsFunc(asked, func(p wire.StreamPosition) bool { return p.Stream == string(own) }) {
		f, err := s.attach(ctx, own, stream.Position{})
		if err != nil {
			return err
		}
		s.standFrom(f)
	}
	if len(asked) > 0 {
		room := s.m.answerBudget()
		leave, err := s.m.enter(ctx, room)
		if err != nil {
			return err
		}
		s.leave = sync.OnceFunc(leave)
		s.resumed = s.resumeAll(ctx, asked, &s.starting, room)
	}
	if !s.Follows(own) || slices.ContainsFunc(s.resumed, unavailable) {
		return stream.ErrUnavailable
	}
	memberships := s.readMemberships(ctx)
	standing, err := s.subscribeDefaults(ctx)
	for _, f := range standing {
		s.standFrom(f)
	}
	return errors.Join(err, memberships())
}

// readMemberships reads the caller's memberships while the session follows the streams
// that stand, so that the connect takes no longer. The result waits for the reading.
func (s *Session) readMemberships(ctx context.Context) (wait func() error) {
	if s.m.Memberships == nil {
		return func() error { return nil }
	}
	done := make(chan error, 1)
	go func() {
		defer func() {
			if p := recover(); p != nil {
				s.m.Log.Error("reading memberships panicked; the connect is refused", "session", s.conn.ID(),
					"panic", panicText(p), "stack", string(debug.Stack()))
				done <- wire.Refuse(wire.CodeInternal, "something went wrong on the server")
			}
		}()
		var err error
		s.memberships, err = s.m.Memberships(ctx, s.Caller())
		done <- err
	}()
	return func() error { return <-done }
}

// standFrom subscribes the session to a default stream from its start, at the given position.
func (s *Session) standFrom(f *subscription) {
	f.answer()
	s.starting = append(s.starting, f)
	now := f.catchup().Now.Position
	s.defaults = append(s.defaults, wire.StreamStand{Stream: string(f.id), Epoch: now.Epoch, Seq: now.Seq})
}
