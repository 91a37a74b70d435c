package lobby

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/anteroom/anteroom/runtime/internal/domain/lobby/rules"
	"github.com/anteroom/anteroom/runtime/internal/domain/lobby/rules/rulestest"
	"github.com/anteroom/anteroom/runtime/wire"
)

func TestCreateReserved(t *testing.T) {
	w := newWorld(t, nil)
	ann, bob := w.client("ann"), w.connect("bob", "bob-1", 1)
	before := ann.create() // she is in a lobby of the type already
	cmd := rules.ReserveCommand{Teams: [][]rules.Actor{{{ID: "ann", Name: "Ann"}}, {{ID: "bob"}, {ID: "cid"}}}}
	l, err := ann.h.service.CreateReserved(t.Context(), "duel", "m1", cmd)
	if err != nil {
		t.Fatal(err)
	}
	again, err := bob.h.service.CreateReserved(t.Context(), "duel", "m1", cmd)
	if err != nil || again.ID != l.ID || again.Version != 1 {
		t.Errorf("the same key made %s at %d, %v", again.ID, again.Version, err)
	}
	if l.HostID != "ann" || l.Status != wire.LobbyLocked || l.Members["cid"].Team != "2" || l.Members["ann"].Connected() {
		t.Errorf("%+v", l)
	}
	got := w.state(bob.h.Get(t.Context(), bob.call, &wire.LobbyGet{LobbyID: l.ID}))
	if !got.Members["bob"].Connected || got.Members["bob"].Team != "2" {
		t.Errorf("bob came: %+v", got)
	}
	w.state(ann.h.Get(t.Context(), ann.call, &wire.LobbyGet{LobbyID: l.ID}))
	_, err = w.client("eve").join(l.ID)
	rulestest.WantRefusal(t, err, &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonLobbyLocked})
	w.pass(30 * time.Second)
	if now := w.doc(l.ID); now.Has("cid") || !now.Has("ann") || !now.Has("bob") {
		t.Errorf("after the grace: %v", now.Members)
	}
	if now := w.doc(before.ID); !now.Has("ann") {
		t.Error("ann's other lobby lost her")
	}
	_, err = ann.h.service.CreateReserved(t.Context(), "duel", "m2", rules.ReserveCommand{Teams: [][]rules.Actor{{rulestest.Actor("a"), rulestest.Actor("b"), rulestest.Actor("c"), rulestest.Actor("d"), rulestest.Actor("e")}}})
	rulestest.WantRefusal(t, err, &wire.Error{Code: wire.CodeInvalidArgument, Field: "teams"})
	_, err = ann.h.service.CreateReserved(t.Context(), "chess", "m3", cmd)
	rulestest.WantRefusal(t, err, &wire.Error{Code: wire.CodeInvalidArgument, Field: "type"})
}

// Users with reserved places get lobby:joined, and keep their places until its expiresAt, connected
// or not.
func TestReservedPlacesArePublishedAndKept(t *testing.T) {
	for name, tc := range map[string]struct {
		within, kept time.Duration
		reason       wire.JoinedReason
	}{
		"by a back end": {10 * time.Minute, 10 * time.Minute, wire.JoinedByServer},
		"for a second":  {time.Second, time.Second, wire.JoinedByServer},
		"by a match":    {0, 30 * time.Second, wire.JoinedByMatch},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, nil)
			begin := w.clock()
			l, err := w.pods[0].service.CreateReserved(t.Context(), "duel", "m1", rules.ReserveCommand{
				Teams: [][]rules.Actor{{{ID: "ann"}, {ID: "bob"}}}, Reason: tc.reason, ArriveWithin: tc.within,
			})
			if err != nil {
				t.Fatal(err)
			}
			want := []wire.LobbyJoined{{LobbyID: l.ID, Type: "duel", Reason: tc.reason, ExpiresAt: begin.Add(tc.kept).UnixMilli()}}
			first := min(2*rules.RetryAfter, tc.kept/2)
			w.pass(first) // no event is published again
			for _, user := range []string{"ann", "bob"} {
				if d := cmp.Diff(want, w.joinedBy(user)); d != "" {
					t.Errorf("events of %s (-want +got):\n%s", user, d)
				}
			}
			w.pass(tc.kept - first - time.Millisecond)
			bob := w.client("bob")
			if err := bob.h.service.SessionOpened(t.Context(), bob.call.Caller); err != nil {
				t.Fatal(err)
			}
			if m := w.doc(l.ID).Members["bob"]; !m.Connected() {
				t.Fatalf("bob connected in time: %+v", m)
			}
			w.pass(time.Millisecond)
			if now := w.doc(l.ID); now.Has("ann") || !now.Has("bob") {
				t.Errorf("after the time to come: %v", now.Members)
			}
			// From then on bob is a member like any other.
			if err := bob.h.service.SessionClosed(t.Context(), bob.call.Caller, nil); err != nil {
				t.Fatal(err)
			}
			w.pass(30*time.Second - time.Millisecond)
			if !w.doc(l.ID).Has("bob") {
				t.Error("bob lost its place within the policy's grace")
			}
			w.pass(time.Millisecond)
			if w.doc(l.ID).Has("bob") {
				t.Error("bob keeps its place beyond the policy's grace")
			}
		})
	}
}
