package lobby

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/anteroom/anteroom/runtime/internal/domain/lobby/rules"
	"github.com/anteroom/anteroom/runtime/wire"
)

// witness records the events of a service.
type witness struct {
	mu  sync.Mutex
	all []string
	// noticed counts the attempts of each notice; the first attempt fails.
	noticed map[string]int
}

func (w *witness) note(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.all = append(w.all, fmt.Sprintf(format, args...))
}

func (w *witness) take() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := w.all
	w.all = nil
	return all
}

func (w *witness) Joined(_ context.Context, user, _ string)              { w.note("joined %s", user) }
func (w *witness) Left(_ context.Context, user, _ string)                { w.note("left %s", user) }
func (w *witness) MatchStarted(_ context.Context, us []string, _ string) { w.note("started %v", us) }
func (w *witness) MatchEnded(_ context.Context, us []string, _ string)   { w.note("ended %v", us) }
func (w *witness) Notify(_ context.Context, user string, n Notice) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.noticed == nil {
		w.noticed = map[string]int{}
	}
	switch w.noticed[n.ID]++; w.noticed[n.ID] {
	case 1:
		return errors.New("notification failed")
	case 2:
		w.all = append(w.all, fmt.Sprintf("%s: %s by %s", user, n.Kind, n.FromID))
	}
	return nil
}

func TestEventsOfAJoinAndAKick(t *testing.T) {
	w := newWorld(t, nil)
	seen := &witness{}
	for _, pod := range w.pods {
		pod.service.Events = seen
	}
	ann, bob := w.client("ann"), w.connect("bob", "bob-1", 1)
	l := ann.create()
	w.state(bob.join(l.ID))
	w.state(bob.join(l.ID))
	if _, err := ann.h.Kick(t.Context(), ann.keyed("k"), &wire.LobbyKick{LobbyID: l.ID, UserID: "bob"}); err != nil {
		t.Fatal(err)
	}
	if _, err := ann.h.Kick(t.Context(), ann.keyed("k"), &wire.LobbyKick{LobbyID: l.ID, UserID: "bob"}); err != nil {
		t.Fatal(err)
	}
	w.pass(rules.RetryAfter)
	if _, err := ann.h.Leave(t.Context(), ann.call, &wire.LobbyLeave{LobbyID: l.ID}); err != nil {
		t.Fatal(err)
	}
	want := []string{"joined ann", "joined bob", "left bob", "bob: kicked by ann", "left ann"}
	if d := cmp.Diff(want, seen.take()); d != "" {
		t.Errorf("events (-want +got):\n%s", d)
	}
}

// Every difference between two versions of a lobby, and the events that report it.
func TestEventsOfADifference(t *testing.T) {
	lobby := func(status wire.LobbyStatus, members ...string) rules.Lobby {
		l := rules.Lobby{ID: "l", Status: status, Members: map[string]rules.Member{}}
		for _, id := range members {
			l.Members[id] = rules.Member{}
		}
		return l
	}
	for name, tc := range map[string]struct {
		before, after rules.Lobby
		want          []string
	}{
		"a join":                     {lobby(wire.LobbyOpen, "ann"), lobby(wire.LobbyOpen, "ann", "bob"), []string{"joined bob"}},
		"a departure":                {lobby(wire.LobbyOpen, "ann", "bob"), lobby(wire.LobbyOpen, "ann"), []string{"left bob"}},
		"no difference":              {lobby(wire.LobbyOpen, "ann"), lobby(wire.LobbyLocked, "ann"), nil},
		"a start":                    {lobby(wire.LobbyStarting, "ann", "bob"), lobby(wire.LobbyInMatch, "ann", "bob"), []string{"started [ann bob]"}},
		"a start with a join":        {lobby(wire.LobbyOpen, "ann"), lobby(wire.LobbyInMatch, "ann", "bob"), []string{"joined bob", "started [ann bob]"}},
		"a join during the match":    {lobby(wire.LobbyInMatch, "ann"), lobby(wire.LobbyInMatch, "ann", "bob"), []string{"joined bob", "started [bob]"}},
		"an end":                     {lobby(wire.LobbyInMatch, "ann", "bob"), lobby(wire.LobbyOpen, "ann", "bob"), []string{"ended [ann bob]"}},
		"a departure from the match": {lobby(wire.LobbyInMatch, "ann", "bob"), lobby(wire.LobbyInMatch, "ann"), []string{"left bob"}},
		"a closing":                  {lobby(wire.LobbyOpen, "ann", "bob"), lobby(wire.LobbyClosed, "ann", "bob"), []string{"left ann", "left bob"}},
		"a closing in the match":     {lobby(wire.LobbyInMatch, "ann"), lobby(wire.LobbyClosed, "ann"), []string{"ended [ann]", "left ann"}},
		"a closed lobby":             {lobby(wire.LobbyClosed, "ann"), lobby(wire.LobbyClosed, "ann"), nil},
		"a new lobby":                {lobby(wire.LobbyClosed), lobby(wire.LobbyOpen, "ann"), []string{"joined ann"}},
	} {
		seen := &witness{}
		s := &Service{Ports: Ports{Events: seen}}
		s.reportEvents(t.Context(), tc.before, tc.after)
		if d := cmp.Diff(tc.want, seen.take()); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
}

// A notice is sent within its window, and not again after a refusal.
func TestNoticesHaveAWindow(t *testing.T) {
	w := newWorld(t, nil)
	s := w.pods[0].service
	for name, tc := range map[string]struct {
		age         time.Duration
		idempotency time.Duration
		want        int
	}{
		"new":                               {0, time.Hour, 1},
		"at the end of the window":          {noticeWindow, time.Hour, 1},
		"after the window":                  {noticeWindow + time.Millisecond, time.Hour, 0},
		"within half of the idempotency":    {15 * time.Second, 30 * time.Second, 1},
		"after half of the idempotency TTL": {15*time.Second + time.Millisecond, 30 * time.Second, 0},
	} {
		seen := &witness{}
		s.Events, s.IdempotencyTTL = seen, tc.idempotency
		at := w.clock().Add(-tc.age).UnixMilli()
		_ = s.sendNotice(t.Context(), "bob", rules.Lobby{ID: "l"}, at, Notice{ID: "n"})
		if got := seen.noticed["n"]; got != tc.want {
			t.Errorf("%s: got %d calls, want %d", name, got, tc.want)
		}
	}
	s.Events = refusing{&witness{}}
	if err := s.sendNotice(t.Context(), "bob", rules.Lobby{}, w.clock().UnixMilli(), Notice{}); err != nil {
		t.Errorf("refused notice: got %v, want no error", err)
	}
}

// refusing refuses all notices.
type refusing struct{ *witness }

func (refusing) Notify(context.Context, string, Notice) error {
	return wire.Refuse(wire.CodeResourceExhausted, "the inbox is full")
}
