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
	// maxWatched bounds the users that a connection watches by id.
	maxWatched = 200
	// coalesceFor is how long changes are collected before they are pushed to a connection.
	coalesceFor = 500 * time.Millisecond
	// watchTimeout bounds a watcher's work outside of requests.
	watchTimeout = 5 * time.Second
)

// Hub delivers streams; *stream.Hub implements it.
type Hub interface {
	Attach(ctx context.Context, id stream.ID, from stream.Position, sink stream.Sink) (*stream.Attachment, error)
}

// Watcher pushes the presences of watched users to the connections of this pod. It subscribes
// to the stream of each watched user once. A connection gets the changes of half a second in
// one push, and of each user only the last change.
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

// watchedUser is a user with a subscription to the user's presence stream, whose stream.Sink it
// is.
type watchedUser struct {
	w      *Watcher
	userID string
	// ready is closed when the subscription is live, or err has the reason why it is not.
	ready chan struct{}
	err   error
	at    *stream.Attachment
	// view is the presence as others see it.
	view     json.RawMessage
	sessions map[*watchingSession]struct{}
}

// watchingSession is a connection that watches users.
type watchingSession struct {
	id    string
	push  func(event string, payload json.RawMessage)
	ended bool
	// ids are the users watched by id, lists the watched lists, and users all watched users.
	ids   map[string]struct{}
	lists map[string]*watchedList
	users map[string]*watchedUser
	// pending are the changes of the next push, by user.
	pending        map[string]json.RawMessage
	flushScheduled bool
	// syncing serializes the changes of the watched users.
	syncing sync.Mutex
}

// session returns the watching session of a session, and creates it if needed.
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

// Drop ends all watches of a session.
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

// unwatchUser removes a user from a session; mu is held. The caller calls end without mu.
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

// watchUser adds a user to a session, and waits until the subscription to the user's stream is
// live.
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

// follow subscribes to the user's stream. If that fails, no session watches the user.
func (u *watchedUser) follow(ctx context.Context) {
	at, err := u.w.hub.Attach(ctx, StreamID(u.userID), stream.Position{}, u)
	u.w.mu.Lock()
	u.at, u.err = at, err
	orphan := err == nil && u.w.users[u.userID] != u // the last session unwatched the user during the attach
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

// start sets the view from the catch-up and goes live.
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

// setView sets the view and queues a changed view for all watching sessions.
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

// addPending adds a change to the next push of a session; mu is held.
func (w *Watcher) addPending(session *watchingSession, userID string, view json.RawMessage) {
	session.pending[userID] = view
	if !session.flushScheduled {
		session.flushScheduled = true
		time.AfterFunc(coalesceFor, func() { w.flush(session) })
	}
}

// flush pushes the pending changes to a session.
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

// currentView returns the view of a watched user; offline when it is unknown.
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
