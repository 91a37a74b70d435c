package rules_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/anteroom/anteroom/runtime/internal/domain/lobby/rules"
	"github.com/anteroom/anteroom/runtime/internal/domain/lobby/rules/rulestest"
	"github.com/anteroom/anteroom/runtime/wire"
)

func alongWith(users ...string) rules.PartyJoin {
	a := rules.PartyJoin{Party: "01JD8Q3V9Z00000000000PARTY"}
	for _, user := range users {
		a.Companions = append(a.Companions, rules.Companion{Actor: rules.Actor{ID: user}})
	}
	return a
}

func TestAPartyJoinsAsAWhole(t *testing.T) {
	full := func(r wire.Reason) *wire.Error { return &wire.Error{Code: wire.CodeFailedPrecondition, Reason: r} }
	for name, tc := range map[string]struct {
		change func(*rules.Lobby)
		cmd    rules.JoinCommand
		// want are the teams of the new members.
		want    map[string]string
		refusal *wire.Error
	}{
		"into the one team that has room for all": {
			cmd: rules.JoinCommand{PartyJoin: alongWith("bob")}, want: map[string]string{"ann": "2", "bob": "2"},
		},
		"each by itself where no team has room": {
			change: func(l *rules.Lobby) { l.MaxMembers, l.Policy.Teams.Size = 5, 3 },
			cmd:    rules.JoinCommand{PartyJoin: alongWith("bob", "cid", "dan")},
			want:   map[string]string{"ann": "2", "bob": "1", "cid": "2", "dan": "1"},
		},
		"into the team that is asked for": {
			change: func(l *rules.Lobby) { l.Policy.Teams.Size = 3 },
			cmd:    rules.JoinCommand{Member: wire.MemberInit{Team: "1"}, PartyJoin: alongWith("bob")},
			want:   map[string]string{"ann": "1", "bob": "1"},
		},
		"a team without room for all": {
			cmd:     rules.JoinCommand{Member: wire.MemberInit{Team: "1"}, PartyJoin: alongWith("bob")},
			refusal: &wire.Error{Code: wire.CodeResourceExhausted, Field: "member.team"},
		},
		"no room for all": {
			change: func(l *rules.Lobby) { l.MaxMembers = 3 }, cmd: rules.JoinCommand{PartyJoin: alongWith("bob", "cid")}, refusal: full(wire.ReasonLobbyFull),
		},
		"larger than the lobby": {
			change: func(l *rules.Lobby) { l.MaxMembers = 2 }, cmd: rules.JoinCommand{PartyJoin: alongWith("bob", "cid")}, refusal: full(wire.ReasonPartyTooLarge),
		},
		"no room to watch": {
			cmd: rules.JoinCommand{As: wire.RoleSpectator, PartyJoin: alongWith("bob")}, refusal: full(wire.ReasonPartyTooLarge),
		},
		"one is banned": {
			change:  func(l *rules.Lobby) { l.Banned = map[string]int64{"bob": rulestest.T0.Add(time.Hour).UnixMilli()} },
			cmd:     rules.JoinCommand{PartyJoin: alongWith("bob")},
			refusal: &wire.Error{Code: wire.CodeBanned, Field: "partyId"},
		},
		"members count once": {
			change: func(l *rules.Lobby) { l.MaxMembers = 3 }, cmd: rules.JoinCommand{PartyJoin: alongWith("eve", "bob")}, want: map[string]string{"ann": "2", "bob": "2"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := rulestest.Policy()
			p.Teams.AutoBalance = true
			l := rulestest.Lobby(t, p, "eve")
			if tc.change != nil {
				tc.change(&l)
			}
			tc.cmd.User = rulestest.Actor("ann")
			next, patches, err := l.Join(tc.cmd, rulestest.T0.Add(time.Second))
			rulestest.WantRefusal(t, err, tc.refusal)
			if tc.refusal != nil {
				if len(patches) > 0 || len(next.Members) != 1 {
					t.Errorf("after a refusal: %d patches, %d members", len(patches), len(next.Members))
				}
				return
			}
			got := map[string]string{}
			for id, m := range next.Members {
				if id != "eve" {
					got[id] = m.Team
				}
				if brought := id != "ann" && id != "eve"; brought == m.Connected() || brought != (m.Reserved != nil) {
					t.Errorf("%s: connected %v, brought %v", id, m.Connected(), m.Reserved)
				}
			}
			if d := cmp.Diff(tc.want, got); d != "" {
				t.Errorf("teams (-want +got):\n%s", d)
			}
			if len(patches) != 1 {
				t.Errorf("%d patches, want one for all", len(patches))
			}
		})
	}
}

func TestAMemberBringsItsParty(t *testing.T) {
	l := rulestest.Lobby(t, rulestest.Policy(), "ann")
	cmd := rules.JoinCommand{User: rules.Actor{ID: "ann", Session: "ann-2"}, PartyJoin: alongWith("bob")}
	l = rulestest.After(t)(l.Join(cmd, rulestest.T0.Add(time.Second)))
	if !l.Has("bob") || !slices.Contains(l.Members["ann"].Sessions, "ann-2") {
		t.Errorf("members %+v", l.Members)
	}
	l.Status = wire.LobbyLocked
	cmd.PartyJoin = alongWith("cid")
	_, _, err := l.Join(cmd, rulestest.T0.Add(time.Second))
	rulestest.WantRefusal(t, err, &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonLobbyLocked})
}
