package presence

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/wire"
)

// maxLists bounds the lists that a connection watches.
const maxLists = 8

// ListMembers returns the users in a list, such as "lobby:01J…", to a user who is in the list.
// It is called again while the list is watched. It gets only the caller's id, because the
// rights of a token may change meanwhile. Errors: *wire.Error.
type ListMembers func(ctx context.Context, userID, list string) ([]string, error)

// watchedList is a list that a session watches. It is the stream.Sink of the list's stream,
// whose events announce changes of the members.
type watchedList struct {
	w       *Watcher
	session *watchingSession
	userID  string
	list    string
	users   []string
	// unsettled reports that some users are not watched yet; the session's syncing guards it.
	unsettled bool

	mu               sync.Mutex
	at               *stream.Attachment
	ended            bool
	refreshScheduled bool
}

// Watch makes a session watch users by id, and returns their presences as others see them.
func (w *Watcher) Watch(ctx context.Context, session *watchingSession, userIDs []string) ([]wire.Presence, error) {
	for i, id := range userIDs {
		if StreamID(id).Validate() != nil {
			return nil, wire.Invalid(fmt.Sprintf("userIds[%d]", i), request.IDRule)
		}
	}
	session.syncing.Lock()
	defer session.syncing.Unlock()
	w.mu.Lock()
	ids := maps.Clone(session.ids)
	for _, id := range userIDs {
		ids[id] = struct{}{}
	}
	if len(ids) > maxWatched {
		watched := slices.Sorted(maps.Keys(session.ids))
		w.mu.Unlock()
		return nil, wire.Already(wire.CodeResourceExhausted, wire.ReasonWatchLimit, fmt.Sprintf("a connection may watch %d users", maxWatched), watched...)
	}
	session.ids = ids
	w.mu.Unlock()
	return w.syncWatched(ctx, session, userIDs, false)
}

// Unwatch ends the watch of users by id; users in watched lists stay watched.
func (w *Watcher) Unwatch(ctx context.Context, session *watchingSession, userIDs []string) error {
	session.syncing.Lock()
	defer session.syncing.Unlock()
	w.mu.Lock()
	for _, id := range userIDs {
		delete(session.ids, id)
	}
	w.mu.Unlock()
	_, err := w.syncWatched(ctx, session, nil, false)
	return err
}

// WatchList makes a session watch the present and future members of a list.
func (w *Watcher) WatchList(ctx context.Context, session *watchingSession, userID, list string) ([]wire.Presence, error) {
	users, err := w.members(ctx, userID, list)
	if err != nil {
		return nil, err
	}
	session.syncing.Lock()
	defer session.syncing.Unlock()
	w.mu.Lock()
	l, there := session.lists[list]
	full, watched := !there && len(session.lists) >= maxLists, slices.Sorted(maps.Keys(session.lists))
	w.mu.Unlock()
	if full {
		return nil, wire.Already(wire.CodeResourceExhausted, wire.ReasonWatchLimit, fmt.Sprintf("a connection may watch %d lists", maxLists), watched...)
	}
	if !there {
		l = &watchedList{w: w, session: session, userID: userID, list: list}
		at, err := w.hub.Attach(ctx, stream.ID(list), stream.Position{}, l)
		if err != nil {
			return nil, err
		}
		l.at = at
		at.Start()
		// This read includes users who joined before the subscription.
		if users, err = w.members(ctx, userID, list); err != nil {
			l.detach()
			return nil, err
		}
	}
	w.mu.Lock()
	l.users = users
	session.lists[list] = l
	w.mu.Unlock()
	return w.syncWatched(ctx, session, users, false)
}

// UnwatchList ends the watch of a list.
func (w *Watcher) UnwatchList(ctx context.Context, session *watchingSession, list string) error {
	session.syncing.Lock()
	defer session.syncing.Unlock()
	w.mu.Lock()
	l := session.lists[list]
	delete(session.lists, list)
	w.mu.Unlock()
	if l != nil {
		l.detach()
	}
	_, err := w.syncWatched(ctx, session, nil, false)
	return err
}

// syncWatched subscribes to the users that a session wants to watch and unsubscribes from the
// others. It returns the presences of the asked users. With news, the presences of newly
// watched users are pushed to the session.
func (w *Watcher) syncWatched(ctx context.Context, session *watchingSession, asked []string, news bool) ([]wire.Presence, error) {
	w.mu.Lock()
	wanted := maps.Clone(session.ids)
	for _, l := range session.lists {
		for _, id := range l.users {
			wanted[id] = struct{}{}
		}
	}
	var ends []func()
	for id := range session.users {
		if _, still := wanted[id]; !still || session.ended {
			ends = append(ends, w.unwatchUser(session, id))
		}
	}
	var fresh []string
	for id := range wanted {
		if _, there := session.users[id]; !there && !session.ended {
			fresh = append(fresh, id)
		}
	}
	w.mu.Unlock()
	for _, end := range ends {
		end()
	}
	err := w.watchUsers(ctx, session, fresh)
	views := make([]wire.Presence, len(asked))
	for i, id := range asked {
		views[i], _ = w.currentView(id)
	}
	if news {
		w.addPendingViews(session, fresh)
	}
	return views, err
}

func (w *Watcher) watchUsers(ctx context.Context, session *watchingSession, users []string) error {
	var (
		errs   = make([]error, len(users))
		taking sync.WaitGroup
		places = make(chan struct{}, parallelReads)
	)
	for i, id := range users {
		places <- struct{}{}
		taking.Go(func() {
			defer func() { <-places }()
			errs[i] = w.watchUser(ctx, session, id)
		})
	}
	taking.Wait()
	return errors.Join(errs...)
}

// addPendingViews queues the presences of newly watched users for a session.
func (w *Watcher) addPendingViews(session *watchingSession, users []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, id := range users {
		if u := session.users[id]; u != nil && u.view != nil {
			w.addPending(session, id, u.view)
		}
	}
}

// Deliver implements stream.Sink.
func (l *watchedList) Deliver(*stream.Delivery) { l.refreshLater() }

// Reset implements stream.Sink.
func (l *watchedList) Reset(stream.ID, stream.Snapshot) { l.refreshLater() }

// refreshLater schedules one read of the list's members for all events within coalesceFor.
func (l *watchedList) refreshLater() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended || l.refreshScheduled {
		return
	}
	l.refreshScheduled = true
	time.AfterFunc(coalesceFor, l.refresh)
}

func (l *watchedList) refresh() {
	l.mu.Lock()
	l.refreshScheduled = false
	over := l.ended
	l.mu.Unlock()
	if over {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), watchTimeout)
	defer cancel()
	users, err := l.w.members(ctx, l.userID, l.list)
	var refused *wire.Error
	switch {
	case errors.As(err, &refused) && !refused.Retryable:
		_ = l.w.UnwatchList(ctx, l.session, l.list)
		return
	case err != nil:
		l.refreshLater()
		return
	}
	l.session.syncing.Lock()
	defer l.session.syncing.Unlock()
	l.w.mu.Lock()
	same := !l.unsettled && slices.Equal(l.users, users)
	l.users = users
	l.w.mu.Unlock()
	if same {
		return
	}
	_, err = l.w.syncWatched(ctx, l.session, nil, true)
	if l.unsettled = err != nil; l.unsettled {
		l.refreshLater()
	}
}

// detach unsubscribes from the list's stream.
func (l *watchedList) detach() {
	l.mu.Lock()
	l.ended = true
	at := l.at
	l.mu.Unlock()
	if at != nil {
		at.Detach()
	}
}
