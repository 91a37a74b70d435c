package lobby

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/oklog/ulid/v2"

	"github.com/anteroom/anteroom/runtime/internal/domain/lobby/rules"
	"github.com/anteroom/anteroom/runtime/internal/domain/lobby/rules/rulestest"
	"github.com/anteroom/anteroom/runtime/wire"
)

// TestPlacesAreFilledOnce: a repeated backfill gives no second place, and a lobby never has more
// players than places.
func TestPlacesAreFilledOnce(t *testing.T) {
	w := newWorld(t, func(p *rules.Policy) { p.Size.Max, p.Teams.Count, p.Teams.Size = 3, 2, 2 })
	ann, bob := w.client("ann"), w.connect("bob", "bob-1", 1)
	profile := json.RawMessage(`{"skill":1}`)
	l, err := ann.h.service.CreateReserved(t.Context(), "duel", "m1", rules.ReserveCommand{
		Teams:  [][]rules.Actor{{{ID: "ann"}}, {{ID: "bob"}}},
		Origin: &rules.Origin{Queue: "q", Match: "m1", Players: map[string]rules.OriginPlayer{"ann": {Team: 0, Profile: profile}, "bob": {Team: 1, Profile: profile}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	w.state(ann.h.Get(t.Context(), ann.call, &wire.LobbyGet{LobbyID: l.ID}))
	w.state(bob.h.Get(t.Context(), bob.call, &wire.LobbyGet{LobbyID: l.ID}))
	bring := func(pod int, membershipID string, teams ...[]rules.Actor) (rules.Lobby, error) {
		cmd := rules.BackfillCommand{MembershipID: membershipID, Teams: teams, Players: map[string]rules.OriginPlayer{}}
		for i, team := range teams {
			for _, user := range team {
				cmd.Players[user.ID] = rules.OriginPlayer{Team: i, Profile: profile}
			}
		}
		return w.pods[pod].service.Backfill(t.Context(), l.ID, cmd)
	}
	full := &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonLobbyFull}
	first := ulid.Make().String()
	_, err = bring(0, first, nil, []rules.Actor{{ID: "cid"}, {ID: "dan"}})
	rulestest.WantRefusal(t, err, full)
	for pod := range 2 {
		filled, err := bring(pod, first, nil, []rules.Actor{{ID: "cid", Name: "Cid"}})
		if err != nil || filled.Members["cid"].Team != "2" || filled.Members["cid"].Connected() || filled.Version != w.doc(l.ID).Version {
			t.Fatalf("cid on pod %d: %+v, %v", pod, filled.Members["cid"], err)
		}
	}
	if events := w.joinedBy("cid"); len(events) != 1 || events[0].LobbyID != l.ID || events[0].Reason != wire.JoinedByMatch {
		t.Errorf("events of cid: %+v", events)
	}
	version := w.doc(l.ID).Version
	_, err = bring(0, ulid.Make().String(), []rules.Actor{{ID: "dan"}})
	rulestest.WantRefusal(t, err, full)
	if now := w.doc(l.ID); now.Version != version || len(now.Members) != 3 {
		t.Errorf("after a refusal: %+v", now)
	}

	// Who left may be replaced, and is not known any more; who was thrown out stays out.
	if _, err := bob.h.Leave(t.Context(), bob.call, &wire.LobbyLeave{LobbyID: l.ID}); err != nil {
		t.Fatal(err)
	}
	if _, err := ann.h.Ban(t.Context(), ann.keyed("b"), &wire.LobbyBan{LobbyID: l.ID, UserID: "cid"}); err != nil {
		t.Fatal(err)
	}
	_, err = bring(1, ulid.Make().String(), nil, []rules.Actor{{ID: "cid"}})
	rulestest.WantRefusal(t, err, &wire.Error{Code: wire.CodeBanned})
	if _, err := bring(1, ulid.Make().String(), nil, []rules.Actor{{ID: "dan"}}); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(map[string]rules.OriginPlayer{"ann": {Team: 0, Profile: profile}, "dan": {Team: 1, Profile: profile}}, w.doc(l.ID).Origin.Players); d != "" {
		t.Errorf("brought (-want +got):\n%s", d)
	}
	w.pass(30 * time.Second) // dan does not come
	if now := w.doc(l.ID); now.Has("dan") || !now.Has("ann") {
		t.Errorf("after the grace: %v", now.Members)
	}

	other := w.client("eve").create()
	_, err = w.pods[0].service.Backfill(t.Context(), other.ID, rules.BackfillCommand{MembershipID: ulid.Make().String(), Teams: [][]rules.Actor{{{ID: "dan"}}}})
	rulestest.WantRefusal(t, err, &wire.Error{Code: wire.CodePermissionDenied})
}

// TestJoinDuringAMatchIsReported: a user who joins during a match is reported as a player.
func TestJoinDuringAMatchIsReported(t *testing.T) {
	w := newWorld(t, func(p *rules.Policy) { p.Join.LateJoin, p.Ready.Countdown = true, 0 })
	seen := &witness{}
	w.pods[0].service.Events = seen
	ann, bob, cid := w.client("ann"), w.client("bob"), w.client("cid")
	l := ann.create()
	w.state(bob.join(l.ID))
	if _, err := ann.h.Start(t.Context(), ann.call, &wire.LobbyRef{LobbyID: l.ID}); err != nil {
		t.Fatal(err)
	}
	w.state(cid.join(l.ID))
	want := []string{"joined ann", "joined bob", "started [ann bob]", "joined cid", "started [cid]"}
	if d := cmp.Diff(want, seen.take()); d != "" {
		t.Errorf("events (-want +got):\n%s", d)
	}
}
