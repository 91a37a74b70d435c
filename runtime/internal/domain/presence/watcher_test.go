package presence

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/internal/core/stream/streamtest"
	"github.com/anteroom/anteroom/runtime/wire"
)

// counting is a store that counts its calls.
type counting struct {
	*streamtest.Memory
	reads, commits atomic.Int64
}

func (c *counting) Load(ctx context.Context, id stream.ID) (stream.Snapshot, error) {
	c.reads.Add(1)
	return c.Memory.Load(ctx, id)
}

func (c *counting) CatchUp(ctx context.Context, id stream.ID, from stream.Position) (stream.Catchup, error) {
	c.reads.Add(1)
	return c.Memory.CatchUp(ctx, id, from)
}

func (c *counting) Commit(ctx context.Context, commit stream.Commit) (stream.Result, error) {
	c.commits.Add(1)
	return c.Memory.Commit(ctx, commit)
}

// lookout is a pod with watching connections.
type lookout struct {
	*testing.T
	*Handlers
	store *counting
	bus   *streamtest.Bus

	mu sync.Mutex
	// lists are the members by list, and sent the pushes by session, in order.
	lists map[string][]string
	sent  map[string][]wire.Presence
}

// onLookout runs a test in a synctest bubble, where time advances when all goroutines wait.
func onLookout(t *testing.T, test func(l *lookout)) {
	synctest.Test(t, func(t *testing.T) {
		l := &lookout{T: t, lists: map[string][]string{}, sent: map[string][]wire.Presence{}}
		l.store = &counting{Memory: streamtest.New()}
		l.bus = l.store.Bus()
		hub := streamtest.StartHub(t, l.store, l.bus)
		s := NewService(Ports{Store: l.store, Deadlines: l.store.Deadlines()}, Settings{Rules: testRules, HistoryTTL: time.Minute, IdempotencyTTL: time.Minute})
		l.Handlers = NewHandlers(s, NewWatcher(s, hub, l.members))
		test(l)
	})
}

func (l *lookout) members(_ context.Context, _, list string) ([]string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	users, known := l.lists[list]
	if !known {
		return nil, wire.Refuse(wire.CodeNotFound, "there is no such list")
	}
	return slices.Clone(users), nil
}

func (l *lookout) enlist(list string, users ...string) {
	l.Helper()
	l.mu.Lock()
	l.lists[list] = users
	l.mu.Unlock()
	_, err := l.store.Memory.Commit(l.Context(), stream.Commit{
		Stream: stream.ID(list), Events: []stream.Event{{Name: "lobby:patch", Data: json.RawMessage(`{}`)}},
		Retain: stream.Retention{LogSize: 10, LogTTL: time.Hour, TTL: time.Hour},
	})
	if err != nil {
		l.Fatal(err)
	}
}

// call returns a request of a session, whose pushes are recorded.
func (l *lookout) call(session string) request.Call {
	return request.Call{
		Caller: request.Caller{User: request.User{ID: "user-" + session}, SessionID: session},
		Push: func(_ string, payload json.RawMessage) {
			var update wire.PresenceUpdate
			if err := json.Unmarshal(payload, &update); err != nil {
				l.Error(err)
			}
			l.mu.Lock()
			defer l.mu.Unlock()
			l.sent[session] = append(l.sent[session], update.Changes...)
		},
	}
}

func (l *lookout) watch(session string, users ...string) error {
	_, err := l.Subscribe(l.Context(), l.call(session), &wire.PresenceSubscribe{UserIDs: users})
	return err
}

func (l *lookout) watchList(session, list string) error {
	_, err := l.Subscribe(l.Context(), l.call(session), &wire.PresenceSubscribe{List: list})
	return err
}

func (l *lookout) comes(user string) {
	l.Helper()
	if err := l.service.SessionOpened(l.Context(), request.Caller{User: request.User{ID: user}, SessionID: "of-" + user}); err != nil {
		l.Fatal(err)
	}
}

func (l *lookout) goes(user string) {
	l.Helper()
	if err := l.service.SessionClosed(l.Context(), request.Caller{User: request.User{ID: user}, SessionID: "of-" + user}, nil); err != nil {
		l.Fatal(err)
	}
}

// pushes waits for pending changes, and returns the new pushes to a session as
// "user status", sorted.
func (l *lookout) pushes(session string) []string {
	l.Helper()
	time.Sleep(2 * coalesceFor) // of the bubble's time
	synctest.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	var pushed []string
	for _, p := range l.sent[session] {
		pushed = append(pushed, fmt.Sprintf("%s %s", p.UserID, p.Status))
	}
	l.sent[session] = nil
	slices.Sort(pushed)
	return pushed
}

func (l *lookout) wants(session string, want ...string) {
	l.Helper()
	if pushed := l.pushes(session); !slices.Equal(pushed, want) {
		l.Errorf("pushed to %s: %q, want %q", session, pushed, want)
	}
}

func users(prefix string, n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = fmt.Sprintf("%s%03d", prefix, i)
	}
	return ids
}

func TestWatchersGetTheLastChangeOfHalfASecond(t *testing.T) {
	onLookout(t, func(l *lookout) {
		if err := l.watch("a", "ann", "bob"); err != nil {
			t.Fatal(err)
		}
		l.comes("ann")
		l.comes("bob")
		l.goes("bob")
		l.comes("cid")
		l.wants("a", "ann online", "bob offline")
		l.goes("ann")
		l.wants("a", "ann offline")
		l.wants("a")
		if _, err := l.Unsubscribe(t.Context(), l.call("a"), &wire.PresenceSubscribe{UserIDs: []string{"ann"}}); err != nil {
			t.Fatal(err)
		}
		l.comes("ann")
		l.comes("bob")
		l.wants("a", "bob online")
	})
}

// TestWatchesAreBounded: a connection watches at most 200 users by id and 8 lists. A request
// beyond a bound is refused and changes nothing.
func TestWatchesAreBounded(t *testing.T) {
	onLookout(t, func(l *lookout) {
		full := func(err error, named int) bool {
			var refused *wire.Error
			return errors.As(err, &refused) && refused.Code == wire.CodeResourceExhausted &&
				refused.Reason == wire.ReasonWatchLimit && len(refused.Current.IDs()) == named
		}
		if err := l.watch("a", users("u", maxWatched)...); err != nil {
			t.Fatal(err)
		}
		if err := l.watch("a", "u000", "one-more"); !full(err, maxWatched) {
			t.Errorf("%d users and another: %v", maxWatched, err)
		}
		l.comes("one-more")
		l.comes("u000")
		l.wants("a", "u000 online")
		if err := l.watch("a", "u000", "u199"); err != nil {
			t.Errorf("users who are watched already: %v", err)
		}
		if _, err := l.Unsubscribe(t.Context(), l.call("a"), &wire.PresenceSubscribe{UserIDs: []string{"u199"}}); err != nil {
			t.Fatal(err)
		}
		if err := l.watch("a", "one-more"); err != nil {
			t.Errorf("in the place of another: %v", err)
		}
		for i := range maxLists + 1 {
			list := fmt.Sprint("lobby:", i)
			l.enlist(list, "m"+list)
			if err := l.watchList("a", list); full(err, maxLists) != (i == maxLists) {
				t.Errorf("list %d: %v", i, err)
			}
		}
		l.comes("mlobby:7")
		l.comes("mlobby:8")
		l.wants("a", "mlobby:7 online")
		if err := l.watchList("a", "lobby:0"); err != nil {
			t.Errorf("a list that is watched already: %v", err)
		}
	})
}

func TestWatchedListFollowsItsMembers(t *testing.T) {
	onLookout(t, func(l *lookout) {
		l.enlist("lobby:1", "ann", "bob")
		for _, user := range []string{"ann", "bob", "cid"} {
			l.comes(user)
		}
		if err := l.watchList("a", "lobby:1"); err != nil {
			t.Fatal(err)
		}
		if err := l.watch("a", "bob"); err != nil {
			t.Fatal(err)
		}
		l.enlist("lobby:1", "cid")
		l.wants("a", "cid online")
		for _, user := range []string{"ann", "bob", "cid"} {
			l.goes(user)
		}
		l.wants("a", "bob offline", "cid offline")
		l.mu.Lock()
		delete(l.lists, "lobby:1") // the caller has left the list
		l.mu.Unlock()
		l.enlist("lobby:2")
		if _, err := l.store.Memory.Commit(t.Context(), stream.Commit{
			Stream: "lobby:1", Events: []stream.Event{{Name: "lobby:patch", Data: json.RawMessage(`{}`)}},
			Retain: stream.Retention{LogSize: 1, LogTTL: time.Hour, TTL: time.Hour},
		}); err != nil {
			t.Fatal(err)
		}
		l.wants("a")
		l.comes("cid")
		l.comes("bob")
		l.wants("a", "bob online")
	})
}

// TestWatchersShareOneSubscription: the connections of a pod that watch a user share one
// subscription to the user's stream, and a change is committed once.
func TestWatchersShareOneSubscription(t *testing.T) {
	cost := func(watchers int) (subscribe, change [2]int64) {
		onLookout(t, func(l *lookout) {
			count := func() [2]int64 { return [2]int64{l.store.reads.Load(), l.store.commits.Load()} }
			sessions := users("s", watchers)
			for _, session := range sessions {
				if err := l.watch(session, "star"); err != nil {
					t.Fatal(err)
				}
			}
			subscribe = count()
			l.comes("star")
			for _, session := range sessions {
				l.wants(session, "star online")
			}
			change = [2]int64{count()[0] - subscribe[0], count()[1] - subscribe[1]}
		})
		return subscribe, change
	}
	subscribe, change := cost(1)
	if crowd, changes := cost(300); crowd != subscribe || changes != change {
		t.Errorf("reads and commits of 300 watchers: %v to subscribe and %v for a change; of one: %v and %v", crowd, changes, subscribe, change)
	}
	if subscribe[0] == 0 || change[1] != 1 {
		t.Errorf("one watcher: %v to subscribe and %v for a change", subscribe, change)
	}
}

func TestEndedConnectionWatchesNothing(t *testing.T) {
	onLookout(t, func(l *lookout) {
		l.enlist("lobby:1", "bob")
		for _, session := range []string{"a", "b"} {
			if err := errors.Join(l.watch(session, "ann"), l.watchList(session, "lobby:1")); err != nil {
				t.Fatal(err)
			}
		}
		l.watcher.Drop("a")
		l.comes("ann")
		l.wants("a")
		l.wants("b", "ann online")
		l.watcher.Drop("b")
		synctest.Wait()
		if w := l.watcher; len(w.users)+len(w.sessions) > 0 {
			t.Errorf("users %v and sessions %v are left", slices.Collect(maps.Keys(w.users)), slices.Collect(maps.Keys(w.sessions)))
		}
		for _, id := range []stream.ID{StreamID("ann"), StreamID("bob"), "lobby:1"} {
			time.Sleep(time.Minute) // of the bubble's time: streams are kept for a while
			if l.bus.Asked(id) {
				t.Errorf("%s still has a subscription, want none", id)
			}
		}
	})
}
