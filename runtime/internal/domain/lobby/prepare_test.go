package lobby

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/internal/domain/lobby/rules"
	"github.com/anteroom/anteroom/runtime/internal/domain/lobby/rules/rulestest"
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

// A reserved membership of a join is removed only when the join certainly did not use it.
func TestFinishJoinRemovesUnusedMemberships(t *testing.T) {
	l := rulestest.Lobby(t, rulestest.Policy(), "ann")
	member := func(id string) Outcome {
		with := l
		with.Members = map[string]rules.Member{"bob": {MembershipID: id}}
		return Outcome{Lobby: with}
	}
	for name, tc := range map[string]struct {
		out      Outcome
		err      error
		reserved string
		kept     bool
	}{
		"used":                           {member("m"), nil, "m", true},
		"a member by another membership": {member("other"), nil, "m", false},
		"refused":                        {Outcome{}, wire.Refuse(wire.CodeBanned, "no"), "m", false},
		"unknown":                        {Outcome{}, stream.ErrUnavailable, "m", true},
		"none reserved":                  {member("other"), nil, "", true},
	} {
		w := newWorld(t, nil)
		s, bob := w.pods[0].service, w.client("bob")
		if err := s.addMembership(t.Context(), "bob", "m", l); err != nil {
			t.Fatal(err)
		}
		cmd := rules.JoinCommand{User: rules.Actor{ID: "bob"}, MembershipID: tc.reserved}
		if _, err := s.finishJoin(t.Context(), bob.call, &cmd, l, tc.out, tc.err); (err != nil) != (tc.err != nil) {
			t.Errorf("%s: got %v, want %v", name, err, tc.err)
		}
		if entries, err := w.memory.List(t.Context(), lobbiesOf("bob")); err != nil || (len(entries) == 1) != tc.kept {
			t.Errorf("%s: got memberships %v, %v, want kept %v", name, entries, err, tc.kept)
		}
	}
}
