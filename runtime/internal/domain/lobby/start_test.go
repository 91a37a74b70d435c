package lobby

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/anteroom/anteroom/runtime/wire"
)

// readyPolicy wants everyone ready, and counts down five seconds.
func readyPolicy(change func(*ReadyPolicy)) Policy {
	p := testPolicy()
	p.Ready = ReadyPolicy{Required: true, Countdown: 5 * time.Second, ClearOnChange: true}
	if change != nil {
		change(&p.Ready)
	}
	return p
}

func ready(t *testing.T, l Lobby, users ...string) Lobby {
	t.Helper()
	for _, user := range users {
		l = after(t)(l.Ready(user, true, t0))
	}
	return l
}

func TestStartRules(t *testing.T) {
	two := lobbyOf(t, readyPolicy(nil), "ann", "bob")
	both := ready(t, two, "ann", "bob")
	half := readyPolicy(func(r *ReadyPolicy) { r.MinPercent = 50 })
	starting := after(t)(both.Start("ann", t0))
	locked := true
	cases := []struct {
		name  string
		in    Lobby
		actor string
		want  *wire.Error
	}{
		{"start", both, "ann", nil},
		{"half of them", ready(t, lobbyOf(t, half, "ann", "bob"), "bob"), "ann", nil},
		{"less than half", lobbyOf(t, half, "ann", "bob"), "ann", &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonNotReady}},
		{"not all ready", ready(t, two, "ann"), "ann", &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonNotReady}},
		{"nobody has to be", lobbyOf(t, readyPolicy(func(r *ReadyPolicy) { r.Required = false }), "ann", "bob"), "ann", nil},
		{"too few", ready(t, lobbyOf(t, readyPolicy(nil), "ann"), "ann"), "ann", &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonNotReady}},
		{"not the host", both, "bob", &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonNotHost}},
		{"a stranger", both, "eve", &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonNotMember}},
		{"twice", starting, "ann", &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonLobbyStarting}},
		{"locked", after(t)(both.Update(UpdateCommand{Actor: "ann", Set: wire.LobbySet{Locked: &locked}}, t0)), "ann", nil},
		{"closed", after(t)(both.Close("ann", t0)), "ann", &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonLobbyClosed}},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			next, patches, err := tc.in.Start(tc.actor, t0)
			wantRefusal(t, err, tc.want)
			if err != nil {
				return
			}
			if next.Status != wire.LobbyStarting || next.StartsAt != ms(t0.Add(5*time.Second)) {
				t.Errorf("%s until %d", next.Status, next.StartsAt)
			}
			if len(patches) != 2 || patches[0].Event() != wire.EventLobbyPatch ||
				patches[1].Event() != wire.EventLobbyStarting || patches[1].StartsAt != next.StartsAt || len(patches[1].Ops) != 1 {
				t.Errorf("patches %+v", patches)
			}
			if at, _ := next.NextDeadline(); !at.Equal(t0.Add(5 * time.Second)) {
				t.Errorf("looked at %v", at)
			}
		})
	}
}

func TestCountdownToTheMatchAndBack(t *testing.T) {
	locked := true
	l := ready(t, lobbyOf(t, readyPolicy(nil), "ann", "bob"), "ann", "bob")
	l = after(t)(l.Update(UpdateCommand{Actor: "ann", Set: wire.LobbySet{Locked: &locked}}, t0))
	l = after(t)(l.Start("ann", t0))
	_, patches, _ := l.Tick(0, t0.Add(4999*time.Millisecond))
	if len(patches) != 0 {
		t.Fatalf("before its time: %v", causes(patches))
	}
	l, patches, _ = l.Tick(0, t0.Add(5*time.Second))
	if d := cmp.Diff([]string{"match_started ann ", "match_started  "}, causes(patches)); d != "" {
		t.Fatal(d)
	}
	handoff := patches[1]
	if handoff.Event() != wire.EventLobbyHandoff || handoff.Match.ID != l.Match.ID || OfMatch(l.Match.ID) != l.ID {
		t.Errorf("handoff %+v", handoff)
	}
	want := map[string]wire.MatchPlayer{"ann": {Slot: 0}, "bob": {Slot: 1}}
	if d := cmp.Diff(want, l.Match.Players); d != "" || l.Status != wire.LobbyInMatch || l.View().MatchID != l.Match.ID {
		t.Errorf("in match %s: %s", l.Status, d)
	}
	_, _, err := l.Join(JoinCommand{User: by("eve")}, t0)
	wantRefusal(t, err, &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonLobbyStarted})
	_, _, err = l.CancelStart("ann", t0)
	wantRefusal(t, err, &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonNotStarting})
	if public := l.PublicView(); public.Match != nil {
		t.Error("strangers see the match")
	}

	_, _, err = l.Report(Report{MatchID: l.ID + ".1"}, t0)
	wantRefusal(t, err, &wire.Error{Code: wire.CodeNotFound})
	_, _, err = l.Report(Report{MatchID: l.Match.ID, Connection: wire.Attributes{"a": []any{}}}, t0)
	wantRefusal(t, err, &wire.Error{Code: wire.CodeInvalidArgument, Field: "connection.a"})
	_, _, err = l.Report(Report{MatchID: l.Match.ID, Connection: wire.Attributes{"a": strings.Repeat("x", 2048)}}, t0)
	wantRefusal(t, err, &wire.Error{Code: wire.CodeResourceExhausted, Field: "connection"})
	l, patches, err = l.Report(Report{MatchID: l.Match.ID, Connection: wire.Attributes{"host": "10.0.0.1"}}, t0)
	if err != nil || len(patches) != 2 || patches[1].Event() != wire.EventLobbyHandoff || patches[1].Match.Connection["host"] != "10.0.0.1" {
		t.Fatalf("%v, %+v", err, patches)
	}
	l = after(t)(l.Report(Report{MatchID: l.Match.ID, Ended: true, Reason: "won"}, t0.Add(time.Minute)))
	if l.Status != wire.LobbyLocked || l.Match != nil || l.Members["ann"].Ready {
		t.Errorf("after the match %+v", l.View())
	}
}

func TestAutoStart(t *testing.T) {
	p := readyPolicy(func(r *ReadyPolicy) { r.AutoStart, r.Required = true, false })
	l := lobbyOf(t, p, "ann", "bob")
	l = ready(t, l, "ann")
	if l.Status != wire.LobbyOpen {
		t.Fatalf("%s with one ready", l.Status)
	}
	l, patches, _ := l.Ready("bob", true, t0)
	if d := cmp.Diff([]string{"member_ready bob ", "starting  ", "starting  "}, causes(patches)); d != "" {
		t.Fatal(d)
	}
	unready, patches, _ := l.Ready("bob", false, t0)
	if d := cmp.Diff([]string{"member_ready bob ", "start_cancelled  not_ready"}, causes(patches)); d != "" || unready.Status != wire.LobbyOpen {
		t.Fatal(unready.Status, d)
	}
	left, patches, _ := l.Leave(Actor{ID: "bob"}, 0, t0)
	if d := cmp.Diff([]string{"member_left bob ", "start_cancelled  not_ready"}, causes(patches)); d != "" || left.StartsAt != 0 {
		t.Fatal(d)
	}
	cancelled := after(t)(l.CancelStart("ann", t0))
	if cancelled.Status != wire.LobbyOpen || cancelled.Members["bob"].Ready {
		t.Errorf("cancelled %+v", cancelled.View())
	}
	p.Ready.Countdown = 0
	at := ready(t, lobbyOf(t, p, "ann", "bob"), "ann", "bob")
	if at.Status != wire.LobbyInMatch {
		t.Errorf("without a countdown it is %s", at.Status)
	}
}

func TestAMatchIsNotIdle(t *testing.T) {
	l := ready(t, lobbyOf(t, readyPolicy(nil), "ann", "bob"), "ann", "bob")
	l = after(t)(l.Start("ann", t0))
	l = after(t)(l.Tick(0, t0.Add(5*time.Second)))
	l = after(t)(l.Tick(0, t0.Add(time.Hour)))
	if l.Closed() {
		t.Error("closed in its match")
	}
	closed, patches, _ := l.Close("ann", t0.Add(time.Hour))
	if d := cmp.Diff([]string{"closed ann closed_by_host"}, causes(patches)); d != "" || closed.Match != nil {
		t.Error(d)
	}
	if _, patches, err := closed.Shut("x", t0); err != nil || len(patches) > 0 {
		t.Errorf("closed twice: %v", err)
	}
}
