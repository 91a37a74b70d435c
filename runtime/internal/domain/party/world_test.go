package party

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/internal/core/stream/streamtest"
	"github.com/anteroom/anteroom/runtime/internal/core/userstream"
	"github.com/anteroom/anteroom/runtime/internal/domain/party/rules"
	"github.com/anteroom/anteroom/runtime/internal/domain/party/rules/rulestest"
	"github.com/anteroom/anteroom/runtime/wire"
)

// world is a cluster of two pods on a store in memory, with a clock of its own.
type world struct {
	testing.TB
	memory *streamtest.Memory
	pods   [2]*Handlers

	mu      sync.Mutex
	now     time.Time
	changed []string
	invited []string
}

func newWorld(t testing.TB) *world {
	w := &world{TB: t, now: rulestest.T0}
	w.memory = streamtest.New(streamtest.WithClock(w.clock))
	for i := range w.pods {
		w.pods[i] = NewHandlers(NewService(Ports{
			Store: w.memory, Names: w.memory, Sets: w.memory, Deadlines: w.memory.Deadlines(), Events: w,
		}, Settings{HistorySize: 1000, HistoryTTL: 10 * time.Minute, IdempotencyTTL: 5 * time.Minute, Now: w.clock}))
	}
	return w
}

func (w *world) clock() time.Time { w.mu.Lock(); defer w.mu.Unlock(); return w.now }

func (w *world) MembersChanged(_ context.Context, p rules.Party) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.changed = append(w.changed, fmt.Sprint(p.LeaderID, p.Users()))
}

func (w *world) Invited(_ context.Context, user string, i wire.PartyInvited) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.invited = append(w.invited, user+" by "+i.FromID)
}

// pass advances the clock, and a pod processes deadlines until none is due.
func (w *world) pass(d time.Duration) {
	w.Helper()
	w.mu.Lock()
	w.now = w.now.Add(d)
	w.mu.Unlock()
	for range 20 {
		n, err := w.memory.Deadlines().Tick(w.Context(), w.pods[1].service.OnDeadline)
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
	h       *Handlers
	call    request.Call
	mu      sync.Mutex
	follows map[stream.ID]stream.Position
}

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

func (c *client) keyed(key string) request.Call {
	call := c.call
	call.Key = key
	return call
}

func (c *client) create() wire.Party {
	c.Helper()
	return c.state(c.h.Create(c.Context(), c.call, &wire.PartyCreate{}))
}

func (c *client) join(code string) (request.Reply, error) {
	return c.h.Join(c.Context(), c.call, &wire.PartyJoin{Code: code})
}

func (w *world) state(reply request.Reply, err error) wire.Party {
	w.Helper()
	if err != nil {
		w.Fatalf("refused: %v", err)
	}
	return reply.Data.(wire.PartyState).Party
}

// eventsOf returns the payloads of an event on a user's own stream.
func eventsOf[T any](w *world, user, event string) []T {
	w.Helper()
	caught, err := w.memory.CatchUp(w.Context(), userstream.StreamID(user), stream.Position{})
	if err != nil {
		w.Fatal(err)
	}
	var all []T
	for _, r := range caught.Records {
		var payload T
		if r.Name != event {
			continue
		}
		if err := json.Unmarshal(r.Data, &payload); err != nil {
			w.Fatal(err)
		}
		all = append(all, payload)
	}
	return all
}
