package presence

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/wire"
)

const (
	// maxWatched is how many users a connection watches by their ids.
	maxWatched = 200
	// coalesceFor is for how long changes are gathered before a connection is told.
	coalesceFor = 500 * time.Millisecond
	// watchTimeout bounds what a watcher does beside any request.
	watchTimeout = 5 * time.Second
)

// Hub delivers streams; *stream.Hub is the one there is.
type Hub interface {
	Attach(ctx context.Context, id stream.ID, from stream.Position, sink stream.Sink) (*stream.Attachment, error)
}

// Watcher tells the connections of this pod of the users whom they watch. It follows
// the stream of each watched user once, and gives what comes to all connections that
// watch: the changes of half a second in one push, of each user only the last.
type Watcher struct {
	service *Service
	hub     Hub
	members ListMembers

	// mu guards all below, also what is in audiences and watched. The Hub calls with its
	// own locks held, so nothing may call the Hub while mu is held.
	mu       sync.Mutex
	users    map[string]*watchedUser     // by user id
	sessions map[string]*watchingSession // by session id
}

// NewWatcher makes a Watcher.
func NewWatcher(s *Service, hub Hub, members ListMembers) *Watcher {
	return &Watcher{service: s, hub: hub, members: members, users: map[string]*watchedUser{}, sessions: map[string]*watchingSession{}}
}

// watchedUser is a user whose stream is followed; it is the stream.Sink for it.
type watchedUser struct {
	w      *Watcher
	userID string
	// ready is closed when the stream is followed, or err says why it is not.
	ready chan struct{}
	err   error
	at    *stream.Attachment
	// last is what others see of the user.
	view     json.RawMessage
	sessions map[*watchingSession]struct{}
}

// audience is a connection that watches.
type watchingSession struct {
	id    string
	push  func(event string, payload json.RawMessage)
	ended bool
	// ids are watched by name, lists for those who are in them; users are all of them.
	ids   map[string]struct{}
	lists map[string]*watchedList
	users map[string]*watchedUser
	// pending is what the connection is to be told of, by user, once the timer fires.
	pending        map[string]json.RawMessage
	flushScheduled bool
	// syncing keeps two changes of what is watched from running at once.
	syncing sync.Mutex
}

// audience finds or makes the audience of a session.
func (w *Watcher) session(sessionID string, push func(string, json.RawMessage)) *watchingSession {
	w.mu.Lock()
	defer w.mu.Unlock()
	session := w.sessions[sessionID]
	if session == nil {
		session = &watchingSession{
			id: sessionID, push: push, ids: map[string]struct{}{}, lists: map[string]*watchedList{},
			users: map[string]*watchedUser{}, pending: map[string]json.RawMessage{},
		}
		w.sessions[sessionID] = session
	}
	return session
}

// Drop ends all that a session watches.
func (w *Watcher) Drop(sessionID string) {
	w.mu.Lock()
	session := w.sessions[sessionID]
	delete(w.sessions, sessionID)
	if session == nil {
		w.mu.Unlock()
		return
	}
	session.ended = true
	var ends []func()
	for _, l := range session.lists {
		ends = append(ends, l.detach)
	}
	for id := range session.users {
		ends = append(ends, w.unwatchUser(session, id))
	}
	w.mu.Unlock()
	for _, end := range ends {
		end()
	}
}

// unwatchUser takes a user from an audience, with mu held; what it gives is called without.
func (w *Watcher) unwatchUser(session *watchingSession, userID string) (end func()) {
	u := session.users[userID]
	delete(session.users, userID)
	delete(session.pending, userID)
	if u == nil {
		return func() {}
	}
	delete(u.sessions, session)
	if len(u.sessions) > 0 || w.users[userID] != u {
		return func() {}
	}
	delete(w.users, userID)
	return u.detach
}

// watchUser has an audience watch a user; it waits until the user's stream is followed.
func (w *Watcher) watchUser(ctx context.Context, session *watchingSession, userID string) error {
	w.mu.Lock()
	u := w.users[userID]
	first := u == nil
	if session.ended {
		w.mu.Unlock()
		return nil
	}
	if first {
		u = &watchedUser{w: w, userID: userID, ready: make(chan struct{}), sessions: map[*watchingSession]struct{}{}}
		w.users[userID] = u
	}
	u.sessions[session], session.users[userID] = struct{}{}, u
	w.mu.Unlock()
	if first {
		u.follow(ctx)
	}
	select {
	case <-u.ready:
	case <-ctx.Done():
		return ctx.Err()
	}
	return u.err
}

// follow follows the user's stream. If that fails, nobody watches the user.
func (u *watchedUser) follow(ctx context.Context) {
	at, err := u.w.hub.Attach(ctx, StreamID(u.userID), stream.Position{}, u)
	u.w.mu.Lock()
	u.at, u.err = at, err
	orphan := err == nil && u.w.users[u.userID] != u // let go while it was attached
	if err != nil {
		for session := range u.sessions {
			delete(session.users, u.userID)
		}
		if u.w.users[u.userID] == u {
			delete(u.w.users, u.userID)
		}
	}
	u.w.mu.Unlock()
	if err == nil {
		u.start(at)
	}
	if orphan {
		at.Detach()
	}
	close(u.ready)
}

// start takes in where the stream is, and lets it flow.
func (u *watchedUser) start(at *stream.Attachment) {
	if at.Catchup.Recovered && len(at.Catchup.Records) > 0 {
		for _, r := range at.Catchup.Records {
			u.setView(r.Data)
		}
	} else {
		u.Reset(StreamID(u.userID), at.Catchup.Now)
	}
	at.Start()
}

func (u *watchedUser) detach() {
	<-u.ready
	if u.at != nil {
		u.at.Detach()
	}
}

// Deliver implements stream.Sink.
func (u *watchedUser) Deliver(d *stream.Delivery) { u.setView(d.Data) }

// Reset implements stream.Sink.
func (u *watchedUser) Reset(_ stream.ID, now stream.Snapshot) {
	user := User{ID: u.userID}
	if now.Doc != nil {
		var err error
		if user, err = u.w.service.keeper.Decode(now); err != nil {
			return
		}
	}
	data, err := json.Marshal(user.View(u.w.service.Rules, u.w.service.Now()))
	if err == nil {
		u.setView(data)
	}
}

// setView takes in what others see of the user from now on.
func (u *watchedUser) setView(view json.RawMessage) {
	u.w.mu.Lock()
	defer u.w.mu.Unlock()
	if string(view) == string(u.view) {
		return
	}
	news := u.view != nil
	u.view = view
	if !news {
		return
	}
	for session := range u.sessions {
		u.w.addPending(session, u.userID, view)
	}
}

// addPending puts a change to those that a connection will be told of, with mu held.
func (w *Watcher) addPending(session *watchingSession, userID string, view json.RawMessage) {
	session.pending[userID] = view
	if !session.flushScheduled {
		session.flushScheduled = true
		time.AfterFunc(coalesceFor, func() { w.flush(session) })
	}
}

// flush tells a connection what was gathered for it.
func (w *Watcher) flush(session *watchingSession) {
	w.mu.Lock()
	session.flushScheduled = false
	changes := make([]json.RawMessage, 0, len(session.pending))
	for _, view := range session.pending {
		changes = append(changes, view)
	}
	clear(session.pending)
	gone := session.ended
	w.mu.Unlock()
	if gone || len(changes) == 0 {
		return
	}
	payload, err := json.Marshal(struct {
		Changes []json.RawMessage `json:"changes"`
	}{changes})
	if err == nil {
		session.push(wire.EventPresenceUpdate, payload)
	}
}

// seen is what others see of a watched user now.
func (w *Watcher) currentView(userID string) (wire.Presence, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	offline := wire.Presence{UserID: userID, Status: wire.PresenceOffline}
	u := w.users[userID]
	if u == nil {
		return offline, false
	}
	if u.view == nil {
		return offline, true
	}
	var view wire.Presence
	if err := json.Unmarshal(u.view, &view); err != nil {
		return offline, false
	}
	return view, true
}
