package rules_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/anteroom/anteroom/runtime/internal/domain/lobby/rules"
	"github.com/anteroom/anteroom/runtime/internal/domain/lobby/rules/rulestest"
	"github.com/anteroom/anteroom/runtime/wire"
)

// readyPolicy wants everyone ready, and counts down five seconds.
func readyPolicy(change func(*rules.ReadyPolicy)) rules.Policy {
	p := rulestest.Policy()
	p.Ready = rules.ReadyPolicy{Required: true, Countdown: 5 * time.Second, ClearOnChange: true}
	if change != nil {
		change(&p.Ready)
	}
	return p
}

func ready(t *testing.T, l rules.Lobby, users ...string) rules.Lobby {
	t.Helper()
	for _, user := range users {
		l = rulestest.After(t)(l.Ready(user, true, rulestest.T0))
	}
	return l
}

func TestStartRules(t *testing.T) {
	two := rulestest.Lobby(t, readyPolicy(nil), "ann", "bob")
	both := ready(t, two, "ann", "bob")
	half := readyPolicy(func(r *rules.ReadyPolicy) { r.MinPercent = 50 })
	starting := rulestest.After(t)(both.Start("ann", rulestest.T0))
	locked := true
	cases := []struct {
		name  string
		in    rules.Lobby
		actor string
		want  *wire.Error
	}{
		{"start", both, "ann", nil},
		{"half of them", ready(t, rulestest.Lobby(t, half, "ann", "bob"), "bob"), "ann", nil},
		{"less than half", rulestest.Lobby(t, half, "ann", "bob"), "ann", &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonNotReady}},
		{"not all ready", ready(t, two, "ann"), "ann", &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonNotReady}},
		{"nobody has to be", rulestest.Lobby(t, readyPolicy(func(r *rules.ReadyPolicy) { r.Required = false }), "ann", "bob"), "ann", nil},
		{"too few", ready(t, rulestest.Lobby(t, readyPolicy(nil), "ann"), "ann"), "ann", &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonNotReady}},
		{"not the host", both, "bob", &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonNotHost}},
		{"a stranger", both, "eve", &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonNotMember}},
		{"twice", starting, "ann", &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonLobbyStarting}},
		{"locked", rulestest.After(t)(both.Update(rules.UpdateCommand{Actor: "ann", Set: wire.LobbySet{Locked: &locked}}, rulestest.T0)), "ann", nil},
		{"closed", rulestest.After(t)(both.Close("ann", rulestest.T0)), "ann", &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonLobbyClosed}},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			next, patches, err := tc.in.Start(tc.actor, rulestest.T0)
			rulestest.WantRefusal(t, err, tc.want)
			if err != nil {
				return
			}
			if next.Status != wire.LobbyStarting || next.StartsAt != rulestest.T0.Add(5*time.Second).UnixMilli() {
				t.Errorf("%s until %d", next.Status, next.StartsAt)
			}
			if len(patches) != 2 || patches[0].Event() != wire.EventLobbyPatch ||
				patches[1].Event() != wire.EventLobbyStarting || patches[1].StartsAt != next.StartsAt || len(patches[1].Ops) != 1 {
				t.Errorf("patches %+v", patches)
			}
			if at, _ := next.NextTick(); !at.Equal(rulestest.T0.Add(5 * time.Second)) {
				t.Errorf("deadline %v", at)
			}
		})
	}
}

func TestCountdownToTheMatchAndBack(t *testing.T) {
	locked := true
	l := ready(t, rulestest.Lobby(t, readyPolicy(nil), "ann", "bob"), "ann", "bob")
	l = rulestest.After(t)(l.Update(rules.UpdateCommand{Actor: "ann", Set: wire.LobbySet{Locked: &locked}}, rulestest.T0))
	l = rulestest.After(t)(l.Start("ann", rulestest.T0))
	_, patches, _ := l.Tick(0, rulestest.T0.Add(4999*time.Millisecond))
	if len(patches) != 0 {
		t.Fatalf("before its time: %v", rulestest.Causes(patches))
	}
	l, patches, _ = l.Tick(0, rulestest.T0.Add(5*time.Second))
	if d := cmp.Diff([]string{"match_started ann ", "match_started  "}, rulestest.Causes(patches)); d != "" {
		t.Fatal(d)
	}
	handoff := patches[1]
	if handoff.Event() != wire.EventLobbyHandoff || handoff.Match.ID != l.Match.ID || rules.OfMatch(l.Match.ID) != l.ID {
		t.Errorf("handoff %+v", handoff)
	}
	want := map[string]wire.MatchPlayer{"ann": {Slot: 0}, "bob": {Slot: 1}}
	if d := cmp.Diff(want, l.Match.Players); d != "" || l.Status != wire.LobbyInMatch || l.View().MatchID != l.Match.ID {
		t.Errorf("in match %s: %s", l.Status, d)
	}
	_, _, err := l.Join(rules.JoinCommand{User: rulestest.Actor("eve")}, rulestest.T0)
	rulestest.WantRefusal(t, err, &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonLobbyStarted})
	_, _, err = l.CancelStart("ann", rulestest.T0)
	rulestest.WantRefusal(t, err, &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonNotStarting})
	if public := l.PublicView(); public.Match != nil {
		t.Error("strangers see the match")
	}

	_, _, err = l.Report(rules.Report{MatchID: l.ID + ".1"}, rulestest.T0)
	rulestest.WantRefusal(t, err, &wire.Error{Code: wire.CodeNotFound})
	_, _, err = l.Report(rules.Report{MatchID: l.Match.ID, Connection: wire.Attributes{"a": []any{}}}, rulestest.T0)
	rulestest.WantRefusal(t, err, &wire.Error{Code: wire.CodeInvalidArgument, Field: "connection.a"})
	_, _, err = l.Report(rules.Report{MatchID: l.Match.ID, Connection: wire.Attributes{"a": strings.Repeat("x", 2048)}}, rulestest.T0)
	rulestest.WantRefusal(t, err, &wire.Error{Code: wire.CodeResourceExhausted, Field: "connection"})
	l, patches, err = l.Report(rules.Report{MatchID: l.Match.ID, Connection: wire.Attributes{"host": "10.0.0.1"}}, rulestest.T0)
	if err != nil || len(patches) != 2 || patches[1].Event() != wire.EventLobbyHandoff || patches[1].Match.Connection["host"] != "10.0.0.1" {
		t.Fatalf("%v, %+v", err, patches)
	}
	l = rulestest.After(t)(l.Report(rules.Report{MatchID: l.Match.ID, Ended: true, Reason: "won"}, rulestest.T0.Add(time.Minute)))
	if l.Status != wire.LobbyLocked || l.Match != nil || l.Members["ann"].Ready {
		t.Errorf("after the match %+v", l.View())
	}
}

func TestAutoStart(t *testing.T) {
	p := readyPolicy(func(r *rules.ReadyPolicy) { r.AutoStart, r.Required = true, false })
	l := rulestest.Lobby(t, p, "ann", "bob")
	l = ready(t, l, "ann")
	if l.Status != wire.LobbyOpen {
		t.Fatalf("%s with one ready", l.Status)
	}
	l, patches, _ := l.Ready("bob", true, rulestest.T0)
	if d := cmp.Diff([]string{"member_ready bob ", "starting  ", "starting  "}, rulestest.Causes(patches)); d != "" {
		t.Fatal(d)
	}
	unready, patches, _ := l.Ready("bob", false, rulestest.T0)
	if d := cmp.Diff([]string{"member_ready bob ", "start_cancelled  not_ready"}, rulestest.Causes(patches)); d != "" || unready.Status != wire.LobbyOpen {
		t.Fatal(unready.Status, d)
	}
	left, patches, _ := l.Leave(rules.Actor{ID: "bob"}, 0, rulestest.T0)
	if d := cmp.Diff([]string{"member_left bob ", "start_cancelled  not_ready"}, rulestest.Causes(patches)); d != "" || left.StartsAt != 0 {
		t.Fatal(d)
	}
	cancelled := rulestest.After(t)(l.CancelStart("ann", rulestest.T0))
	if cancelled.Status != wire.LobbyOpen || cancelled.Members["bob"].Ready {
		t.Errorf("cancelled %+v", cancelled.View())
	}
	p.Ready.Countdown = 0
	at := ready(t, rulestest.Lobby(t, p, "ann", "bob"), "ann", "bob")
	if at.Status != wire.LobbyInMatch {
		t.Errorf("without a countdown it is %s", at.Status)
	}
}

func TestAMatchIsNotIdle(t *testing.T) {
	l := ready(t, rulestest.Lobby(t, readyPolicy(nil), "ann", "bob"), "ann", "bob")
	l = rulestest.After(t)(l.Start("ann", rulestest.T0))
	l = rulestest.After(t)(l.Tick(0, rulestest.T0.Add(5*time.Second)))
	l = rulestest.After(t)(l.Tick(0, rulestest.T0.Add(time.Hour)))
	if l.Closed() {
		t.Error("closed in its match")
	}
	closed, patches, _ := l.Close("ann", rulestest.T0.Add(time.Hour))
	if d := cmp.Diff([]string{"closed ann closed_by_host"}, rulestest.Causes(patches)); d != "" || closed.Match != nil {
		t.Error(d)
	}
	if _, patches, err := closed.CloseByServer("x", rulestest.T0); err != nil || len(patches) > 0 {
		t.Errorf("closed twice: %v", err)
	}
}
