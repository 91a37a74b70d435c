package lobby

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/anteroom/anteroom/runtime/wire"
)

func placesPolicy(change func(*Policy)) Policy {
	p := testPolicy()
	p.Host.EndMatch, p.Join.ChangeRole = true, true
	p.Teams.CompleteAtStart, p.Teams.FixedInMatch, p.Teams.MinSize = true, true, 1
	if change != nil {
		change(&p)
	}
	return p
}

// put gives members their teams.
func put(t *testing.T, l Lobby, teams map[string]string) Lobby {
	t.Helper()
	for id, team := range teams {
		l = after(t)(l.SetMember(SetMemberCommand{Actor: id, Team: &team}, t0))
	}
	return l
}

// watching is a lobby with a spectator.
func watching(t *testing.T, l Lobby, user string) Lobby {
	t.Helper()
	return after(t)(l.Join(JoinCommand{User: by(user), As: wire.RoleSpectator}, t0.Add(time.Minute)))
}

func playing(t *testing.T, l Lobby) Lobby {
	t.Helper()
	l = after(t)(l.Start("ann", t0))
	if l.Status != wire.LobbyInMatch {
		t.Fatalf("the lobby is %s", l.Status)
	}
	return l
}

func swapCommand(actor, with string) SetMemberCommand {
	return SetMemberCommand{Actor: actor, SwapWith: &with}
}

func precondition(reason wire.Reason, field string) *wire.Error {
	return &wire.Error{Code: wire.CodeFailedPrecondition, Reason: reason, Field: field}
}

func TestTeamsAreCompleteAtStart(t *testing.T) {
	auto := func(p *Policy) { p.Ready.Required, p.Ready.AutoStart = true, true }
	for name, tc := range map[string]struct {
		change func(*Policy)
		teams  map[string]string
		want   *wire.Error
	}{
		"both in a team":                        {nil, map[string]string{"ann": "1", "bob": "2"}, nil},
		"one without":                           {nil, map[string]string{"ann": "1"}, precondition(wire.ReasonTeamsIncomplete, "members.bob.team")},
		"two against nobody":                    {nil, map[string]string{"ann": "1", "bob": "1"}, precondition(wire.ReasonTeamsIncomplete, "teams.2")},
		"two against nobody, where that may be": {func(p *Policy) { p.Teams.MinSize = 0 }, map[string]string{"ann": "1", "bob": "1"}, nil},
		"one without, where that may be":        {func(p *Policy) { p.Teams.CompleteAtStart, p.Teams.MinSize = false, 0 }, nil, nil},
		"no teams":                              {func(p *Policy) { p.Teams = TeamPolicy{CompleteAtStart: true, FixedInMatch: true} }, nil, nil},
	} {
		l := put(t, lobbyOf(t, placesPolicy(tc.change), "ann", "bob"), tc.teams)
		_, _, err := l.Start("ann", t0)
		if d := cmp.Diff(tc.want, refusalOf(err)); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}

	l := put(t, lobbyOf(t, placesPolicy(auto), "ann", "bob"), map[string]string{"ann": "1"})
	for _, user := range []string{"ann", "bob"} {
		l = after(t)(l.Ready(user, true, t0))
	}
	if l.Status != wire.LobbyOpen {
		t.Errorf("a lobby that starts by itself is %s while bob is in no team", l.Status)
	}
}

// A player who leaves its team during the countdown takes the start back.
func TestNobodyIsHandedOffWithoutATeam(t *testing.T) {
	p := placesPolicy(func(p *Policy) { p.Ready.Countdown = 5 * time.Second })
	l := put(t, lobbyOf(t, p, "ann", "bob"), map[string]string{"ann": "1", "bob": "2"})
	l = after(t)(l.Start("ann", t0))
	none := ""
	l, patches, err := l.SetMember(SetMemberCommand{Actor: "bob", Team: &none}, t0)
	wantRefusal(t, err, nil)
	if d := cmp.Diff([]string{"member_updated bob ", "start_cancelled  not_ready"}, causes(patches)); d != "" || l.Status != wire.LobbyOpen {
		t.Errorf("the lobby is %s, causes (-want +got):\n%s", l.Status, d)
	}
}

func TestTeamsAreFixedInAMatch(t *testing.T) {
	teams := map[string]string{"ann": "1", "bob": "2"}
	l := playing(t, put(t, lobbyOf(t, placesPolicy(nil), "ann", "bob"), teams))
	for _, team := range []string{"", "1"} {
		_, _, err := l.SetMember(SetMemberCommand{Actor: "bob", Team: &team}, t0)
		wantRefusal(t, err, precondition(wire.ReasonTeamsFixed, "team"))
		_, _, err = l.SetMember(SetMemberCommand{Actor: "ann", UserID: "bob", Team: &team}, t0)
		wantRefusal(t, err, precondition(wire.ReasonTeamsFixed, "team"))
	}
	_, _, err := l.SetMember(swapCommand("ann", "bob"), t0)
	wantRefusal(t, err, precondition(wire.ReasonTeamsFixed, "swapWith"))

	late := playing(t, put(t, lobbyOf(t, placesPolicy(func(p *Policy) { p.Join.LateJoin = true }), "ann", "bob"), teams))
	late = after(t)(late.Leave(Actor{ID: "bob"}, 0, t0))
	_, _, err = late.Join(JoinCommand{User: by("bob"), Member: wire.MemberInit{Team: "1"}}, t0)
	wantRefusal(t, err, precondition(wire.ReasonTeamsFixed, "member.team"))
	if late = after(t)(late.Join(JoinCommand{User: by("bob")}, t0)); late.Members["bob"].Team != "2" {
		t.Errorf("bob comes back into team %q", late.Members["bob"].Team)
	}

	free := playing(t, put(t, lobbyOf(t, placesPolicy(func(p *Policy) { p.Teams.FixedInMatch = false }), "ann", "bob"), teams))
	one := "1"
	after(t)(free.SetMember(SetMemberCommand{Actor: "bob", Team: &one}, t0))
}

func TestTheHostEndsTheMatch(t *testing.T) {
	teams := map[string]string{"ann": "1", "bob": "2"}
	l := put(t, lobbyOf(t, placesPolicy(nil), "ann", "bob"), teams)
	end := func(l Lobby, cmd EndCommand) (Lobby, error) {
		next, _, err := l.End(cmd, t0.Add(time.Hour))
		return next, err
	}
	_, err := end(l, EndCommand{Host: "ann"})
	wantRefusal(t, err, precondition(wire.ReasonNotInMatch, ""))
	l = playing(t, after(t)(l.Ready("bob", true, t0)))
	first := *l.Match

	for name, tc := range map[string]struct {
		cmd  EndCommand
		want *wire.Error
	}{
		"not the host":  {EndCommand{Host: "bob"}, precondition(wire.ReasonNotHost, "")},
		"another match": {EndCommand{Host: "ann", MatchID: "x.1"}, precondition(wire.ReasonNotInMatch, "matchId")},
		"a list":        {EndCommand{Host: "ann", Result: wire.Attributes{"a": []any{}}}, &wire.Error{Code: wire.CodeInvalidArgument, Field: "result.a"}},
	} {
		_, err := end(l, tc.cmd)
		if d := cmp.Diff(tc.want, refusalOf(err)); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}

	over, err := end(l, EndCommand{Host: "ann", MatchID: first.ID, Result: wire.Attributes{"won": "1"}})
	wantRefusal(t, err, nil)
	want := &wire.MatchEnd{ID: first.ID, StartedAt: first.StartedAt, EndedAt: ms(t0.Add(time.Hour)), EndedBy: "ann", Result: wire.Attributes{"won": "1"}}
	if d := cmp.Diff(want, over.View().LastMatch); d != "" {
		t.Errorf("the last match (-want +got):\n%s", d)
	}
	if over.Status != wire.LobbyOpen || over.Match != nil || !over.Has("bob") || over.Members["bob"].Ready || over.PublicView().LastMatch != nil {
		t.Errorf("after the end: %+v", over.View())
	}
	if again := playing(t, over); again.Match.ID == first.ID {
		t.Errorf("the second round has the id of the first, %s", first.ID)
	}

	strict := playing(t, put(t, lobbyOf(t, placesPolicy(func(p *Policy) { p.Host.EndMatch = false }), "ann", "bob"), teams))
	_, err = end(strict, EndCommand{Host: "ann"})
	wantRefusal(t, err, &wire.Error{Code: wire.CodePermissionDenied})
}

// Each request that comes too late says whether the lobby is starting or its match runs.
func TestALobbyThatIsStartingSaysSo(t *testing.T) {
	locked := true
	p := placesPolicy(func(p *Policy) { p.Ready.Countdown = time.Hour })
	l := put(t, lobbyOf(t, p, "ann", "bob"), map[string]string{"ann": "1", "bob": "2"})
	starting := after(t)(l.Start("ann", t0))
	begun := after(t)(starting.Tick(0, t0.Add(time.Hour)))
	for name, ask := range map[string]func(l Lobby) error{
		"start": func(l Lobby) error { _, _, err := l.Start("ann", t0); return err },
		"join":  func(l Lobby) error { _, _, err := l.Join(JoinCommand{User: by("cid")}, t0); return err },
		"lock": func(l Lobby) error {
			_, _, err := l.Update(UpdateCommand{Actor: "ann", Set: wire.LobbySet{Locked: &locked}}, t0)
			return err
		},
	} {
		for reason, l := range map[wire.Reason]Lobby{wire.ReasonLobbyStarting: starting, wire.ReasonLobbyStarted: begun} {
			if d := cmp.Diff(precondition(reason, ""), refusalOf(ask(l))); d != "" {
				t.Errorf("%s (-want +got):\n%s", name, d)
			}
		}
	}
}

func TestRolesChange(t *testing.T) {
	role := func(actor, user string, role wire.Role) func(Lobby) (Lobby, []wire.LobbyPatch, error) {
		return func(l Lobby) (Lobby, []wire.LobbyPatch, error) {
			return l.SetMember(SetMemberCommand{Actor: actor, UserID: user, Role: role}, t0)
		}
	}
	locked := true
	for name, tc := range map[string]struct {
		change func(*Policy)
		// before prepares a lobby of ann, bob and the spectator sue.
		before func(Lobby) Lobby
		do     func(Lobby) (Lobby, []wire.LobbyPatch, error)
		want   *wire.Error
	}{
		"a spectator plays":        {nil, nil, role("sue", "", wire.RoleMember), nil},
		"the host lets it play":    {nil, nil, role("ann", "sue", wire.RoleMember), nil},
		"a player is not the host": {nil, nil, role("bob", "sue", wire.RoleMember), precondition(wire.ReasonNotHost, "")},
		"a full lobby":             {func(p *Policy) { p.Size.Max = 2 }, nil, role("sue", "", wire.RoleMember), precondition(wire.ReasonLobbyFull, "")},
		"spectators are full":      {nil, nil, role("bob", "", wire.RoleSpectator), precondition(wire.ReasonLobbyFull, "")},
		"the host watches":         {func(p *Policy) { p.Size.Spectators = 2 }, nil, role("ann", "", wire.RoleSpectator), &wire.Error{Code: wire.CodeInvalidArgument, Field: "role"}},
		"a player watches":         {func(p *Policy) { p.Size.Spectators = 2 }, nil, role("bob", "", wire.RoleSpectator), nil},
		"by policy":                {func(p *Policy) { p.Join.ChangeRole = false }, nil, role("sue", "", wire.RoleMember), &wire.Error{Code: wire.CodePermissionDenied, Field: "role"}},
		"a locked lobby": {nil, func(l Lobby) Lobby {
			return after(t)(l.Update(UpdateCommand{Actor: "ann", Set: wire.LobbySet{Locked: &locked}}, t0))
		}, role("sue", "", wire.RoleMember), precondition(wire.ReasonLobbyLocked, "")},
		"in a match":              {nil, func(l Lobby) Lobby { return playing(t, l) }, role("sue", "", wire.RoleMember), precondition(wire.ReasonLobbyStarted, "")},
		"in a match, late":        {func(p *Policy) { p.Join.LateJoin = true }, func(l Lobby) Lobby { return playing(t, l) }, role("sue", "", wire.RoleMember), nil},
		"from a match to watch":   {func(p *Policy) { p.Size.Spectators = 2 }, func(l Lobby) Lobby { return playing(t, l) }, role("bob", "", wire.RoleSpectator), precondition(wire.ReasonLobbyStarted, "")},
		"from a match, by policy": {func(p *Policy) { p.Size.Spectators, p.Join.LateSpectators = 2, true }, func(l Lobby) Lobby { return playing(t, l) }, role("bob", "", wire.RoleSpectator), nil},
	} {
		l := put(t, lobbyOf(t, placesPolicy(tc.change), "ann", "bob"), map[string]string{"ann": "1", "bob": "2"})
		l = watching(t, l, "sue")
		if tc.before != nil {
			l = tc.before(l)
		}
		_, _, err := tc.do(l)
		if d := cmp.Diff(tc.want, refusalOf(err)); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
}

func TestSpectatorsComeLate(t *testing.T) {
	for late, want := range map[bool]*wire.Error{false: precondition(wire.ReasonLobbyStarted, ""), true: nil} {
		p := placesPolicy(func(p *Policy) { p.Join.LateSpectators = late })
		l := playing(t, put(t, lobbyOf(t, p, "ann", "bob"), map[string]string{"ann": "1", "bob": "2"}))
		_, _, err := l.Join(JoinCommand{User: by("sue"), As: wire.RoleSpectator}, t0)
		wantRefusal(t, err, want)
		_, _, err = l.Join(JoinCommand{User: by("cid")}, t0)
		wantRefusal(t, err, precondition(wire.ReasonLobbyStarted, ""))
	}
}

func TestMembersChangePlaces(t *testing.T) {
	full := map[string]string{"ann": "1", "bob": "1", "cid": "2", "dan": "2"}
	l := watching(t, put(t, lobbyOf(t, placesPolicy(nil), "ann", "bob", "cid", "dan"), full), "sue")
	bobs, cids := l.Members["bob"].Slot, l.Members["cid"].Slot

	l, patches, err := l.SetMember(swapCommand("bob", "cid"), t0)
	wantRefusal(t, err, nil)
	if d := cmp.Diff([]string{"member_updated bob swap_asked"}, causes(patches)); d != "" || l.View().Members["bob"].SwapWith != "cid" {
		t.Errorf("causes (-want +got):\n%s", d)
	}
	done, patches, err := l.SetMember(swapCommand("cid", "bob"), t0.Add(swapTTL-1))
	wantRefusal(t, err, nil)
	if d := cmp.Diff([]string{"member_updated cid swapped"}, causes(patches)); d != "" {
		t.Errorf("causes (-want +got):\n%s", d)
	}
	bob, cid := done.Members["bob"], done.Members["cid"]
	if bob.Team != "2" || cid.Team != "1" || bob.Slot != cids || cid.Slot != bobs || bob.SwapWith != "" || cid.SwapWith != "" {
		t.Errorf("bob is %+v, cid is %+v", bob, cid)
	}

	lapsed, patches, _ := l.Tick(0, t0.Add(swapTTL))
	if d := cmp.Diff([]string{"member_updated  swap_lapsed"}, causes(patches)); d != "" || lapsed.Members["bob"].SwapWith != "" {
		t.Errorf("causes (-want +got):\n%s", d)
	}
	if back := after(t)(l.SetMember(swapCommand("bob", ""), t0)); back.Members["bob"].SwapWith != "" {
		t.Error("the offer is still there")
	}
	none := ""
	if moved := after(t)(l.SetMember(SetMemberCommand{Actor: "cid", Team: &none}, t0)); moved.Members["bob"].SwapWith != "" {
		t.Error("an offer for a place that is another one now is still there")
	}
	if left := after(t)(l.Leave(Actor{ID: "cid"}, 0, t0)); left.Members["bob"].SwapWith != "" {
		t.Error("an offer to a user who has left is still there")
	}

	byHost := after(t)(l.SetMember(SetMemberCommand{Actor: "ann", UserID: "bob", SwapWith: new("dan")}, t0))
	if byHost.Members["bob"].Team != "2" || byHost.Members["dan"].Team != "1" {
		t.Errorf("the host swaps: %+v", byHost.Members)
	}
	turned := after(t)(after(t)(l.SetMember(swapCommand("sue", "dan"), t0)).SetMember(swapCommand("dan", "sue"), t0))
	if turned.Members["sue"].Team != "2" || !turned.Members["sue"].Player() || turned.Members["dan"].Player() {
		t.Errorf("a player and a spectator: %+v", turned.Members)
	}
	checkState(t, turned.View())

	for name, tc := range map[string]struct {
		cmd  SetMemberCommand
		want *wire.Error
	}{
		"oneself":           {swapCommand("bob", "bob"), &wire.Error{Code: wire.CodeInvalidArgument, Field: "swapWith"}},
		"a stranger":        {swapCommand("bob", "eve"), &wire.Error{Code: wire.CodeNotFound, Field: "swapWith"}},
		"the host's role":   {swapCommand("sue", "ann"), &wire.Error{Code: wire.CodeInvalidArgument, Field: "swapWith"}},
		"for another":       {SetMemberCommand{Actor: "bob", UserID: "cid", SwapWith: new("dan")}, precondition(wire.ReasonNotHost, "")},
		"with another wish": {SetMemberCommand{Actor: "bob", SwapWith: new("cid"), Team: new("2")}, &wire.Error{Code: wire.CodeInvalidArgument, Field: "swapWith"}},
	} {
		_, _, err := l.SetMember(tc.cmd, t0)
		if d := cmp.Diff(tc.want, refusalOf(err)); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
}
