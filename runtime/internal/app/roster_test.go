package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/cluster/peer"
	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
)

// world is what a roster tells of sessions; it can be away.
type world struct {
	mu         sync.Mutex
	away       bool
	registered []string
	present    []string
	told       int
}

var errAway = fmt.Errorf("test: %w", stream.ErrUnavailable)

func (w *world) do(change func()) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.told++
	if w.away {
		return errAway
	}
	change()
	return nil
}

func (w *world) setAway(away bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.away = away
}

func with(list []string, s string) []string {
	list = append(without(list, s), s)
	slices.Sort(list)
	return list
}

func without(list []string, s string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(x string) bool { return x == s })
}

func (w *world) Add(_ context.Context, _ string, sessions ...peer.Session) error {
	return w.do(func() {
		for _, s := range sessions {
			w.registered = with(w.registered, s.ID)
		}
	})
}

func (w *world) Remove(_ context.Context, _ string, sessions ...string) error {
	return w.do(func() {
		for _, s := range sessions {
			w.registered = without(w.registered, s)
		}
	})
}

func (w *world) SessionOpened(_ context.Context, c request.Caller) error {
	return w.do(func() { w.present = with(w.present, c.SessionID) })
}

func (w *world) SessionClosed(_ context.Context, c request.Caller, _ []stream.ID) error {
	return w.do(func() { w.present = without(w.present, c.SessionID) })
}

func (w *world) Swept(ctx context.Context, pod string, s ...string) error {
	return w.Remove(ctx, pod, s...)
}
func (w *world) Renew(context.Context, string, time.Duration) (bool, error) {
	return false, errors.ErrUnsupported
}

func (w *world) Lapsed(context.Context, int, time.Duration) (string, []peer.Session, error) {
	return "", nil, errors.ErrUnsupported
}
func (w *world) Leave(context.Context, string) error { return errors.ErrUnsupported }

func (w *world) expect(t *testing.T, step string, want ...string) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if !slices.Equal(want, w.present) {
		t.Errorf("%s: present %v, want %v", step, w.present, want)
	}
	if !slices.Equal(want, w.registered) {
		t.Errorf("%s: registered %v, want %v", step, w.registered, want)
	}
}

func TestRoster(t *testing.T) {
	w := &world{}
	healthy := true
	r := newRoster("pod", w, w, func() bool { return healthy }, slog.New(slog.DiscardHandler))
	ctx := context.Background()
	c := func(id string) request.Caller {
		return request.Caller{User: request.User{ID: "user-" + id}, SessionID: id}
	}
	r.SessionOpened(ctx, c("a"))
	r.SessionOpened(ctx, c("b"))
	w.expect(t, "opened", "a", "b")
	r.SessionClosed(ctx, c("a"), nil)
	w.expect(t, "closed", "b")

	w.setAway(true)
	r.SessionClosed(ctx, c("b"), nil)
	r.SessionOpened(ctx, c("c"))
	r.SessionOpened(ctx, c("d"))
	r.SessionClosed(ctx, c("d"), nil)
	r.catchUp(ctx)
	w.expect(t, "while Redis is away", "b")
	if len(r.pending) != 3 {
		t.Errorf("%d wait, want b, c and d", len(r.pending))
	}

	w.setAway(false)
	healthy = false
	before := w.told
	r.SessionOpened(ctx, c("e"))
	r.catchUp(ctx)
	if w.told != before {
		t.Error("Redis was asked though it is known to be ill")
	}
	healthy = true
	r.catchUp(ctx)
	w.expect(t, "caught up", "c", "e")
	if len(r.pending) != 0 {
		t.Errorf("%d still wait", len(r.pending))
	}
}

func TestRosterOfOthers(t *testing.T) {
	w := &world{}
	r := newRoster("pod", w, w, func() bool { return true }, slog.New(slog.DiscardHandler))
	ctx := context.Background()
	r.SessionOpened(ctx, request.Caller{User: request.User{ID: "u"}, SessionID: "dead"})
	if err := r.gone(ctx, peer.Session{ID: "dead", UserID: "u"}); err != nil || len(w.present) != 0 {
		t.Errorf("a dead pod's session: %v, present %v", err, w.present)
	}
	w.registered = nil

	live := []peer.Session{{ID: "a"}, {ID: "b"}}
	r.returned(ctx, append(live, peer.Session{ID: "ended"}), func() []peer.Session { return live })
	w.expect(t, "returned", "a", "b")
}

func TestRosterIsBounded(t *testing.T) {
	r := newRoster("pod", &world{}, &world{}, func() bool { return false }, slog.New(slog.DiscardHandler))
	for i := range maxPending + 1 {
		r.SessionOpened(context.Background(), request.Caller{SessionID: fmt.Sprint(i)})
	}
	if len(r.pending) != maxPending {
		t.Errorf("%d wait, want %d", len(r.pending), maxPending)
	}
}
