package rules_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/anteroom/anteroom/runtime/internal/domain/lobby/rules"
	"github.com/anteroom/anteroom/runtime/internal/domain/lobby/rules/rulestest"
	"github.com/anteroom/anteroom/runtime/wire"
)

func placesPolicy(change func(*rules.Policy)) rules.Policy {
	p := rulestest.Policy()
	p.Host.EndMatch, p.Join.ChangeRole = true, true
	p.Teams.CompleteAtStart, p.Teams.FixedInMatch, p.Teams.MinSize = true, true, 1
	if change != nil {
		change(&p)
	}
	return p
}

// put gives members their teams.
func put(t *testing.T, l rules.Lobby, teams map[string]string) rules.Lobby {
	t.Helper()
	for id, team := range teams {
		l = rulestest.After(t)(l.SetMember(rules.SetMemberCommand{Actor: id, Team: &team}, rulestest.T0))
	}
	return l
}

// watching is a lobby with a spectator.
func watching(t *testing.T, l rules.Lobby, user string) rules.Lobby {
	t.Helper()
	return rulestest.After(t)(l.Join(rules.JoinCommand{User: rulestest.Actor(user), As: wire.RoleSpectator}, rulestest.T0.Add(time.Minute)))
}

func playing(t *testing.T, l rules.Lobby) rules.Lobby {
	t.Helper()
	l = rulestest.After(t)(l.Start("ann", rulestest.T0))
	if l.Status != wire.LobbyInMatch {
		t.Fatalf("the lobby is %s", l.Status)
	}
	return l
}

func swapCommand(actor, with string) rules.SetMemberCommand {
	return rules.SetMemberCommand{Actor: actor, SwapWith: &with}
}

func precondition(reason wire.Reason, field string) *wire.Error {
	return &wire.Error{Code: wire.CodeFailedPrecondition, Reason: reason, Field: field}
}

func TestTeamsAreCompleteAtStart(t *testing.T) {
	auto := func(p *rules.Policy) { p.Ready.Required, p.Ready.AutoStart = true, true }
	for name, tc := range map[string]struct {
		change func(*rules.Policy)
		teams  map[string]string
		want   *wire.Error
	}{
		"both in a team":                        {nil, map[string]string{"ann": "1", "bob": "2"}, nil},
		"one without":                           {nil, map[string]string{"ann": "1"}, precondition(wire.ReasonTeamsIncomplete, "members.bob.team")},
		"two against nobody":                    {nil, map[string]string{"ann": "1", "bob": "1"}, precondition(wire.ReasonTeamsIncomplete, "teams.2")},
		"two against nobody, where that may be": {func(p *rules.Policy) { p.Teams.MinSize = 0 }, map[string]string{"ann": "1", "bob": "1"}, nil},
		"one without, where that may be":        {func(p *rules.Policy) { p.Teams.CompleteAtStart, p.Teams.MinSize = false, 0 }, nil, nil},
		"no teams":                              {func(p *rules.Policy) { p.Teams = rules.TeamPolicy{CompleteAtStart: true, FixedInMatch: true} }, nil, nil},
	} {
		l := put(t, rulestest.Lobby(t, placesPolicy(tc.change), "ann", "bob"), tc.teams)
		_, _, err := l.Start("ann", rulestest.T0)
		if d := cmp.Diff(tc.want, rulestest.RefusalOf(err)); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}

	l := put(t, rulestest.Lobby(t, placesPolicy(auto), "ann", "bob"), map[string]string{"ann": "1"})
	for _, user := range []string{"ann", "bob"} {
		l = rulestest.After(t)(l.Ready(user, true, rulestest.T0))
	}
	if l.Status != wire.LobbyOpen {
		t.Errorf("a lobby that starts by itself is %s while bob is in no team", l.Status)
	}
}

// A player who leaves its team during the countdown takes the start back.
func TestNobodyIsHandedOffWithoutATeam(t *testing.T) {
	p := placesPolicy(func(p *rules.Policy) { p.Ready.Countdown = 5 * time.Second })
	l := put(t, rulestest.Lobby(t, p, "ann", "bob"), map[string]string{"ann": "1", "bob": "2"})
	l = rulestest.After(t)(l.Start("ann", rulestest.T0))
	none := ""
	l, patches, err := l.SetMember(rules.SetMemberCommand{Actor: "bob", Team: &none}, rulestest.T0)
	rulestest.WantRefusal(t, err, nil)
	if d := cmp.Diff([]string{"member_updated bob ", "start_cancelled  not_ready"}, rulestest.Causes(patches)); d != "" || l.Status != wire.LobbyOpen {
		t.Errorf("the lobby is %s, causes (-want +got):\n%s", l.Status, d)
	}
}

func TestTeamsAreFixedInAMatch(t *testing.T) {
	teams := map[string]string{"ann": "1", "bob": "2"}
	l := playing(t, put(t, rulestest.Lobby(t, placesPolicy(nil), "ann", "bob"), teams))
	for _, team := range []string{"", "1"} {
		_, _, err := l.SetMember(rules.SetMemberCommand{Actor: "bob", Team: &team}, rulestest.T0)
		rulestest.WantRefusal(t, err, precondition(wire.ReasonTeamsFixed, "team"))
		_, _, err = l.SetMember(rules.SetMemberCommand{Actor: "ann", UserID: "bob", Team: &team}, rulestest.T0)
		rulestest.WantRefusal(t, err, precondition(wire.ReasonTeamsFixed, "team"))
	}
	_, _, err := l.SetMember(swapCommand("ann", "bob"), rulestest.T0)
	rulestest.WantRefusal(t, err, precondition(wire.ReasonTeamsFixed, "swapWith"))

	late := playing(t, put(t, rulestest.Lobby(t, placesPolicy(func(p *rules.Policy) { p.Join.LateJoin = true }), "ann", "bob"), teams))
	late = rulestest.After(t)(late.Leave(rules.Actor{ID: "bob"}, 0, rulestest.T0))
	_, _, err = late.Join(rules.JoinCommand{User: rulestest.Actor("bob"), Member: wire.MemberInit{Team: "1"}}, rulestest.T0)
	rulestest.WantRefusal(t, err, precondition(wire.ReasonTeamsFixed, "member.team"))
	if late = rulestest.After(t)(late.Join(rules.JoinCommand{User: rulestest.Actor("bob")}, rulestest.T0)); late.Members["bob"].Team != "2" {
		t.Errorf("bob comes back into team %q", late.Members["bob"].Team)
	}

	free := playing(t, put(t, rulestest.Lobby(t, placesPolicy(func(p *rules.Policy) { p.Teams.FixedInMatch = false }), "ann", "bob"), teams))
	one := "1"
	rulestest.After(t)(free.SetMember(rules.SetMemberCommand{Actor: "bob", Team: &one}, rulestest.T0))
}

func TestTheHostEndsTheMatch(t *testing.T) {
	teams := map[string]string{"ann": "1", "bob": "2"}
	l := put(t, rulestest.Lobby(t, placesPolicy(nil), "ann", "bob"), teams)
	end := func(l rules.Lobby, cmd rules.EndCommand) (rules.Lobby, error) {
		next, _, err := l.End(cmd, rulestest.T0.Add(time.Hour))
		return next, err
	}
	_, err := end(l, rules.EndCommand{Host: "ann"})
	rulestest.WantRefusal(t, err, precondition(wire.ReasonNotInMatch, ""))
	l = playing(t, rulestest.After(t)(l.Ready("bob", true, rulestest.T0)))
	first := *l.Match

	for name, tc := range map[string]struct {
		cmd  rules.EndCommand
		want *wire.Error
	}{
		"not the host":  {rules.EndCommand{Host: "bob"}, precondition(wire.ReasonNotHost, "")},
		"another match": {rules.EndCommand{Host: "ann", MatchID: "x.1"}, precondition(wire.ReasonNotInMatch, "matchId")},
		"a list":        {rules.EndCommand{Host: "ann", Result: wire.Attributes{"a": []any{}}}, &wire.Error{Code: wire.CodeInvalidArgument, Field: "result.a"}},
	} {
		_, err := end(l, tc.cmd)
		if d := cmp.Diff(tc.want, rulestest.RefusalOf(err)); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}

	over, err := end(l, rules.EndCommand{Host: "ann", MatchID: first.ID, Result: wire.Attributes{"won": "1"}})
	rulestest.WantRefusal(t, err, nil)
	want := &wire.MatchEnd{ID: first.ID, StartedAt: first.StartedAt, EndedAt: rulestest.T0.Add(time.Hour).UnixMilli(), EndedBy: "ann", Result: wire.Attributes{"won": "1"}}
	if d := cmp.Diff(want, over.View().LastMatch); d != "" {
		t.Errorf("the last match (-want +got):\n%s", d)
	}
	if over.Status != wire.LobbyOpen || over.Match != nil || !over.Has("bob") || over.Members["bob"].Ready || over.PublicView().LastMatch != nil {
		t.Errorf("after the end: %+v", over.View())
	}
	if again := playing(t, over); again.Match.ID == first.ID {
		t.Errorf("the second round has the id of the first, %s", first.ID)
	}

	strict := playing(t, put(t, rulestest.Lobby(t, placesPolicy(func(p *rules.Policy) { p.Host.EndMatch = false }), "ann", "bob"), teams))
	_, err = end(strict, rules.EndCommand{Host: "ann"})
	rulestest.WantRefusal(t, err, &wire.Error{Code: wire.CodePermissionDenied})
}

// Each request that comes too late says whether the lobby is starting or its match runs.
func TestALobbyThatIsStartingSaysSo(t *testing.T) {
	locked := true
	p := placesPolicy(func(p *rules.Policy) { p.Ready.Countdown = time.Hour })
	l := put(t, rulestest.Lobby(t, p, "ann", "bob"), map[string]string{"ann": "1", "bob": "2"})
	starting := rulestest.After(t)(l.Start("ann", rulestest.T0))
	begun := rulestest.After(t)(starting.Tick(0, rulestest.T0.Add(time.Hour)))
	for name, ask := range map[string]func(l rules.Lobby) error{
		"start": func(l rules.Lobby) error { _, _, err := l.Start("ann", rulestest.T0); return err },
		"join": func(l rules.Lobby) error {
			_, _, err := l.Join(rules.JoinCommand{User: rulestest.Actor("cid")}, rulestest.T0)
			return err
		},
		"lock": func(l rules.Lobby) error {
			_, _, err := l.Update(rules.UpdateCommand{Actor: "ann", Set: wire.LobbySet{Locked: &locked}}, rulestest.T0)
			return err
		},
	} {
		for reason, l := range map[wire.Reason]rules.Lobby{wire.ReasonLobbyStarting: starting, wire.ReasonLobbyStarted: begun} {
			if d := cmp.Diff(precondition(reason, ""), rulestest.RefusalOf(ask(l))); d != "" {
				t.Errorf("%s (-want +got):\n%s", name, d)
			}
		}
	}
}

func TestRolesChange(t *testing.T) {
	role := func(actor, user string, role wire.Role) func(rules.Lobby) (rules.Lobby, []wire.LobbyPatch, error) {
		return func(l rules.Lobby) (rules.Lobby, []wire.LobbyPatch, error) {
			return l.SetMember(rules.SetMemberCommand{Actor: actor, UserID: user, Role: role}, rulestest.T0)
		}
	}
	locked := true
	for name, tc := range map[string]struct {
		change func(*rules.Policy)
		// before prepares a lobby of ann, bob and the spectator sue.
		before func(rules.Lobby) rules.Lobby
		do     func(rules.Lobby) (rules.Lobby, []wire.LobbyPatch, error)
		want   *wire.Error
	}{
		"a spectator plays":        {nil, nil, role("sue", "", wire.RoleMember), nil},
		"the host lets it play":    {nil, nil, role("ann", "sue", wire.RoleMember), nil},
		"a player is not the host": {nil, nil, role("bob", "sue", wire.RoleMember), precondition(wire.ReasonNotHost, "")},
		"a full lobby":             {func(p *rules.Policy) { p.Size.Max = 2 }, nil, role("sue", "", wire.RoleMember), precondition(wire.ReasonLobbyFull, "")},
		"spectators are full":      {nil, nil, role("bob", "", wire.RoleSpectator), precondition(wire.ReasonLobbyFull, "")},
		"the host watches":         {func(p *rules.Policy) { p.Size.Spectators = 2 }, nil, role("ann", "", wire.RoleSpectator), &wire.Error{Code: wire.CodeInvalidArgument, Field: "role"}},
		"a player watches":         {func(p *rules.Policy) { p.Size.Spectators = 2 }, nil, role("bob", "", wire.RoleSpectator), nil},
		"by policy":                {func(p *rules.Policy) { p.Join.ChangeRole = false }, nil, role("sue", "", wire.RoleMember), &wire.Error{Code: wire.CodePermissionDenied, Field: "role"}},
		"a locked lobby": {nil, func(l rules.Lobby) rules.Lobby {
			return rulestest.After(t)(l.Update(rules.UpdateCommand{Actor: "ann", Set: wire.LobbySet{Locked: &locked}}, rulestest.T0))
		}, role("sue", "", wire.RoleMember), precondition(wire.ReasonLobbyLocked, "")},
		"in a match":              {nil, func(l rules.Lobby) rules.Lobby { return playing(t, l) }, role("sue", "", wire.RoleMember), precondition(wire.ReasonLobbyStarted, "")},
		"in a match, late":        {func(p *rules.Policy) { p.Join.LateJoin = true }, func(l rules.Lobby) rules.Lobby { return playing(t, l) }, role("sue", "", wire.RoleMember), nil},
		"from a match to watch":   {func(p *rules.Policy) { p.Size.Spectators = 2 }, func(l rules.Lobby) rules.Lobby { return playing(t, l) }, role("bob", "", wire.RoleSpectator), precondition(wire.ReasonLobbyStarted, "")},
		"from a match, by policy": {func(p *rules.Policy) { p.Size.Spectators, p.Join.LateSpectators = 2, true }, func(l rules.Lobby) rules.Lobby { return playing(t, l) }, role("bob", "", wire.RoleSpectator), nil},
	} {
		l := put(t, rulestest.Lobby(t, placesPolicy(tc.change), "ann", "bob"), map[string]string{"ann": "1", "bob": "2"})
		l = watching(t, l, "sue")
		if tc.before != nil {
			l = tc.before(l)
		}
		_, _, err := tc.do(l)
		if d := cmp.Diff(tc.want, rulestest.RefusalOf(err)); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
}

func TestSpectatorsComeLate(t *testing.T) {
	for late, want := range map[bool]*wire.Error{false: precondition(wire.ReasonLobbyStarted, ""), true: nil} {
		p := placesPolicy(func(p *rules.Policy) { p.Join.LateSpectators = late })
		l := playing(t, put(t, rulestest.Lobby(t, p, "ann", "bob"), map[string]string{"ann": "1", "bob": "2"}))
		_, _, err := l.Join(rules.JoinCommand{User: rulestest.Actor("sue"), As: wire.RoleSpectator}, rulestest.T0)
		rulestest.WantRefusal(t, err, want)
		_, _, err = l.Join(rules.JoinCommand{User: rulestest.Actor("cid")}, rulestest.T0)
		rulestest.WantRefusal(t, err, precondition(wire.ReasonLobbyStarted, ""))
	}
}

func TestMembersChangePlaces(t *testing.T) {
	full := map[string]string{"ann": "1", "bob": "1", "cid": "2", "dan": "2"}
	l := watching(t, put(t, rulestest.Lobby(t, placesPolicy(nil), "ann", "bob", "cid", "dan"), full), "sue")
	bobs, cids := l.Members["bob"].Slot, l.Members["cid"].Slot

	l, patches, err := l.SetMember(swapCommand("bob", "cid"), rulestest.T0)
	rulestest.WantRefusal(t, err, nil)
	if d := cmp.Diff([]string{"member_updated bob swap_asked"}, rulestest.Causes(patches)); d != "" || l.View().Members["bob"].SwapWith != "cid" {
		t.Errorf("causes (-want +got):\n%s", d)
	}
	done, patches, err := l.SetMember(swapCommand("cid", "bob"), rulestest.T0.Add(rules.SwapTTL-1))
	rulestest.WantRefusal(t, err, nil)
	if d := cmp.Diff([]string{"member_updated cid swapped"}, rulestest.Causes(patches)); d != "" {
		t.Errorf("causes (-want +got):\n%s", d)
	}
	bob, cid := done.Members["bob"], done.Members["cid"]
	if bob.Team != "2" || cid.Team != "1" || bob.Slot != cids || cid.Slot != bobs || bob.SwapWith != "" || cid.SwapWith != "" {
		t.Errorf("bob is %+v, cid is %+v", bob, cid)
	}

	lapsed, patches, _ := l.Tick(0, rulestest.T0.Add(rules.SwapTTL))
	if d := cmp.Diff([]string{"member_updated  swap_lapsed"}, rulestest.Causes(patches)); d != "" || lapsed.Members["bob"].SwapWith != "" {
		t.Errorf("causes (-want +got):\n%s", d)
	}
	if back := rulestest.After(t)(l.SetMember(swapCommand("bob", ""), rulestest.T0)); back.Members["bob"].SwapWith != "" {
		t.Error("the offer is still there")
	}
	none := ""
	if moved := rulestest.After(t)(l.SetMember(rules.SetMemberCommand{Actor: "cid", Team: &none}, rulestest.T0)); moved.Members["bob"].SwapWith != "" {
		t.Error("an offer for a place that is another one now is still there")
	}
	if left := rulestest.After(t)(l.Leave(rules.Actor{ID: "cid"}, 0, rulestest.T0)); left.Members["bob"].SwapWith != "" {
		t.Error("an offer to a user who has left is still there")
	}

	byHost := rulestest.After(t)(l.SetMember(rules.SetMemberCommand{Actor: "ann", UserID: "bob", SwapWith: new("dan")}, rulestest.T0))
	if byHost.Members["bob"].Team != "2" || byHost.Members["dan"].Team != "1" {
		t.Errorf("the host swaps: %+v", byHost.Members)
	}
	turned := rulestest.After(t)(rulestest.After(t)(l.SetMember(swapCommand("sue", "dan"), rulestest.T0)).SetMember(swapCommand("dan", "sue"), rulestest.T0))
	if turned.Members["sue"].Team != "2" || !turned.Members["sue"].Player() || turned.Members["dan"].Player() {
		t.Errorf("a player and a spectator: %+v", turned.Members)
	}
	rulestest.CheckState(t, turned.View())

	for name, tc := range map[string]struct {
		cmd  rules.SetMemberCommand
		want *wire.Error
	}{
		"oneself":           {swapCommand("bob", "bob"), &wire.Error{Code: wire.CodeInvalidArgument, Field: "swapWith"}},
		"a stranger":        {swapCommand("bob", "eve"), &wire.Error{Code: wire.CodeNotFound, Field: "swapWith"}},
		"the host's role":   {swapCommand("sue", "ann"), &wire.Error{Code: wire.CodeInvalidArgument, Field: "swapWith"}},
		"for another":       {rules.SetMemberCommand{Actor: "bob", UserID: "cid", SwapWith: new("dan")}, precondition(wire.ReasonNotHost, "")},
		"with another wish": {rules.SetMemberCommand{Actor: "bob", SwapWith: new("cid"), Team: new("2")}, &wire.Error{Code: wire.CodeInvalidArgument, Field: "swapWith"}},
	} {
		_, _, err := l.SetMember(tc.cmd, rulestest.T0)
		if d := cmp.Diff(tc.want, rulestest.RefusalOf(err)); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
}
