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
	// watchFor bounds what a watcher does beside any request.
	watchFor = 5 * time.Second
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
	members Members

	// mu guards all below, also what is in audiences and watched. The Hub calls with its
	// own locks held, so nothing may call the Hub while mu is held.
	mu        sync.Mutex
	users     map[string]*watched  // by user id
	audiences map[string]*audience // by session id
}

// NewWatcher makes a Watcher.
func NewWatcher(s *Service, hub Hub, members Members) *Watcher {
	return &Watcher{service: s, hub: hub, members: members, users: map[string]*watched{}, audiences: map[string]*audience{}}
}

// watched is a user whose stream is followed; it is the stream.Sink for it.
type watched struct {
	w      *Watcher
	userID string
	// ready is closed when the stream is followed, or err says why it is not.
	ready chan struct{}
	err   error
	at    *stream.Attachment
	// last is what others see of the user.
	last      json.RawMessage
	audiences map[*audience]struct{}
}

// audience is a connection that watches.
type audience struct {
	session string
	push    func(event string, payload json.RawMessage)
	gone    bool
	// ids are watched by name, lists for those who are in them; users are all of them.
	ids   map[string]struct{}
	lists map[string]*listed
	users map[string]*watched
	// pending is what the connection is to be told of, by user, once the timer fires.
	pending map[string]json.RawMessage
	timed   bool
	// syncing keeps two changes of what is watched from running at once.
	syncing sync.Mutex
}

// audience finds or makes the audience of a session.
func (w *Watcher) audience(session string, push func(string, json.RawMessage)) *audience {
	w.mu.Lock()
	defer w.mu.Unlock()
	a := w.audiences[session]
	if a == nil {
		a = &audience{
			session: session, push: push, ids: map[string]struct{}{}, lists: map[string]*listed{},
			users: map[string]*watched{}, pending: map[string]json.RawMessage{},
		}
		w.audiences[session] = a
	}
	return a
}

// Drop ends all that a session watches.
func (w *Watcher) Drop(session string) {
	w.mu.Lock()
	a := w.audiences[session]
	delete(w.audiences, session)
	if a == nil {
		w.mu.Unlock()
		return
	}
	a.gone = true
	var ends []func()
	for _, l := range a.lists {
		ends = append(ends, l.detach)
	}
	for id := range a.users {
		ends = append(ends, w.release(a, id))
	}
	w.mu.Unlock()
	for _, end := range ends {
		end()
	}
}

// release takes a user from an audience, with mu held; what it gives is called without.
func (w *Watcher) release(a *audience, userID string) (end func()) {
	u := a.users[userID]
	delete(a.users, userID)
	delete(a.pending, userID)
	if u == nil {
		return func() {}
	}
	delete(u.audiences, a)
	if len(u.audiences) > 0 || w.users[userID] != u {
		return func() {}
	}
	delete(w.users, userID)
	return u.detach
}

// take has an audience watch a user; it waits until the user's stream is followed.
func (w *Watcher) take(ctx context.Context, a *audience, userID string) error {
	w.mu.Lock()
	u := w.users[userID]
	first := u == nil
	if a.gone {
		w.mu.Unlock()
		return nil
	}
	if first {
		u = &watched{w: w, userID: userID, ready: make(chan struct{}), audiences: map[*audience]struct{}{}}
		w.users[userID] = u
	}
	u.audiences[a], a.users[userID] = struct{}{}, u
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
func (u *watched) follow(ctx context.Context) {
	at, err := u.w.hub.Attach(ctx, StreamID(u.userID), stream.Position{}, u)
	u.w.mu.Lock()
	u.at, u.err = at, err
	orphan := err == nil && u.w.users[u.userID] != u // let go while it was attached
	if err != nil {
		for a := range u.audiences {
			delete(a.users, u.userID)
		}
		if u.w.users[u.userID] == u {
			delete(u.w.users, u.userID)
		}
	}
	u.w.mu.Unlock()
	if err == nil {
		u.begin(at)
	}
	if orphan {
		at.Detach()
	}
	close(u.ready)
}

// begin takes in where the stream is, and lets it flow.
func (u *watched) begin(at *stream.Attachment) {
	if at.Catchup.Recovered && len(at.Catchup.Records) > 0 {
		for _, r := range at.Catchup.Records {
			u.see(r.Data)
		}
	} else {
		u.Reset(StreamID(u.userID), at.Catchup.Now)
	}
	at.Start()
}

func (u *watched) detach() {
	<-u.ready
	if u.at != nil {
		u.at.Detach()
	}
}

// Deliver implements stream.Sink.
func (u *watched) Deliver(d *stream.Delivery) { u.see(d.Data) }

// Reset implements stream.Sink.
func (u *watched) Reset(_ stream.ID, now stream.Snapshot) {
	user := User{ID: u.userID}
	if now.Doc != nil {
		var err error
		if user, err = u.w.service.keeper.Decode(now); err != nil {
			return
		}
	}
	data, err := json.Marshal(user.View(u.w.service.Rules, u.w.service.Now()))
	if err == nil {
		u.see(data)
	}
}

// see takes in what others see of the user from now on.
func (u *watched) see(view json.RawMessage) {
	u.w.mu.Lock()
	defer u.w.mu.Unlock()
	if string(view) == string(u.last) {
		return
	}
	news := u.last != nil
	u.last = view
	if !news {
		return
	}
	for a := range u.audiences {
		u.w.tell(a, u.userID, view)
	}
}

// tell puts a change to those that a connection will be told of, with mu held.
func (w *Watcher) tell(a *audience, userID string, view json.RawMessage) {
	a.pending[userID] = view
	if !a.timed {
		a.timed = true
		time.AfterFunc(coalesceFor, func() { w.flush(a) })
	}
}

// flush tells a connection what was gathered for it.
func (w *Watcher) flush(a *audience) {
	w.mu.Lock()
	a.timed = false
	changes := make([]json.RawMessage, 0, len(a.pending))
	for _, view := range a.pending {
		changes = append(changes, view)
	}
	clear(a.pending)
	gone := a.gone
	w.mu.Unlock()
	if gone || len(changes) == 0 {
		return
	}
	payload, err := json.Marshal(struct {
		Changes []json.RawMessage `json:"changes"`
	}{changes})
	if err == nil {
		a.push(wire.EventPresenceUpdate, payload)
	}
}

// seen is what others see of a watched user now.
func (w *Watcher) seen(userID string) (wire.Presence, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	offline := wire.Presence{UserID: userID, Status: wire.PresenceOffline}
	u := w.users[userID]
	if u == nil {
		return offline, false
	}
	if u.last == nil {
		return offline, true
	}
	var view wire.Presence
	if err := json.Unmarshal(u.last, &view); err != nil {
		return offline, false
	}
	return view, true
}
