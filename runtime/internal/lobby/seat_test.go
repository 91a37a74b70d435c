package lobby

import (
	"testing"
	"time"

	"github.com/anteroom/anteroom/runtime/wire"
)

func TestSeated(t *testing.T) {
	w := newWorld(t, nil)
	ann, bob := w.client("ann"), w.connect("bob", "bob-1", 1)
	before := ann.create() // she is in a lobby of the type already
	cmd := SeatCommand{Teams: [][]Actor{{{ID: "ann", Name: "Ann"}}, {{ID: "bob"}, {ID: "cid"}}}}
	l, err := ann.h.service.Seated(t.Context(), "duel", "m1", cmd)
	if err != nil {
		t.Fatal(err)
	}
	again, err := bob.h.service.Seated(t.Context(), "duel", "m1", cmd)
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
	wantRefusal(t, err, &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonLobbyLocked})
	w.pass(30 * time.Second)
	if now := w.doc(l.ID); now.Has("cid") || !now.Has("ann") || !now.Has("bob") {
		t.Errorf("after the grace: %v", now.Members)
	}
	if now := w.doc(before.ID); !now.Has("ann") {
		t.Error("ann's other lobby lost her")
	}
	_, err = ann.h.service.Seated(t.Context(), "duel", "m2", SeatCommand{Teams: [][]Actor{{by("a"), by("b"), by("c"), by("d"), by("e")}}})
	wantRefusal(t, err, &wire.Error{Code: wire.CodeInvalidArgument, Field: "teams"})
	_, err = ann.h.service.Seated(t.Context(), "chess", "m3", cmd)
	wantRefusal(t, err, &wire.Error{Code: wire.CodeInvalidArgument, Field: "type"})
}
