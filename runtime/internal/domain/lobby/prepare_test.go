package lobby

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/wire"
)

// leavesAfterLoad makes bob leave through the other pod after each of the first loads, and join
// again before the next load.
func leavesAfterLoad(w *world, id string, loads int) {
	other := w.connect("bob", "bob-2", 1)
	hook := func(load func()) { load() }
	hook = func(load func()) {
		w.store.aroundLoad = nil
		if loads--; loads < 0 {
			load()
			return
		}
		if !w.doc(id).Has("bob") {
			w.state(other.join(id))
		}
		load()
		if _, err := other.h.Leave(w.Context(), other.call, &wire.LobbyLeave{LobbyID: id}); err != nil {
			w.Error(err)
		}
		w.store.aroundLoad = hook
	}
	w.store.aroundLoad = hook
}

// A member who joins needs no membership; without the membership at the commit, it does.
func TestJoinIsPreparedAgainAfterAChange(t *testing.T) {
	w := newWorld(t, nil)
	bob := w.client("bob")
	id := w.client("ann").create().ID
	w.state(bob.join(id))
	leavesAfterLoad(w, id, 1)
	w.state(bob.join(id))
	member, in := w.doc(id).Members["bob"]
	if !in || member.MembershipID == "" {
		t.Fatalf("got member %+v, %v; want a member with a reserved membership", member, in)
	}
	entries, err := w.memory.List(t.Context(), lobbiesOf("bob"))
	if d := cmp.Diff([]string{entry(id, member.MembershipID)}, entries); err != nil || d != "" {
		t.Errorf("memberships %v (-want +got):\n%s", err, d)
	}
}

func TestJoinEndsWithAConflict(t *testing.T) {
	w := newWorld(t, nil)
	bob := w.client("bob")
	id := w.client("ann").create().ID
	w.state(bob.join(id))
	// The first load decides, and the load of the commit follows; both precede a departure.
	leavesAfterLoad(w, id, 2*attempts)
	if _, err := bob.join(id); !errors.Is(err, stream.ErrConflict) {
		t.Errorf("got %v, want ErrConflict", err)
	}
	if entries, err := w.memory.List(t.Context(), lobbiesOf("bob")); err != nil || len(entries) > 0 {
		t.Errorf("got memberships %v, %v; want none", entries, err)
	}
}
