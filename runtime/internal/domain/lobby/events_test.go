package lobby

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/anteroom/anteroom/runtime/internal/domain/lobby/rules"
	"github.com/anteroom/anteroom/runtime/wire"
)

// witness writes down what a service tells.
type witness struct {
	mu  sync.Mutex
	all []string
	// noticed are the notices so far; the first try of each fails.
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
		return errors.New("does not matter")
	case 2:
		w.all = append(w.all, fmt.Sprintf("%s: %s by %s", user, n.Kind, n.FromID))
	}
	return nil
}

func TestWhatOthersAreTold(t *testing.T) {
	w := newWorld(t, nil)
	seen := &witness{}
	for _, pod := range w.pods {
		pod.service.Observer, pod.service.Notifier = seen, seen
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
		t.Errorf("told (-want +got):\n%s", d)
	}
}
