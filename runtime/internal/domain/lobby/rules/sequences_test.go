package rules_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/internal/domain/lobby/rules"
	"github.com/anteroom/anteroom/runtime/internal/domain/lobby/rules/rulestest"
	"github.com/anteroom/anteroom/runtime/wire"
)

// Any sequence of commands, at moments that move on.
func TestPropertyOfSequences(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := rulestest.DrawPolicy(t)
		now := rulestest.T0
		l, patches, err := rules.Create(p, rules.CreateCommand{ID: rulestest.LobbyID, Code: "ABC234", Host: rules.Actor{ID: "u/0", Session: "u/0-1"}, PasswordHash: rulestest.PasswordHash}, now)
		if err != nil {
			t.Fatal(err)
		}
		var log []stream.Record
		record := func(patches []wire.LobbyPatch) {
			for _, patch := range patches {
				data, err := json.Marshal(patch)
				if err != nil || strings.Contains(string(data), rulestest.PasswordHash) {
					t.Fatalf("%s: %v", data, err)
				}
				log = append(log, stream.Record{Position: stream.Position{Seq: patch.To}, Event: stream.Event{Data: data}})
			}
		}
		record(patches)
		for _, s := range rapid.SliceOfN(rulestest.DrawStep(8), 1, 60).Draw(t, "steps") {
			if s.Kind == "pass" {
				now = now.Add(s.Pass)
			}
			before := jsonOf(t, l)
			next, patches, err := s.Play(stored(t, l), now)
			if direct, _, _ := s.Play(l, now); jsonOf(t, direct) != jsonOf(t, next) {
				t.Fatalf("%+v makes something else of a lobby that was not stored", s)
			}
			if after := jsonOf(t, l); after != before {
				t.Fatalf("%+v changed the lobby it was given:\n%s\n%s", s, before, after)
			}
			if err != nil {
				checkRefusal(t, s, err, patches)
				continue
			}
			if len(patches) == 0 && jsonOf(t, next) != before && s.Kind != "adopt" {
				t.Fatalf("%+v changed the lobby without a patch", s)
			}
			checkTeams(t, s, l, next)
			if len(patches) > 0 {
				l = next
			}
			if len(patches) > 16 {
				t.Fatalf("%+v needs %d events in one commit", s, len(patches))
			}
			record(patches)
			checkDeadline(t, l, now, s.Kind == "pass")
		}
		rulestest.CheckLog(t, log, l)
	})
}

// checkTeams holds what a command made of a lobby against what the policy says of teams: a
// match begins with complete teams, and they stay as they are while it runs.
func checkTeams(t rapid.TB, s rulestest.Step, was, is rules.Lobby) {
	teams := is.Policy.Teams
	if is.Match == nil {
		return
	}
	if began := was.Match == nil || was.Match.ID != is.Match.ID; began {
		sizes := map[string]int{}
		for id, p := range is.Match.Players {
			sizes[p.Team]++
			if teams.CompleteAtStart && p.Team == "" {
				t.Fatalf("%+v hands %s off without a team", s, id)
			}
		}
		for n := 1; n <= teams.Count; n++ {
			if sizes[fmt.Sprint(n)] < teams.MinSize {
				t.Fatalf("%+v hands off %d players in team %d", s, sizes[fmt.Sprint(n)], n)
			}
		}
		return
	}
	for id, m := range was.Members {
		next, stays := is.Members[id]
		if teams.FixedInMatch && m.Team != "" && stays && next.Player() && next.Team != m.Team && s.Kind != "swap" {
			t.Fatalf("%+v takes %s from team %q to %q in the match", s, id, m.Team, next.Team)
		}
	}
}

func checkRefusal(t rapid.TB, s rulestest.Step, err error, patches []wire.LobbyPatch) {
	var refusal *wire.Error
	if !errors.As(err, &refusal) || refusal.Message == "" || len(patches) > 0 {
		t.Fatalf("%+v: %v with %d patches", s, err, len(patches))
	}
}

// checkDeadline: right after a Tick nothing is due, or a whole batch was done.
func checkDeadline(t rapid.TB, l rules.Lobby, now time.Time, ticked bool) {
	at, some := l.NextTick()
	if some == l.Closed() {
		t.Fatalf("closed is %v, a deadline %v", l.Closed(), some)
	}
	if ticked && some && !at.After(now) {
		t.Fatalf("after a look at %v there is something due at %v", now, at)
	}
}

func jsonOf(t rapid.TB, l rules.Lobby) string {
	data, err := json.Marshal(l)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// stored is a lobby after its way through the store.
func stored(t rapid.TB, l rules.Lobby) rules.Lobby {
	var out rules.Lobby
	if err := json.Unmarshal([]byte(jsonOf(t, l)), &out); err != nil {
		t.Fatal(err)
	}
	out.Version, out.Epoch, out.Committed = l.Version, l.Epoch, l.Committed
	return out
}
