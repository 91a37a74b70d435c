package rules_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/anteroom/anteroom/runtime/internal/domain/lobby/rules"
	"github.com/anteroom/anteroom/runtime/internal/domain/lobby/rules/rulestest"
	"github.com/anteroom/anteroom/runtime/wire"
)

func TestCreateRules(t *testing.T) {
	for name, tc := range map[string]struct {
		policy func(*rules.Policy)
		cmd    func(*rules.CreateCommand)
		want   *wire.Error
	}{
		"defaults":                               {},
		"visibility":                             {cmd: func(c *rules.CreateCommand) { c.Visibility = wire.VisibilityPrivate }},
		"visibility forbidden":                   {policy: func(p *rules.Policy) { p.Visibility.Allowed = nil }, cmd: func(c *rules.CreateCommand) { c.Visibility = wire.VisibilityPrivate }, want: &wire.Error{Code: wire.CodeInvalidArgument, Field: "visibility"}},
		"default visibility needs no permission": {policy: func(p *rules.Policy) { p.Visibility.Allowed = nil }, cmd: func(c *rules.CreateCommand) { c.Visibility = wire.VisibilityPublic }},
		"size within":                            {cmd: func(c *rules.CreateCommand) { c.MaxMembers = 2 }},
		"size too large":                         {cmd: func(c *rules.CreateCommand) { c.MaxMembers = 5 }, want: &wire.Error{Code: wire.CodeInvalidArgument, Field: "maxMembers"}},
		"size too small":                         {cmd: func(c *rules.CreateCommand) { c.MaxMembers = 1 }, want: &wire.Error{Code: wire.CodeInvalidArgument, Field: "maxMembers"}},
		"name too long":                          {cmd: func(c *rules.CreateCommand) { c.Name = strings.Repeat("x", 65) }, want: &wire.Error{Code: wire.CodeInvalidArgument, Field: "name"}},
		"name with newline":                      {cmd: func(c *rules.CreateCommand) { c.Name = "a\nb" }, want: &wire.Error{Code: wire.CodeInvalidArgument, Field: "name"}},
		"name not UTF-8":                         {cmd: func(c *rules.CreateCommand) { c.Name = "a\xff" }, want: &wire.Error{Code: wire.CodeInvalidArgument, Field: "name"}},
		"attribute":                              {cmd: func(c *rules.CreateCommand) { c.Attributes = wire.Attributes{"map": "ice"} }},
		"attribute unknown":                      {cmd: func(c *rules.CreateCommand) { c.Attributes = wire.Attributes{"x": 1.0} }, want: &wire.Error{Code: wire.CodeInvalidArgument, Field: "attributes.x"}},
		"attribute enum":                         {cmd: func(c *rules.CreateCommand) { c.Attributes = wire.Attributes{"map": "sea"} }, want: &wire.Error{Code: wire.CodeInvalidArgument, Field: "attributes.map"}},
		"attribute too small":                    {cmd: func(c *rules.CreateCommand) { c.Attributes = wire.Attributes{"rounds": 0.0} }, want: &wire.Error{Code: wire.CodeInvalidArgument, Field: "attributes.rounds"}},
		"attribute too large":                    {cmd: func(c *rules.CreateCommand) { c.Attributes = wire.Attributes{"rounds": 10.0} }, want: &wire.Error{Code: wire.CodeInvalidArgument, Field: "attributes.rounds"}},
		"attribute type":                         {cmd: func(c *rules.CreateCommand) { c.Attributes = wire.Attributes{"rounds": "3"} }, want: &wire.Error{Code: wire.CodeInvalidArgument, Field: "attributes.rounds"}},
		"attribute boolean for text":             {cmd: func(c *rules.CreateCommand) { c.Attributes = wire.Attributes{"map": true} }, want: &wire.Error{Code: wire.CodeInvalidArgument, Field: "attributes.map"}},
		"attribute number for text":              {cmd: func(c *rules.CreateCommand) { c.Attributes = wire.Attributes{"map": 1.0} }, want: &wire.Error{Code: wire.CodeInvalidArgument, Field: "attributes.map"}},
		"attribute not scalar":                   {cmd: func(c *rules.CreateCommand) { c.Attributes = wire.Attributes{"map": []any{"ice"}} }, want: &wire.Error{Code: wire.CodeInvalidArgument, Field: "attributes.map"}},
		"attribute null":                         {cmd: func(c *rules.CreateCommand) { c.Attributes = wire.Attributes{"map": nil} }, want: &wire.Error{Code: wire.CodeInvalidArgument, Field: "attributes.map"}},
		"attribute of the server":                {cmd: func(c *rules.CreateCommand) { c.Attributes = wire.Attributes{"ranked": true} }, want: &wire.Error{Code: wire.CodePermissionDenied, Field: "attributes.ranked"}},
		"attribute of members":                   {cmd: func(c *rules.CreateCommand) { c.Attributes = wire.Attributes{"hero": "cat"} }, want: &wire.Error{Code: wire.CodeInvalidArgument, Field: "attributes.hero"}},
		"member attribute":                       {cmd: func(c *rules.CreateCommand) { c.Member.Attributes = wire.Attributes{"hero": "cat"} }},
		"member attribute too long":              {cmd: func(c *rules.CreateCommand) { c.Member.Attributes = wire.Attributes{"hero": "kitten"} }, want: &wire.Error{Code: wire.CodeInvalidArgument, Field: "member.attributes.hero"}},
		"attribute of the lobby":                 {cmd: func(c *rules.CreateCommand) { c.Member.Attributes = wire.Attributes{"map": "ice"} }, want: &wire.Error{Code: wire.CodeInvalidArgument, Field: "member.attributes.map"}},
		"too many keys":                          {policy: func(p *rules.Policy) { p.Limits.Keys = 2 }, cmd: func(c *rules.CreateCommand) { c.Attributes = wire.Attributes{"rounds": 1.0} }, want: &wire.Error{Code: wire.CodeResourceExhausted, Field: "attributes"}},
		"too many bytes":                         {policy: func(p *rules.Policy) { p.Limits.Bytes = 20 }, cmd: func(c *rules.CreateCommand) { c.Attributes = wire.Attributes{"rounds": 1.0} }, want: &wire.Error{Code: wire.CodeResourceExhausted, Field: "attributes"}},
		"team":                                   {cmd: func(c *rules.CreateCommand) { c.Member.Team = "2" }},
		"no such team":                           {cmd: func(c *rules.CreateCommand) { c.Member.Team = "3" }, want: &wire.Error{Code: wire.CodeInvalidArgument, Field: "member.team"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := rulestest.Policy()
			if tc.policy != nil {
				tc.policy(&p)
			}
			cmd := rules.CreateCommand{ID: rulestest.LobbyID, Host: rulestest.Actor("ann")}
			if tc.cmd != nil {
				tc.cmd(&cmd)
			}
			_, _, err := rules.Create(p, cmd, rulestest.T0)
			rulestest.WantRefusal(t, err, tc.want)
		})
	}
}

func TestCreate(t *testing.T) {
	l, patches, err := rules.Create(rulestest.Policy(), rules.CreateCommand{
		ID: rulestest.LobbyID, Code: "ABC234", Host: rulestest.Actor("ann"), Name: "  Ann's  ", PasswordHash: "$2a$secret",
		Attributes: wire.Attributes{"rounds": 3}, Member: wire.MemberInit{Team: "2"},
	}, rulestest.T0)
	if err != nil {
		t.Fatal(err)
	}
	want := wire.Lobby{
		ID: rulestest.LobbyID, Type: "duel", Name: "Ann's", Version: 1, HostID: "ann", Status: wire.LobbyOpen,
		Visibility: wire.VisibilityPublic, Code: "ABC234", HasPassword: true, MaxMembers: 4,
		Members: map[string]wire.Member{"ann": {
			Role: wire.RoleHost, Name: "Name ann", Team: "2", Connected: true, JoinedAt: rulestest.T0.UnixMilli(), Attributes: wire.Attributes{},
		}},
		Attributes: wire.Attributes{"map": "dust", "ranked": false, "rounds": 3.0},
		Policy:     wire.PolicyRef{Name: "duel", Revision: "r1"},
		CreatedAt:  rulestest.T0.UnixMilli(), ExpiresAt: rulestest.T0.Add(2 * time.Hour).UnixMilli(),
	}
	if d := cmp.Diff(want, l.View()); d != "" {
		t.Errorf("view (-want +got):\n%s", d)
	}
	wantPatch := []wire.LobbyPatch{{
		LobbyID: rulestest.LobbyID, To: 1, Ops: []wire.PatchOp{{Op: "add", Path: "", Value: want}},
		Cause: wire.Cause{Type: wire.CauseCreated, ActorID: "ann"},
	}}
	if d := cmp.Diff(wantPatch, patches); d != "" {
		t.Errorf("patches (-want +got):\n%s", d)
	}
	if got := l.PublicView().Code; got != "" {
		t.Errorf("public view: got code %q, want none", got)
	}
}

func TestWhoSeesAttributes(t *testing.T) {
	p := rulestest.Policy()
	for i, audience := range []rules.Audience{rules.AudiencePublic, rules.AudienceMembers, rules.AudienceServer} {
		p.Attributes[i].Visibility = audience // of map, rounds and ranked
	}
	l, _, err := rules.Create(p, rules.CreateCommand{
		ID: rulestest.LobbyID, Host: rulestest.Actor("ann"), Attributes: wire.Attributes{"rounds": 3.0},
		Member: wire.MemberInit{Attributes: wire.Attributes{"hero": "cat"}},
	}, rulestest.T0)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(wire.Attributes{"map": "dust", "rounds": 3.0}, l.View().Attributes); d != "" {
		t.Errorf("members (-want +got):\n%s", d)
	}
	if d := cmp.Diff(wire.Attributes{"map": "dust"}, l.PublicView().Attributes); d != "" {
		t.Errorf("others (-want +got):\n%s", d)
	}
	if got := l.View().Members["ann"].Attributes["hero"]; got != "cat" {
		t.Errorf("members see %v", got)
	}
	if got := l.PublicView().Members["ann"].Attributes; len(got) != 0 {
		t.Errorf("others see %v", got)
	}

	open := p
	open.ApplyToAll, open.Revision = true, "r2"
	open.Attributes = append([]rules.AttributeRule(nil), p.Attributes...)
	open.Attributes[2].Visibility = rules.AudienceMembers
	_, patches, err := l.Adopt(open).Ready("ann", true, rulestest.T0)
	if err != nil {
		t.Fatal(err)
	}
	if want := (wire.PatchOp{Op: "add", Path: "/attributes/ranked", Value: false}); !slices.Contains(patches[0].Ops, want) {
		t.Errorf("a newly visible attribute has no operation: %+v", patches[0].Ops)
	}
}

func TestJoinRules(t *testing.T) {
	p := rulestest.Policy()
	full := rulestest.Lobby(t, p, "ann", "bob", "cid", "dan")
	pair := rulestest.Lobby(t, p, "ann", "bob")
	with := func(l rules.Lobby, change func(*rules.Lobby)) rules.Lobby { change(&l); return l }
	private := with(pair, func(l *rules.Lobby) { l.Visibility = wire.VisibilityPrivate })
	secret := with(pair, func(l *rules.Lobby) { l.PasswordHash = "hash" })
	late := p
	late.Join.LateJoin = true
	watched := rulestest.After(t)(pair.Join(rules.JoinCommand{User: rulestest.Actor("sue"), As: wire.RoleSpectator}, rulestest.T0))
	kicked := rulestest.After(t)(rulestest.Lobby(t, p, "ann", "eve").Kick("ann", "eve", "", rulestest.T0))

	for name, tc := range map[string]struct {
		in   rules.Lobby
		cmd  rules.JoinCommand
		want *wire.Error
	}{
		"by id":                     {in: pair},
		"by code":                   {in: pair, cmd: rules.JoinCommand{Code: "ABC234"}},
		"by another code":           {in: pair, cmd: rules.JoinCommand{Code: "XYZ234"}, want: &wire.Error{Code: wire.CodeCodeExpired}},
		"private by id":             {in: private, want: &wire.Error{Code: wire.CodeNotFound}},
		"private by code":           {in: private, cmd: rules.JoinCommand{Code: "ABC234"}},
		"friends by id":             {in: with(pair, func(l *rules.Lobby) { l.Visibility = wire.VisibilityFriends }), want: &wire.Error{Code: wire.CodeNotFound}},
		"no password":               {in: secret, want: &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonWrongPassword}},
		"code is no password":       {in: secret, cmd: rules.JoinCommand{Code: "ABC234"}, want: &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonWrongPassword}},
		"stale password":            {in: secret, cmd: rules.JoinCommand{Proof: "old hash"}, want: &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonWrongPassword}},
		"password":                  {in: secret, cmd: rules.JoinCommand{Proof: "hash"}},
		"full":                      {in: full, want: &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonLobbyFull}},
		"full but for a spectator":  {in: full, cmd: rules.JoinCommand{As: wire.RoleSpectator}},
		"full of spectators":        {in: watched, cmd: rules.JoinCommand{As: wire.RoleSpectator}, want: &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonLobbyFull}},
		"spectators take no place":  {in: watched},
		"locked":                    {in: with(pair, func(l *rules.Lobby) { l.Status = wire.LobbyLocked }), want: &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonLobbyLocked}},
		"started":                   {in: with(pair, func(l *rules.Lobby) { l.Status = wire.LobbyInMatch }), want: &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonLobbyStarted}},
		"started, late join":        {in: with(pair, func(l *rules.Lobby) { l.Status = wire.LobbyInMatch; l.Policy = late })},
		"closed":                    {in: with(pair, func(l *rules.Lobby) { l.Status = wire.LobbyClosed }), want: &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonLobbyClosed}},
		"banned":                    {in: kicked, want: &wire.Error{Code: wire.CodeBanned}},
		"team":                      {in: pair, cmd: rules.JoinCommand{Member: wire.MemberInit{Team: "1"}}},
		"team of a spectator":       {in: pair, cmd: rules.JoinCommand{As: wire.RoleSpectator, Member: wire.MemberInit{Team: "1"}}, want: &wire.Error{Code: wire.CodeInvalidArgument, Field: "member.team"}},
		"attribute":                 {in: pair, cmd: rules.JoinCommand{Member: wire.MemberInit{Attributes: wire.Attributes{"hero": "cat"}}}},
		"attribute of wrong type":   {in: pair, cmd: rules.JoinCommand{Member: wire.MemberInit{Attributes: wire.Attributes{"hero": true}}}, want: &wire.Error{Code: wire.CodeInvalidArgument, Field: "member.attributes.hero"}},
		"member again":              {in: pair, cmd: rules.JoinCommand{User: rulestest.Actor("bob")}},
		"member again in same role": {in: pair, cmd: rules.JoinCommand{User: rulestest.Actor("bob"), As: wire.RoleMember}},
		"member as spectator":       {in: pair, cmd: rules.JoinCommand{User: rulestest.Actor("bob"), As: wire.RoleSpectator}, want: wire.Already(wire.CodeAlreadyMember, wire.ReasonInLobby, "", pair.ID)},
		"spectator as member":       {in: watched, cmd: rules.JoinCommand{User: rulestest.Actor("sue"), As: wire.RoleMember}, want: wire.Already(wire.CodeAlreadyMember, wire.ReasonInLobby, "", watched.ID)},
		"member of a closed lobby":  {in: with(pair, func(l *rules.Lobby) { l.Status = wire.LobbyClosed }), cmd: rules.JoinCommand{User: rulestest.Actor("bob")}, want: &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonLobbyClosed}},
	} {
		t.Run(name, func(t *testing.T) {
			if tc.cmd.User.ID == "" {
				tc.cmd.User = rulestest.Actor("eve")
			}
			before := rulestest.Plain(t, tc.in)
			next, patches, err := tc.in.Join(tc.cmd, rulestest.T0.Add(time.Second))
			rulestest.WantRefusal(t, err, tc.want)
			if err == nil && !next.Has(tc.cmd.User.ID) {
				t.Error("the user is not in")
			}
			if err != nil && len(patches) > 0 {
				t.Errorf("a refused command left patches %v", rulestest.Causes(patches))
			}
			if d := cmp.Diff(before, rulestest.Plain(t, tc.in)); d != "" {
				t.Errorf("the command changed the lobby it was given:\n%s", d)
			}
		})
	}
}

func TestBanEnds(t *testing.T) {
	l := rulestest.After(t)(rulestest.Lobby(t, rulestest.Policy(), "ann", "eve").Kick("ann", "eve", "", rulestest.T0))
	_, _, err := l.Join(rules.JoinCommand{User: rulestest.Actor("eve")}, rulestest.T0.Add(59*time.Second))
	rulestest.WantRefusal(t, err, &wire.Error{Code: wire.CodeBanned})
	_, _, err = l.Join(rules.JoinCommand{User: rulestest.Actor("eve")}, rulestest.T0.Add(time.Minute))
	rulestest.WantRefusal(t, err, nil)
}

func TestBansAreBounded(t *testing.T) {
	l := rulestest.Lobby(t, rulestest.Policy(), "ann")
	for i := range rules.MaxBans + 10 {
		user := fmt.Sprint("u", i)
		now := rulestest.T0.Add(time.Duration(i) * time.Millisecond)
		l = rulestest.After(t)(l.Join(rules.JoinCommand{User: rulestest.Actor(user)}, now))
		l = rulestest.After(t)(l.Kick("ann", user, "", now))
	}
	if len(l.Banned) != rules.MaxBans || l.Banned["u9"] != 0 || l.Banned["u10"] == 0 {
		t.Errorf("%d bans, want the last %d", len(l.Banned), rules.MaxBans)
	}
	if len(l.Departed) != rules.MaxDepartures {
		t.Errorf("%d departures are remembered, want %d", len(l.Departed), rules.MaxDepartures)
	}
}

func TestTeams(t *testing.T) {
	p := rulestest.Policy()
	p.Size.Max, p.Teams.AutoBalance = 6, true
	l := rulestest.Lobby(t, p, "ann", "bob", "cid", "dan", "eve")
	want := map[string]string{"ann": "1", "bob": "2", "cid": "1", "dan": "2", "eve": ""}
	for user, team := range want {
		if got := l.Members[user].Team; got != team {
			t.Errorf("%s is in team %q, want %q", user, got, team)
		}
	}
	one, none := "1", ""
	_, _, err := l.SetMember(rules.SetMemberCommand{Actor: "eve", Team: &one}, rulestest.T0)
	rulestest.WantRefusal(t, err, &wire.Error{Code: wire.CodeResourceExhausted, Field: "team"})
	_, patches, err := l.SetMember(rules.SetMemberCommand{Actor: "ann", Team: &one}, rulestest.T0)
	if err != nil || patches != nil {
		t.Errorf("to stay in a full team: %v, %v", rulestest.Causes(patches), err)
	}
	l = rulestest.After(t)(l.SetMember(rules.SetMemberCommand{Actor: "ann", UserID: "cid", Team: &none}, rulestest.T0))
	l = rulestest.After(t)(l.SetMember(rules.SetMemberCommand{Actor: "ann", UserID: "eve", Team: &one}, rulestest.T0))
	if l.Members["eve"].Team != "1" || l.Members["cid"].Team != "" {
		t.Error("the host did not move members")
	}
}

func TestSlots(t *testing.T) {
	l := rulestest.Lobby(t, rulestest.Policy(), "ann", "bob", "cid")
	l = rulestest.After(t)(l.Leave(rules.Actor{ID: "bob"}, 0, rulestest.T0))
	l = rulestest.After(t)(l.Join(rules.JoinCommand{User: rulestest.Actor("sue"), As: wire.RoleSpectator}, rulestest.T0))
	l = rulestest.After(t)(l.Join(rules.JoinCommand{User: rulestest.Actor("dan")}, rulestest.T0))
	got := map[string]int{}
	for id, m := range l.Members {
		got[id] = m.Slot
	}
	if d := cmp.Diff(map[string]int{"ann": 0, "dan": 1, "cid": 2, "sue": 0}, got); d != "" {
		t.Error(d)
	}
}

func TestReady(t *testing.T) {
	l := rulestest.Lobby(t, rulestest.Policy(), "ann", "bob")
	l = rulestest.After(t)(l.Join(rules.JoinCommand{User: rulestest.Actor("sue"), As: wire.RoleSpectator}, rulestest.T0))
	next, patches, err := l.Ready("bob", true, rulestest.T0)
	if err != nil {
		t.Fatal(err)
	}
	want := []wire.LobbyPatch{{
		LobbyID: rulestest.LobbyID, From: l.Version, To: l.Version + 1,
		Ops: []wire.PatchOp{
			{Op: "replace", Path: "/version", Value: l.Version + 1},
			{Op: "replace", Path: "/members/bob/ready", Value: true},
		},
		Cause: wire.Cause{Type: wire.CauseMemberReady, ActorID: "bob"},
	}}
	if d := cmp.Diff(want, patches); d != "" {
		t.Errorf("patches (-want +got):\n%s", d)
	}
	if _, patches, err := next.Ready("bob", true, rulestest.T0); err != nil || patches != nil {
		t.Errorf("ready again: %v, %v", patches, err)
	}
	_, _, err = l.Ready("sue", true, rulestest.T0)
	rulestest.WantRefusal(t, err, &wire.Error{Code: wire.CodePermissionDenied})
	_, _, err = l.Ready("eve", true, rulestest.T0)
	rulestest.WantRefusal(t, err, &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonNotMember})
	l.Status = wire.LobbyInMatch
	_, _, err = l.Ready("bob", true, rulestest.T0)
	rulestest.WantRefusal(t, err, &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonLobbyStarted})
	l.Status = wire.LobbyClosed
	_, _, err = l.Ready("bob", true, rulestest.T0)
	rulestest.WantRefusal(t, err, &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonLobbyClosed})
}

func TestReadyIsClearedOnChange(t *testing.T) {
	team, three, name := "1", 3, "new"
	changes := map[string]struct {
		do     func(rules.Lobby) (rules.Lobby, []wire.LobbyPatch, error)
		clears bool
	}{
		"join": {func(l rules.Lobby) (rules.Lobby, []wire.LobbyPatch, error) {
			return l.Join(rules.JoinCommand{User: rulestest.Actor("eve")}, rulestest.T0)
		}, true},
		"spectator": {func(l rules.Lobby) (rules.Lobby, []wire.LobbyPatch, error) {
			return l.Join(rules.JoinCommand{User: rulestest.Actor("eve"), As: wire.RoleSpectator}, rulestest.T0)
		}, false},
		"leave": {func(l rules.Lobby) (rules.Lobby, []wire.LobbyPatch, error) {
			return l.Leave(rules.Actor{ID: "bob"}, 0, rulestest.T0)
		}, true},
		"kick": {func(l rules.Lobby) (rules.Lobby, []wire.LobbyPatch, error) {
			return l.Kick("ann", "bob", "", rulestest.T0)
		}, true},
		"team": {func(l rules.Lobby) (rules.Lobby, []wire.LobbyPatch, error) {
			return l.SetMember(rules.SetMemberCommand{Actor: "bob", Team: &team}, rulestest.T0)
		}, true},
		"hero": {func(l rules.Lobby) (rules.Lobby, []wire.LobbyPatch, error) {
			return l.SetMember(rules.SetMemberCommand{Actor: "bob", Set: wire.Attributes{"hero": "cat"}}, rulestest.T0)
		}, false},
		"size": {func(l rules.Lobby) (rules.Lobby, []wire.LobbyPatch, error) {
			return l.Update(rules.UpdateCommand{Actor: "ann", Set: wire.LobbySet{MaxMembers: &three}}, rulestest.T0)
		}, true},
		"map": {func(l rules.Lobby) (rules.Lobby, []wire.LobbyPatch, error) {
			return l.Update(rules.UpdateCommand{Actor: "ann", Set: wire.LobbySet{Attributes: wire.Attributes{"map": "ice"}}}, rulestest.T0)
		}, true},
		"name": {func(l rules.Lobby) (rules.Lobby, []wire.LobbyPatch, error) {
			return l.Update(rules.UpdateCommand{Actor: "ann", Set: wire.LobbySet{Name: &name}}, rulestest.T0)
		}, false},
		"disconnect": {func(l rules.Lobby) (rules.Lobby, []wire.LobbyPatch, error) {
			return l.Disconnect("bob", "bob-1", rulestest.T0)
		}, false},
	}
	for name, tc := range changes {
		for _, on := range []bool{true, false} {
			t.Run(fmt.Sprint(name, " ", on), func(t *testing.T) {
				p := rulestest.Policy()
				p.Ready.ClearOnChange = on
				l := rulestest.After(t)(rulestest.Lobby(t, p, "ann", "bob", "cid").Ready("cid", true, rulestest.T0))
				next := rulestest.After(t)(tc.do(l))
				if got, want := next.Members["cid"].Ready, !on || !tc.clears; got != want {
					t.Errorf("ready is %v, want %v", got, want)
				}
			})
		}
	}
}

func TestSetMemberRules(t *testing.T) {
	l := rulestest.Lobby(t, rulestest.Policy(), "ann", "bob", "cid")
	team, bad := "2", "9"
	hero := wire.Attributes{"hero": "cat"}
	for name, tc := range map[string]struct {
		cmd  rules.SetMemberCommand
		want *wire.Error
	}{
		"own team":                       {cmd: rules.SetMemberCommand{Actor: "bob", Team: &team}},
		"own by name":                    {cmd: rules.SetMemberCommand{Actor: "bob", UserID: "bob", Set: hero}},
		"no such team":                   {cmd: rules.SetMemberCommand{Actor: "bob", Team: &bad}, want: &wire.Error{Code: wire.CodeInvalidArgument, Field: "team"}},
		"another's team by the host":     {cmd: rules.SetMemberCommand{Actor: "ann", UserID: "bob", Team: &team}},
		"another's team":                 {cmd: rules.SetMemberCommand{Actor: "bob", UserID: "cid", Team: &team}, want: &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonNotHost}},
		"another's attribute by host":    {cmd: rules.SetMemberCommand{Actor: "ann", UserID: "bob", Set: hero}, want: &wire.Error{Code: wire.CodePermissionDenied, Field: "attributes"}},
		"unset another's attribute":      {cmd: rules.SetMemberCommand{Actor: "ann", UserID: "bob", Unset: []string{"hero"}}, want: &wire.Error{Code: wire.CodePermissionDenied, Field: "attributes"}},
		"nobody's team":                  {cmd: rules.SetMemberCommand{Actor: "ann", UserID: "eve", Team: &team}, want: &wire.Error{Code: wire.CodeNotFound}},
		"by a stranger":                  {cmd: rules.SetMemberCommand{Actor: "eve", Set: hero}, want: &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonNotMember}},
		"another's by a stranger":        {cmd: rules.SetMemberCommand{Actor: "eve", UserID: "bob", Team: &team}, want: &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonNotMember}},
		"attribute of the lobby":         {cmd: rules.SetMemberCommand{Actor: "ann", Set: wire.Attributes{"map": "ice"}}, want: &wire.Error{Code: wire.CodeInvalidArgument, Field: "attributes.map"}},
		"unset an unknown attribute":     {cmd: rules.SetMemberCommand{Actor: "bob", Unset: []string{"x"}}, want: &wire.Error{Code: wire.CodeInvalidArgument, Field: "unset"}},
		"unset what is not set: nothing": {cmd: rules.SetMemberCommand{Actor: "bob", Unset: []string{"hero"}}},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := l.SetMember(tc.cmd, rulestest.T0)
			rulestest.WantRefusal(t, err, tc.want)
		})
	}
	l = rulestest.After(t)(l.SetMember(rules.SetMemberCommand{Actor: "bob", Set: hero}, rulestest.T0))
	if _, patches, err := l.SetMember(rules.SetMemberCommand{Actor: "bob", Set: hero}, rulestest.T0); err != nil || patches != nil {
		t.Errorf("the same again: %v, %v", rulestest.Causes(patches), err)
	}
	l = rulestest.After(t)(l.SetMember(rules.SetMemberCommand{Actor: "bob", Unset: []string{"hero"}}, rulestest.T0))
	if len(l.Members["bob"].Attributes) != 0 {
		t.Error("the attribute was not unset")
	}
}

func TestUpdateRules(t *testing.T) {
	base := rulestest.Lobby(t, rulestest.Policy(), "ann", "bob", "cid")
	ptr := func(n int) *int { return &n }
	yes, no := true, false
	word, short := "swordfish", "abc"
	name, badName := "new", "\x00"
	private, odd := wire.VisibilityPrivate, wire.Visibility("odd")
	for label, tc := range map[string]struct {
		status  wire.LobbyStatus
		cmd     rules.UpdateCommand
		want    *wire.Error
		nothing bool
	}{
		"name":              {cmd: rules.UpdateCommand{Set: wire.LobbySet{Name: &name}}},
		"bad name":          {cmd: rules.UpdateCommand{Set: wire.LobbySet{Name: &badName}}, want: &wire.Error{Code: wire.CodeInvalidArgument, Field: "set.name"}},
		"nothing":           {nothing: true},
		"expected":          {cmd: rules.UpdateCommand{Expected: 3, Set: wire.LobbySet{Name: &name}}},
		"conflict":          {cmd: rules.UpdateCommand{Expected: 2, Set: wire.LobbySet{Name: &name}}, want: &wire.Error{Code: wire.CodeVersionConflict, Current: wire.CurrentVersion(3)}},
		"not host":          {cmd: rules.UpdateCommand{Actor: "bob", Set: wire.LobbySet{Name: &name}}, want: &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonNotHost}},
		"stranger":          {cmd: rules.UpdateCommand{Actor: "eve"}, want: &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonNotMember}},
		"private":           {cmd: rules.UpdateCommand{Set: wire.LobbySet{Visibility: &private}}},
		"odd visibility":    {cmd: rules.UpdateCommand{Set: wire.LobbySet{Visibility: &odd}}, want: &wire.Error{Code: wire.CodeInvalidArgument, Field: "set.visibility"}},
		"size":              {cmd: rules.UpdateCommand{Set: wire.LobbySet{MaxMembers: ptr(3)}}},
		"same size":         {cmd: rules.UpdateCommand{Set: wire.LobbySet{MaxMembers: ptr(4)}}, nothing: true},
		"size below policy": {cmd: rules.UpdateCommand{Set: wire.LobbySet{MaxMembers: ptr(1)}}, want: &wire.Error{Code: wire.CodeInvalidArgument, Field: "set.maxMembers"}},
		"size below filled": {cmd: rules.UpdateCommand{Set: wire.LobbySet{MaxMembers: ptr(2)}}, want: &wire.Error{Code: wire.CodeInvalidArgument, Field: "set.maxMembers"}},
		"lock":              {cmd: rules.UpdateCommand{Set: wire.LobbySet{Locked: &yes}}},
		"unlock":            {status: wire.LobbyLocked, cmd: rules.UpdateCommand{Set: wire.LobbySet{Locked: &no}}},
		"unlock open":       {cmd: rules.UpdateCommand{Set: wire.LobbySet{Locked: &no}}, nothing: true},
		"lock in match":     {status: wire.LobbyInMatch, cmd: rules.UpdateCommand{Set: wire.LobbySet{Locked: &yes}}, want: &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonLobbyStarted}},
		"closed":            {status: wire.LobbyClosed, want: &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonLobbyClosed}},
		"password":          {cmd: rules.UpdateCommand{Set: wire.LobbySet{Password: &word}, PasswordHash: "h"}},
		"password unhashed": {cmd: rules.UpdateCommand{Set: wire.LobbySet{Password: &word}}, want: &wire.Error{Code: wire.CodeUnavailable, Retryable: true}},
		"short password":    {cmd: rules.UpdateCommand{Set: wire.LobbySet{Password: &short}, PasswordHash: "h"}, want: &wire.Error{Code: wire.CodeInvalidArgument, Field: "set.password"}},
		"no password":       {cmd: rules.UpdateCommand{Unset: []string{"password"}}, nothing: true},
		"attribute":         {cmd: rules.UpdateCommand{Set: wire.LobbySet{Attributes: wire.Attributes{"rounds": 2.0}}}},
		"same attribute":    {cmd: rules.UpdateCommand{Set: wire.LobbySet{Attributes: wire.Attributes{"map": "dust"}}}, nothing: true},
		"bad attribute":     {cmd: rules.UpdateCommand{Set: wire.LobbySet{Attributes: wire.Attributes{"rounds": 99.0}}}, want: &wire.Error{Code: wire.CodeInvalidArgument, Field: "set.attributes.rounds"}},
		"server attribute":  {cmd: rules.UpdateCommand{Unset: []string{"ranked"}}, want: &wire.Error{Code: wire.CodePermissionDenied, Field: "unset"}},
	} {
		t.Run(label, func(t *testing.T) {
			l := base
			if tc.status != "" {
				l.Status = tc.status
			}
			if tc.cmd.Actor == "" {
				tc.cmd.Actor = "ann"
			}
			_, patches, err := l.Update(tc.cmd, rulestest.T0)
			rulestest.WantRefusal(t, err, tc.want)
			if want := tc.want == nil && !tc.nothing; (len(patches) == 1) != want {
				t.Errorf("patches %v", rulestest.Causes(patches))
			}
		})
	}
}

func TestUpdateBackToDefault(t *testing.T) {
	l := rulestest.Lobby(t, rulestest.Policy(), "ann")
	l = rulestest.After(t)(l.Update(rules.UpdateCommand{Actor: "ann", PasswordHash: "h", Set: wire.LobbySet{
		Password: new(string), Attributes: wire.Attributes{"map": "ice", "rounds": 2.0},
	}}, rulestest.T0))
	next, patches, err := l.Update(rules.UpdateCommand{Actor: "ann", Unset: []string{"map", "rounds", "password"}}, rulestest.T0)
	if err != nil {
		t.Fatal(err)
	}
	want := []wire.PatchOp{
		{Op: "replace", Path: "/version", Value: uint64(3)},
		{Op: "replace", Path: "/hasPassword", Value: false},
		{Op: "remove", Path: "/attributes/rounds"},
		{Op: "replace", Path: "/attributes/map", Value: "dust"},
	}
	if d := cmp.Diff(want, patches[0].Ops); d != "" {
		t.Errorf("ops (-want +got):\n%s", d)
	}
	if next.PasswordHash != "" || l.PasswordHash != "h" || l.Attributes["map"] != "ice" {
		t.Error("the update kept the password or changed the lobby it was given")
	}
}

func TestKickRules(t *testing.T) {
	l := rulestest.Lobby(t, rulestest.Policy(), "ann", "bob", "cid")
	mild := l
	mild.Policy.Moderation.Kick = false
	for name, tc := range map[string]struct {
		in           rules.Lobby
		actor, other string
		want         *wire.Error
	}{
		"kick":      {in: l, actor: "ann", other: "bob"},
		"not host":  {in: l, actor: "bob", other: "cid", want: &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonNotHost}},
		"the host":  {in: l, actor: "bob", other: "ann", want: &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonNotHost}},
		"oneself":   {in: l, actor: "ann", other: "ann", want: &wire.Error{Code: wire.CodeInvalidArgument, Field: "userId"}},
		"nobody":    {in: l, actor: "ann", other: "eve", want: &wire.Error{Code: wire.CodeNotFound}},
		"forbidden": {in: mild, actor: "ann", other: "bob", want: &wire.Error{Code: wire.CodePermissionDenied}},
	} {
		t.Run(name, func(t *testing.T) {
			next, patches, err := tc.in.Kick(tc.actor, tc.other, "rude", rulestest.T0)
			rulestest.WantRefusal(t, err, tc.want)
			if err != nil {
				return
			}
			if next.Has("bob") || !tc.in.Has("bob") {
				t.Error("bob is where he should not be")
			}
			want := []rules.Departure{{UserID: "bob", Reason: rules.ReasonKicked, By: "ann", Message: "rude", Version: next.Version, At: rulestest.T0.UnixMilli()}}
			if d := cmp.Diff(want, next.Departed); d != "" {
				t.Error(d)
			}
			if d := cmp.Diff([]string{"member_kicked ann rude"}, rulestest.Causes(patches)); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestTransferHostRules(t *testing.T) {
	l := rulestest.Lobby(t, rulestest.Policy(), "ann", "bob", "cid")
	l = rulestest.After(t)(l.Join(rules.JoinCommand{User: rulestest.Actor("sue"), As: wire.RoleSpectator}, rulestest.T0))
	l = rulestest.After(t)(l.Disconnect("cid", "cid-1", rulestest.T0))
	for name, tc := range map[string]struct {
		actor, other string
		want         *wire.Error
		causes       []string
	}{
		"to a player":     {actor: "ann", other: "bob", causes: []string{"host_transferred ann "}},
		"to oneself":      {actor: "ann", other: "ann"},
		"not host":        {actor: "bob", other: "bob", want: &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonNotHost}},
		"to a spectator":  {actor: "ann", other: "sue", want: &wire.Error{Code: wire.CodeInvalidArgument, Field: "userId"}},
		"to someone gone": {actor: "ann", other: "cid", want: &wire.Error{Code: wire.CodeInvalidArgument, Field: "userId"}},
		"to nobody":       {actor: "ann", other: "eve", want: &wire.Error{Code: wire.CodeNotFound}},
	} {
		t.Run(name, func(t *testing.T) {
			next, patches, err := l.TransferHost(tc.actor, tc.other, rulestest.T0)
			rulestest.WantRefusal(t, err, tc.want)
			if d := cmp.Diff(tc.causes, rulestest.Causes(patches)); d != "" {
				t.Error(d)
			}
			if rulestest.Hosts(next) != 1 {
				t.Errorf("%d hosts", rulestest.Hosts(next))
			}
		})
	}
}

func TestPasswordRules(t *testing.T) {
	p := rulestest.Policy()
	bare := p
	bare.Join.Password.Allowed = false
	invalid := &wire.Error{Code: wire.CodeInvalidArgument, Field: "password"}
	for name, tc := range map[string]struct {
		policy   rules.Policy
		password string
		want     *wire.Error
	}{
		"none":                        {p, "", nil},
		"none where none are allowed": {bare, "", nil},
		"not allowed":                 {bare, "long enough", invalid},
		"too short":                   {p, "abc", invalid},
		"short, but in characters":    {p, "äöüß", nil},
		"too long":                    {p, strings.Repeat("ä", 37), invalid},
	} {
		t.Run(name, func(t *testing.T) {
			rulestest.WantRefusal(t, tc.policy.CheckPassword(tc.password, "password"), tc.want)
		})
	}
}
