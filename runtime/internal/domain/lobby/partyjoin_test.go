package lobby

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/anteroom/anteroom/runtime/internal/domain/lobby/rules"
	"github.com/anteroom/anteroom/runtime/internal/domain/lobby/rules/rulestest"
	"github.com/anteroom/anteroom/runtime/wire"
)

// joinedBy returns the lobby:joined events of a user.
func (w *world) joinedBy(user string) []wire.LobbyJoined {
	w.Helper()
	var all []wire.LobbyJoined
	for _, r := range w.log(userStreamOf(user)) {
		var joined wire.LobbyJoined
		if err := json.Unmarshal(r.Data, &joined); err != nil || r.Name != wire.EventLobbyJoined {
			w.Fatalf("%s %s: %v", r.Name, r.Data, err)
		}
		all = append(all, joined)
	}
	return all
}

func TestJoinWithAParty(t *testing.T) {
	w := newWorld(t, nil)
	ann, bob, eve := w.client("ann"), w.connect("bob", "bob-1", 1), w.client("eve")
	l := eve.create()
	req := &wire.LobbyJoin{LobbyID: l.ID, PartyID: testParty}
	got := w.state(ann.h.Join(t.Context(), ann.keyed("k"), req))
	if len(got.Members) != 4 || got.Version != 2 {
		t.Fatalf("after the join: %+v", got)
	}
	want := []wire.LobbyJoined{{LobbyID: l.ID, Type: "duel", PartyID: testParty, FromID: "ann", FromName: "Name ann", Reason: wire.JoinedWithParty, ExpiresAt: w.clock().Add(30 * time.Second).UnixMilli()}}
	for _, user := range []string{"bob", "cid"} {
		if d := cmp.Diff(want, w.joinedBy(user)); d != "" {
			t.Errorf("events of %s (-want +got):\n%s", user, d)
		}
		if groups, _ := w.pods[0].service.memberships.Groups(t.Context(), lobbiesOf(user)); !slices.Equal(groups, []string{l.ID}) {
			t.Errorf("%s counts %v", user, groups)
		}
	}
	if again := w.state(ann.h.Join(t.Context(), ann.keyed("k"), req)); again.Version != 2 {
		t.Errorf("the same request again led to version %d", again.Version)
	}
	w.state(bob.h.Get(t.Context(), bob.call, &wire.LobbyGet{LobbyID: l.ID}))
	if m := w.doc(l.ID).Members["bob"]; !m.Connected() || m.Reserved != nil {
		t.Errorf("bob has come: %+v", m)
	}
	w.pass(31 * time.Second)
	if d := w.doc(l.ID); !d.Has("bob") || d.Has("cid") {
		t.Errorf("after the grace: %+v", d.Members)
	}
	if len(w.joinedBy("bob")) != 1 {
		t.Error("bob got lobby:joined twice")
	}
}

func TestPartyWithARefusedMember(t *testing.T) {
	w := newWorld(t, nil)
	ann, cid, eve := w.client("ann"), w.client("cid"), w.client("eve")
	cid.create() // and one lobby is all that a user may be in
	l := eve.create()
	refusal := lobbyLimit().At("partyId")
	_, err := ann.h.Join(t.Context(), ann.call, &wire.LobbyJoin{LobbyID: l.ID, PartyID: testParty})
	rulestest.WantRefusal(t, err, refusal)
	_, err = ann.h.Create(t.Context(), ann.call, &wire.LobbyCreate{Type: "duel", PartyID: testParty})
	rulestest.WantRefusal(t, err, refusal)
	if d := w.doc(l.ID); d.Version != 1 {
		t.Errorf("the lobby changed: %+v", d)
	}
	for _, user := range []string{"ann", "bob"} {
		if groups, _ := w.pods[0].service.memberships.Groups(t.Context(), lobbiesOf(user)); len(groups) != 0 {
			t.Errorf("%s counts %v", user, groups)
		}
	}
	_, err = eve.h.Join(t.Context(), eve.call, &wire.LobbyJoin{LobbyID: l.ID, PartyID: testParty})
	rulestest.WantRefusal(t, err, &wire.Error{Code: wire.CodeNotFound})
	_, err = ann.h.Join(t.Context(), ann.call, &wire.LobbyJoin{InviteID: l.ID + ".x", PartyID: testParty})
	rulestest.WantRefusal(t, err, &wire.Error{Code: wire.CodeInvalidArgument, Field: "partyId"})
}

func TestCreateWithAParty(t *testing.T) {
	w := newWorld(t, nil)
	ann := w.client("ann")
	l := w.state(ann.h.Create(t.Context(), ann.call, &wire.LobbyCreate{Type: "duel", PartyID: testParty}))
	if len(l.Members) != 3 || l.HostID != "ann" || len(w.joinedBy("cid")) != 1 {
		t.Errorf("made %+v", l)
	}
	bob := w.client("bob")
	_, err := bob.h.Create(t.Context(), bob.call, &wire.LobbyCreate{Type: "duel"})
	rulestest.WantRefusal(t, err, lobbyLimit(l.ID))
}

// A process dies after the commit of a party join: another process publishes lobby:joined.
func TestCompanionsAreNotifiedAfterACrash(t *testing.T) {
	w := newWorld(t, nil)
	ann, eve := w.client("ann"), w.client("eve")
	l := eve.create()
	w.dieAfterLobbyCommit(l.ID)
	if _, err := ann.h.Join(t.Context(), ann.keyed("k"), &wire.LobbyJoin{LobbyID: l.ID, PartyID: testParty}); err == nil {
		t.Fatal("the process did not die")
	}
	w.pass(rules.RetryAfter)
	if len(w.joinedBy("bob")) != 1 || len(w.joinedBy("cid")) != 1 {
		t.Errorf("lobby:joined of bob and cid: %v, %v", w.joinedBy("bob"), w.joinedBy("cid"))
	}
	if again := w.state(ann.h.Join(t.Context(), ann.keyed("k"), &wire.LobbyJoin{LobbyID: l.ID, PartyID: testParty})); again.Version != 2 {
		t.Errorf("the request again led to version %d", again.Version)
	}
}
