package app

import (
	"context"
	"errors"
	"hash/maphash"
	"log/slog"
	"sync"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/cluster/peer"
	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/internal/edge/session"
)

const (
	// rosterLocks keep the updates of a session in order.
	rosterLocks = 64
	// maxPending is how much news waits for Redis to come back; what is beyond is
	// lost, and the lobbies concerned keep a member that is not there.
	maxPending = 100_000
	// tellAgain is the time between attempts of a failed update.
	tellAgain = 2 * time.Second
	// tellFor bounds one such try.
	tellFor = 5 * time.Second
)

// witness is who wants to know of sessions besides the registry; *lobby.Service is one.
type witness interface {
	SessionOpened(ctx context.Context, c request.Caller) error
	SessionClosed(ctx context.Context, c request.Caller, followed []stream.ID) error
}

// witnesses are called one after the other; an error of one does not skip the others.
type witnesses []witness

// SessionOpened implements witness.
func (all witnesses) SessionOpened(ctx context.Context, c request.Caller) error {
	var errs []error
	for _, w := range all {
		errs = append(errs, w.SessionOpened(ctx, c))
	}
	return errors.Join(errs...)
}

// SessionClosed implements witness.
func (all witnesses) SessionClosed(ctx context.Context, c request.Caller, followed []stream.ID) error {
	var errs []error
	for _, w := range all {
		errs = append(errs, w.SessionClosed(ctx, c, followed))
	}
	return errors.Join(errs...)
}

// roster registers the sessions of this pod in the cluster's registry and reports them to the
// domains, as a session.Listener. Updates that fail because Redis is unavailable are repeated.
type roster struct {
	pod      string
	registry peer.Registry
	witness  witness
	healthy  func() bool
	log      *slog.Logger

	seed  maphash.Seed
	locks [rosterLocks]sync.Mutex

	mu      sync.Mutex
	pending map[string]news // by session id
}

// news is the last that happened to a session.
type news struct {
	caller   request.Caller
	closed   bool
	followed []stream.ID
}

func newRoster(pod string, registry peer.Registry, w witness, healthy func() bool, log *slog.Logger) *roster {
	return &roster{
		pod: pod, registry: registry, witness: w, healthy: healthy, log: log,
		seed: maphash.MakeSeed(), pending: map[string]news{},
	}
}

// SessionOpened implements session.Listener.
func (r *roster) SessionOpened(ctx context.Context, c request.Caller) {
	r.take(ctx, news{caller: c})
}

// SessionClosed implements session.Listener.
func (r *roster) SessionClosed(ctx context.Context, c request.Caller, followed []stream.ID) {
	r.take(ctx, news{caller: c, closed: true, followed: followed})
}

func (r *roster) take(ctx context.Context, n news) {
	defer r.lock(n.caller.SessionID)()
	r.forget(n.caller.SessionID) // what waits is older
	if !r.healthy() {
		r.later(n)
		return
	}
	if err := r.tell(ctx, n); err != nil {
		r.log.WarnContext(ctx, "what happened to a session is told later", "session", n.caller.SessionID, "error", err)
		r.later(n)
	}
}

// lock keeps others from telling of the same session until the lock is given back.
func (r *roster) lock(session string) (unlock func()) {
	m := &r.locks[maphash.String(r.seed, session)%rosterLocks]
	m.Lock()
	return m.Unlock
}

// tell is idempotent. A session stays registered until the domains know of its end, so that
// another pod can report the end if this pod dies.
func (r *roster) tell(ctx context.Context, n news) error {
	id := n.caller.SessionID
	if !n.closed {
		return errors.Join(
			r.registry.Add(ctx, r.pod, peer.Session{ID: id, UserID: n.caller.ID}),
			r.witness.SessionOpened(ctx, n.caller))
	}
	if err := r.witness.SessionClosed(ctx, n.caller, n.followed); err != nil {
		return err
	}
	return r.registry.Remove(ctx, r.pod, id)
}

func (r *roster) later(n news) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.pending) >= maxPending {
		r.log.Error("too much waits to be told, this is lost", "session", n.caller.SessionID, "closed", n.closed)
		return
	}
	r.pending[n.caller.SessionID] = n
}

func (r *roster) forget(session string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.pending, session)
}

func (r *roster) waiting(session string) (news, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	n, ok := r.pending[session]
	return n, ok
}

// run tells what waits, while Redis is healthy, until ctx ends.
func (r *roster) run(ctx context.Context) {
	tick := time.NewTicker(tellAgain)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			r.catchUp(ctx)
		}
	}
}

func (r *roster) catchUp(ctx context.Context) {
	r.mu.Lock()
	ids := make([]string, 0, len(r.pending))
	for id := range r.pending {
		ids = append(ids, id)
	}
	r.mu.Unlock()
	for _, id := range ids {
		if !r.healthy() || r.again(ctx, id) != nil {
			return
		}
	}
}

func (r *roster) again(ctx context.Context, session string) error {
	defer r.lock(session)()
	n, ok := r.waiting(session)
	if !ok {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, tellFor)
	defer cancel()
	err := r.tell(ctx, n)
	if err == nil {
		r.forget(session)
	}
	return err
}

// gone closes a session that a dead pod left behind.
func (r *roster) gone(ctx context.Context, s peer.Session) error {
	return r.witness.SessionClosed(ctx, caller(s), nil)
}

// returned reopens sessions of this pod that other pods have closed. A session that ended in the
// meantime is closed again, in case its end was reported first.
func (r *roster) returned(ctx context.Context, sessions []peer.Session, live func() []peer.Session) {
	for _, s := range sessions {
		r.take(ctx, news{caller: caller(s)})
	}
	alive := map[string]bool{}
	for _, s := range live() {
		alive[s.ID] = true
	}
	for _, s := range sessions {
		if !alive[s.ID] {
			r.take(ctx, news{caller: caller(s), closed: true})
		}
	}
}

func caller(s peer.Session) request.Caller {
	return request.Caller{User: request.User{ID: s.UserID}, SessionID: s.ID}
}

// sessionsOf lists the sessions of a manager as the registry knows them.
func sessionsOf(m *session.Manager) []peer.Session {
	callers := m.Callers()
	list := make([]peer.Session, len(callers))
	for i, c := range callers {
		list[i] = peer.Session{ID: c.SessionID, UserID: c.ID}
	}
	return list
}
