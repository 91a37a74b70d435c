package notify

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/internal/core/stream/streamtest"
	"github.com/anteroom/anteroom/runtime/internal/core/userstream"
	"github.com/anteroom/anteroom/runtime/wire"
)

// t0 is the start time of the tests.
var t0 = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

var testRules = Rules{MaxPerUser: 5, Retention: time.Hour, Call: true, CallAfter: 10 * time.Second}

func wantRefusal(t *testing.T, err error, code wire.Code, field string) {
	t.Helper()
	var got *wire.Error
	if !errors.As(err, &got) || got.Code != code || got.Field != field {
		t.Errorf("error %v, want %s at %q", err, code, field)
	}
}

func itemIDs(b Inbox) []string {
	all := []string{}
	for _, i := range b.Items {
		all = append(all, i.ID)
	}
	return all
}

// filled returns an inbox with items one second apart.
func filled(t testing.TB, names ...string) Inbox {
	t.Helper()
	b := Inbox{UserID: "ann"}
	for i, name := range names {
		b, _ = b.Add(Notification{ID: name, Type: "x"}, testRules, false, t0.Add(time.Duration(i)*time.Second))
	}
	if d := cmp.Diff(names, itemIDs(b)); d != "" {
		t.Fatal(d)
	}
	return b
}

// world is a cluster of two pods on a store in memory, with its own clock.
type world struct {
	testing.TB
	memory *streamtest.Memory
	pods   [2]*Service

	mu     sync.Mutex
	now    time.Time
	online map[string]bool
	calls  []string // ids
	pushes []string // "session event notification", to one session
	bodies []string
	fails  int // the number of next calls that fail,
	with   error
}

func newWorld(t testing.TB) *world {
	w := &world{TB: t, now: t0, online: map[string]bool{}, with: errors.New("no answer")}
	w.memory = streamtest.New(streamtest.WithClock(w.clock))
	for i := range w.pods {
		w.pods[i] = NewService(Ports{
			Store: w.memory, Names: w.memory, Sets: w.memory, Deadlines: w.memory.Deadlines(), Connections: w.away, Call: w.call, Push: w.push,
		}, Settings{
			Rules: testRules, HistorySize: 1000, HistoryTTL: 10 * time.Minute, IdempotencyTTL: 5 * time.Minute, Now: w.clock,
		})
	}
	return w
}

func (w *world) clock() time.Time { w.mu.Lock(); defer w.mu.Unlock(); return w.now }

func (w *world) away(_ context.Context, userID string) (Connections, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return Connections{Online: w.online[userID]}, nil
}

func (w *world) call(_ context.Context, id string, body []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls, w.bodies = append(w.calls, id), append(w.bodies, string(body))
	if w.fails > 0 {
		w.fails--
		return w.with
	}
	return nil
}

func (w *world) push(sessionID, event string, payload json.RawMessage) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var n wire.NotifyNew
	_ = json.Unmarshal(payload, &n)
	w.pushes = append(w.pushes, strings.TrimSpace(sessionID+" "+event+" "+n.Notification.Type))
}

func (w *world) called() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]string{}, w.calls...)
}

func (w *world) connected(user string, is bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.online[user] = is
}

// pass advances the clock and runs the due deadlines on both pods, until none is due.
func (w *world) pass(d time.Duration) {
	w.Helper()
	w.mu.Lock()
	w.now = w.now.Add(d)
	w.mu.Unlock()
	for range 50 {
		looked := 0
		for _, pod := range w.pods {
			n, err := w.memory.Deadlines().Tick(w.Context(), func(ctx context.Context, id stream.ID) (time.Time, error) {
				if id.Kind() == TopicDeliveryKind {
					return pod.OnDeliveryDeadline(ctx, id)
				}
				return pod.OnDeadline(ctx, id)
			})
			if err != nil {
				w.Fatalf("deadline: %v", err)
			}
			looked += n
		}
		if looked == 0 {
			return
		}
	}
	w.Fatal("a deadline is always due, want none in the end")
}

func (w *world) notify(user string, n Notification) string {
	w.Helper()
	id, err := w.pods[0].Notify(w.Context(), user, n)
	if err != nil {
		w.Fatal(err)
	}
	return id
}

func (w *world) inbox(user string) Inbox {
	w.Helper()
	b, err := w.pods[1].load(w.Context(), user)
	if err != nil {
		w.Fatal(err)
	}
	return b
}

func callOf(user, key string) request.Call {
	return request.Call{Caller: request.Caller{User: request.User{ID: user}, SessionID: user + "-1"}, Key: key}
}

// told returns the payloads of an event on a user stream.
func told[T any](w *world, user, event string) []T {
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
