package lobby

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/crypto/bcrypt"

	"github.com/anteroom/anteroom/runtime/internal/core/budget"
	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/internal/core/stream/streamtest"
	"github.com/anteroom/anteroom/runtime/internal/core/userstream"
	"github.com/anteroom/anteroom/runtime/internal/domain/lobby/rules"
	"github.com/anteroom/anteroom/runtime/internal/domain/lobby/rules/rulestest"
	"github.com/anteroom/anteroom/runtime/wire"
)

// world is a cluster of two pods on a store in memory, with a clock of its own.
type world struct {
	testing.TB
	memory    *streamtest.Memory
	deadlines *streamtest.Deadlines
	store     *brittleStore
	pods      [2]*Handlers

	mu       sync.Mutex
	now      time.Time
	policies map[string]rules.Policy
}

// brittleStore calls hooks around its commits and loads; a hook can fail a commit.
type brittleStore struct {
	*streamtest.Memory
	mu     sync.Mutex
	before func(stream.Commit) error
	after  func(stream.Commit) error
	// aroundLoad, when not nil, is called with each load.
	aroundLoad func(load func())
}

func (s *brittleStore) Load(ctx context.Context, id stream.ID) (snap stream.Snapshot, err error) {
	load := func() { snap, err = s.Memory.Load(ctx, id) }
	if s.aroundLoad == nil {
		load()
	} else {
		s.aroundLoad(load)
	}
	return snap, err
}

func (s *brittleStore) hooks() (before, after func(stream.Commit) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.before, s.after
}

func (s *brittleStore) set(before, after func(stream.Commit) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.before, s.after = before, after
}

func (s *brittleStore) Commit(ctx context.Context, c stream.Commit) (stream.Result, error) {
	before, after := s.hooks()
	if before != nil {
		if err := before(c); err != nil {
			return stream.Result{}, err
		}
	}
	r, err := s.Memory.Commit(ctx, c)
	if err == nil && after != nil {
		err = after(c)
	}
	return r, err
}

func newWorld(t testing.TB, change func(*rules.Policy)) *world {
	w := &world{TB: t, now: rulestest.T0, policies: map[string]rules.Policy{}}
	w.memory = streamtest.New(streamtest.WithClock(w.clock))
	w.store = &brittleStore{Memory: w.memory}
	w.deadlines = w.memory.Deadlines()
	p := rulestest.Policy()
	if change != nil {
		change(&p)
	}
	w.policies[p.Type] = p
	for i := range w.pods {
		w.pods[i] = NewHandlers(NewService(Ports{
			Store: w.store, Names: w.memory, Sets: w.memory, Deadlines: w.memory.Deadlines(), Policies: w,
			Companions: w.companions, Budgets: budget.NewGuard(w.memory, nil),
		}, Settings{
			HistorySize: 10_000, HistoryTTL: 10 * time.Minute, IdempotencyTTL: 5 * time.Minute,
			PasswordCost: bcrypt.MinCost, Now: w.clock,
		}))
	}
	return w
}

// companions returns bob and cid for ann, and no party for other users.
func (w *world) companions(_ context.Context, leaderID, partyID string) ([]rules.Actor, error) {
	if leaderID != "ann" || partyID != testParty {
		return nil, wire.Refuse(wire.CodeNotFound, "there is no such party")
	}
	return []rules.Actor{{ID: "bob", Name: "Name bob"}, {ID: "cid", Name: "Name cid"}}, nil
}

const testParty = "01JD8Q3V9Z00000000000PARTY"

func (w *world) clock() time.Time { w.mu.Lock(); defer w.mu.Unlock(); return w.now }

func (w *world) Policy(lobbyType string) (rules.Policy, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	p, ok := w.policies[lobbyType]
	return p, ok
}

func (w *world) setPolicy(p rules.Policy) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.policies[p.Type] = p
}

// pass advances the clock, and a pod processes deadlines until none is due.
func (w *world) pass(d time.Duration) {
	w.Helper()
	w.mu.Lock()
	w.now = w.now.Add(d)
	w.mu.Unlock()
	w.look()
}

func (w *world) look() {
	w.Helper()
	for range 20 {
		n, err := w.deadlines.Tick(w.Context(), w.pods[1].service.OnDeadline)
		if err != nil {
			w.Fatalf("look: %v", err)
		}
		if n == 0 {
			return
		}
	}
	w.Fatal("there is always something due")
}

// client is one connection of a user to a pod.
type client struct {
	*world
	h    *Handlers
	call request.Call

	mu      sync.Mutex
	follows map[stream.ID]stream.Position
}

// connect makes a connection of a user to a pod.
func (w *world) connect(user, session string, pod int) *client {
	c := &client{world: w, h: w.pods[pod], follows: map[stream.ID]stream.Position{}}
	c.call = request.Call{
		Caller:  request.Caller{User: request.User{ID: user, Name: "Name " + user}, SessionID: session},
		Streams: c,
	}
	return c
}

func (w *world) client(user string) *client { return w.connect(user, user+"-1", 0) }

func (c *client) Follow(id stream.ID, from stream.Position) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.follows[id] = from
	return nil
}

func (c *client) Unfollow(id stream.ID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.follows, id)
}

func (c *client) Follows(id stream.ID) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, ok := c.follows[id]
	return ok
}

// keyed is the same connection making a request with a key.
func (c *client) keyed(key string) request.Call {
	call := c.call
	call.Key = key
	return call
}

// state is the lobby in a reply.
func (w *world) state(reply request.Reply, err error) wire.Lobby {
	w.Helper()
	if err != nil {
		w.Fatalf("refused: %v", err)
	}
	return reply.Data.(wire.LobbyState).Lobby
}

// version is the version in a reply.
func (w *world) version(reply request.Reply, err error) uint64 {
	w.Helper()
	if err != nil {
		w.Fatalf("refused: %v", err)
	}
	return reply.Data.(wire.LobbyVersion).Version
}

func (c *client) create() wire.Lobby {
	c.Helper()
	return c.state(c.h.Create(c.Context(), c.call, &wire.LobbyCreate{Type: "duel"}))
}

func (c *client) join(id string) (request.Reply, error) {
	return c.h.Join(c.Context(), c.call, &wire.LobbyJoin{LobbyID: id})
}

func (c *client) ready(id string, ready bool) (request.Reply, error) {
	return c.h.Ready(c.Context(), c.call, &wire.LobbyReady{LobbyID: id, Ready: ready})
}

// closed reports the end of a connection, as the session layer does.
func (c *client) closed() {
	c.Helper()
	c.mu.Lock()
	followed := slices.Collect(maps.Keys(c.follows))
	c.mu.Unlock()
	if err := c.h.service.SessionClosed(c.Context(), c.call.Caller, followed); err != nil {
		c.Fatalf("session closed: %v", err)
	}
}

// now is the document of a lobby.
func (w *world) doc(id string) rules.Lobby {
	w.Helper()
	snap, err := w.memory.Load(w.Context(), StreamID(id))
	if err != nil {
		w.Fatalf("load: %v", err)
	}
	l, err := w.pods[0].service.keeper.Decode(snap)
	if err != nil {
		w.Fatal(err)
	}
	return l
}

// log returns all events of a stream.
func (w *world) log(id stream.ID) []stream.Record {
	w.Helper()
	caught, err := w.memory.CatchUp(w.Context(), id, stream.Position{})
	if err != nil || !caught.Recovered {
		w.Fatalf("the log of %s: %v, recovered %v", id, err, caught.Recovered)
	}
	return caught.Records
}

// causesOf are the causes of all patches of a lobby.
func (w *world) causesOf(id string) []string {
	w.Helper()
	var patches []wire.LobbyPatch
	for _, r := range w.log(StreamID(id)) {
		var p wire.LobbyPatch
		if err := json.Unmarshal(r.Data, &p); err != nil {
			w.Fatal(err)
		}
		patches = append(patches, p)
	}
	return rulestest.Causes(patches)
}

// removals returns the lobby:removed events of a user.
func (w *world) removals(user string) []wire.LobbyRemoved {
	w.Helper()
	var all []wire.LobbyRemoved
	for _, r := range w.log(userstream.StreamID(user)) {
		var removed wire.LobbyRemoved
		if err := json.Unmarshal(r.Data, &removed); err != nil || r.Name != wire.EventLobbyRemoved {
			w.Fatalf("%s %s: %v", r.Name, r.Data, err)
		}
		want := []stream.ID{StreamID(removed.LobbyID), ChatStream(removed.LobbyID)}
		if d := cmp.Diff(want, r.Control.Unfollow); d != "" {
			w.Errorf("unfollow (-want +got):\n%s", d)
		}
		all = append(all, removed)
	}
	return all
}

func userStreamOf(user string) stream.ID { return userstream.StreamID(user) }

// dieAfterLobbyCommit fails the next commit to a lobby after it has taken effect, and
// everything that the process would do then.
func (w *world) dieAfterLobbyCommit(id string) {
	died := errors.New("died")
	w.store.set(nil, func(c stream.Commit) error {
		if c.Stream == StreamID(id) {
			w.store.set(nil, nil)
			return died
		}
		return nil
	})
}
