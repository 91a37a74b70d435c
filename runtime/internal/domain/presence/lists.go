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

// maxLists is how many lists a connection watches.
const maxLists = 8

// Members gives the users in a list, such as "lobby:01J…", to a user who is in it too. It
// is asked again for as long as the list is watched, so it gets no more of the caller than
// the id: the rights of a token may change meanwhile. Errors: *wire.Error.
type Members func(ctx context.Context, userID, list string) ([]string, error)

// listed is a list that an audience watches: a stream that is followed to learn who
// comes and goes. It is the stream.Sink for it.
type listed struct {
	w      *Watcher
	a      *audience
	userID string
	list   string
	users  []string
	// unsettled says that users are not watched yet; the audience's syncing guards it.
	unsettled bool

	mu      sync.Mutex
	at      *stream.Attachment
	over    bool
	waiting bool // a refresh is on its way
}

// Watch has a session watch users by id, and gives what others see of them.
func (w *Watcher) Watch(ctx context.Context, a *audience, userIDs []string) ([]wire.Presence, error) {
	for i, id := range userIDs {
		if StreamID(id).Validate() != nil {
			return nil, wire.Invalid(fmt.Sprintf("userIds[%d]", i), request.IDRule)
		}
	}
	a.syncing.Lock()
	defer a.syncing.Unlock()
	w.mu.Lock()
	ids := maps.Clone(a.ids)
	for _, id := range userIDs {
		ids[id] = struct{}{}
	}
	if len(ids) > maxWatched {
		watched := slices.Sorted(maps.Keys(a.ids))
		w.mu.Unlock()
		return nil, wire.Already(wire.CodeResourceExhausted, wire.ReasonWatchLimit, fmt.Sprintf("a connection may watch %d users", maxWatched), watched...)
	}
	a.ids = ids
	w.mu.Unlock()
	return w.settle(ctx, a, userIDs, false)
}

// Unwatch takes that back; users who are watched in a list stay.
func (w *Watcher) Unwatch(ctx context.Context, a *audience, userIDs []string) error {
	a.syncing.Lock()
	defer a.syncing.Unlock()
	w.mu.Lock()
	for _, id := range userIDs {
		delete(a.ids, id)
	}
	w.mu.Unlock()
	_, err := w.settle(ctx, a, nil, false)
	return err
}

// WatchList has a session watch those who are in a list, from now on whoever that is.
func (w *Watcher) WatchList(ctx context.Context, a *audience, userID, list string) ([]wire.Presence, error) {
	users, err := w.members(ctx, userID, list)
	if err != nil {
		return nil, err
	}
	a.syncing.Lock()
	defer a.syncing.Unlock()
	w.mu.Lock()
	l, there := a.lists[list]
	full, watched := !there && len(a.lists) >= maxLists, slices.Sorted(maps.Keys(a.lists))
	w.mu.Unlock()
	if full {
		return nil, wire.Already(wire.CodeResourceExhausted, wire.ReasonWatchLimit, fmt.Sprintf("a connection may watch %d lists", maxLists), watched...)
	}
	if !there {
		l = &listed{w: w, a: a, userID: userID, list: list}
		at, err := w.hub.Attach(ctx, stream.ID(list), stream.Position{}, l)
		if err != nil {
			return nil, err
		}
		l.at = at
		at.Start()
		// Who has come in before the list was followed is in what is read since.
		if users, err = w.members(ctx, userID, list); err != nil {
			l.detach()
			return nil, err
		}
	}
	w.mu.Lock()
	l.users = users
	a.lists[list] = l
	w.mu.Unlock()
	return w.settle(ctx, a, users, false)
}

// UnwatchList takes that back.
func (w *Watcher) UnwatchList(ctx context.Context, a *audience, list string) error {
	a.syncing.Lock()
	defer a.syncing.Unlock()
	w.mu.Lock()
	l := a.lists[list]
	delete(a.lists, list)
	w.mu.Unlock()
	if l != nil {
		l.detach()
	}
	_, err := w.settle(ctx, a, nil, false)
	return err
}

// settle makes what an audience watches what it wants to watch, and gives what others
// see of some users. With news the connection is told of users it did not watch before.
func (w *Watcher) settle(ctx context.Context, a *audience, asked []string, news bool) ([]wire.Presence, error) {
	w.mu.Lock()
	wanted := maps.Clone(a.ids)
	for _, l := range a.lists {
		for _, id := range l.users {
			wanted[id] = struct{}{}
		}
	}
	var ends []func()
	for id := range a.users {
		if _, still := wanted[id]; !still || a.gone {
			ends = append(ends, w.release(a, id))
		}
	}
	var fresh []string
	for id := range wanted {
		if _, there := a.users[id]; !there && !a.gone {
			fresh = append(fresh, id)
		}
	}
	w.mu.Unlock()
	for _, end := range ends {
		end()
	}
	err := w.takeAll(ctx, a, fresh)
	views := make([]wire.Presence, len(asked))
	for i, id := range asked {
		views[i], _ = w.seen(id)
	}
	if news {
		w.announce(a, fresh)
	}
	return views, err
}

func (w *Watcher) takeAll(ctx context.Context, a *audience, users []string) error {
	var (
		errs   = make([]error, len(users))
		taking sync.WaitGroup
		places = make(chan struct{}, readsAtOnce)
	)
	for i, id := range users {
		places <- struct{}{}
		taking.Go(func() {
			defer func() { <-places }()
			errs[i] = w.take(ctx, a, id)
		})
	}
	taking.Wait()
	return errors.Join(errs...)
}

// announce tells a connection of users whom it watches from now on.
func (w *Watcher) announce(a *audience, users []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, id := range users {
		if u := a.users[id]; u != nil && u.last != nil {
			w.tell(a, id, u.last)
		}
	}
}

// Deliver implements stream.Sink.
func (l *listed) Deliver(*stream.Delivery) { l.refreshLater() }

// Reset implements stream.Sink.
func (l *listed) Reset(stream.ID, stream.Snapshot) { l.refreshLater() }

// refreshLater looks who is in the list, once for all that happens within a while.
func (l *listed) refreshLater() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.over || l.waiting {
		return
	}
	l.waiting = true
	time.AfterFunc(coalesceFor, l.refresh)
}

func (l *listed) refresh() {
	l.mu.Lock()
	l.waiting = false
	over := l.over
	l.mu.Unlock()
	if over {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), watchFor)
	defer cancel()
	users, err := l.w.members(ctx, l.userID, l.list)
	var refused *wire.Error
	switch {
	case errors.As(err, &refused) && !refused.Retryable:
		_ = l.w.UnwatchList(ctx, l.a, l.list)
		return
	case err != nil:
		l.refreshLater()
		return
	}
	l.a.syncing.Lock()
	defer l.a.syncing.Unlock()
	l.w.mu.Lock()
	same := !l.unsettled && slices.Equal(l.users, users)
	l.users = users
	l.w.mu.Unlock()
	if same {
		return
	}
	_, err = l.w.settle(ctx, l.a, nil, true)
	if l.unsettled = err != nil; l.unsettled {
		l.refreshLater()
	}
}

// detach stops following the list.
func (l *listed) detach() {
	l.mu.Lock()
	l.over = true
	at := l.at
	l.mu.Unlock()
	if at != nil {
		at.Detach()
	}
}
