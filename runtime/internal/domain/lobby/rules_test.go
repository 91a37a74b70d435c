package lobby

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/anteroom/anteroom/runtime/wire"
)

func TestCreateRules(t *testing.T) {
	for name, tc := range map[string]struct {
		policy func(*Policy)
		cmd    func(*CreateCommand)
		want   *wire.Error
	}{
		"defaults":                               {},
		"visibility":                             {cmd: func(c *CreateCommand) { c.Visibility = wire.VisibilityPrivate }},
		"visibility forbidden":                   {policy: func(p *Policy) { p.Visibility.Allowed = nil }, cmd: func(c *CreateCommand) { c.Visibility = wire.VisibilityPrivate }, want: &wire.Error{Code: wire.CodeInvalidArgument, Field: "visibility"}},
		"default visibility needs no permission": {policy: func(p *Policy) { p.Visibility.Allowed = nil }, cmd: func(c *CreateCommand) { c.Visibility = wire.VisibilityPublic }},
		"size within":                            {cmd: func(c *CreateCommand) { c.MaxMembers = 2 }},
		"size too large":                         {cmd: func(c *CreateCommand) { c.MaxMembers = 5 }, want: &wire.Error{Code: wire.CodeInvalidArgument, Field: "maxMembers"}},
		"size too small":                         {cmd: func(c *CreateCommand) { c.MaxMembers = 1 }, want: &wire.Error{Code: wire.CodeInvalidArgument, Field: "maxMembers"}},
		"name too long":                          {cmd: func(c *CreateCommand) { c.Name = strings.Repeat("x", 65) }, want: &wire.Error{Code: wire.CodeInvalidArgument, Field: "name"}},
		"name with newline":                      {cmd: func(c *CreateCommand) { c.Name = "a\nb" }, want: &wire.Error{Code: wire.CodeInvalidArgument, Field: "name"}},
		"name not UTF-8":                         {cmd: func(c *CreateCommand) { c.Name = "a\xff" }, want: &wire.Error{Code: wire.CodeInvalidArgument, Field: "name"}},
		"attribute":                              {cmd: func(c *CreateCommand) { c.Attributes = wire.Attributes{"map": "ice"} }},
		"attribute unknown":                      {cmd: func(c *CreateCommand) { c.Attributes = wire.Attributes{"x": 1.0} }, want: &wire.Error{Code: wire.CodeInvalidArgument, Field: "attributes.x"}},
		"attribute enum":                         {cmd: func(c *CreateCommand) { c.Attributes = wire.Attributes{"map": "sea"} }, want: &wire.Error{Code: wire.CodeInvalidArgument, Field: "attributes.map"}},
		"attribute too small":                    {cmd: func(c *CreateCommand) { c.Attributes = wire.Attributes{"rounds": 0.0} }, want: &wire.Error{Code: wire.CodeInvalidArgument, Field: "attributes.rounds"}},
		"attribute too large":                    {cmd: func(c *CreateCommand) { c.Attributes = wire.Attributes{"rounds": 10.0} }, want: &wire.Error{Code: wire.CodeInvalidArgument, Field: "attributes.rounds"}},
		"attribute type":                         {cmd: func(c *CreateCommand) { c.Attributes = wire.Attributes{"rounds": "3"} }, want: &wire.Error{Code: wire.CodeInvalidArgument, Field: "attributes.rounds"}},
		"attribute boolean for text":             {cmd: func(c *CreateCommand) { c.Attributes = wire.Attributes{"map": true} }, want: &wire.Error{Code: wire.CodeInvalidArgument, Field: "attributes.map"}},
		"attribute number for text":              {cmd: func(c *CreateCommand) { c.Attributes = wire.Attributes{"map": 1.0} }, want: &wire.Error{Code: wire.CodeInvalidArgument, Field: "attributes.map"}},
		"attribute not scalar":                   {cmd: func(c *CreateCommand) { c.Attributes = wire.Attributes{"map": []any{"ice"}} }, want: &wire.Error{Code: wire.CodeInvalidArgument, Field: "attributes.map"}},
		"attribute null":                         {cmd: func(c *CreateCommand) { c.Attributes = wire.Attributes{"map": nil} }, want: &wire.Error{Code: wire.CodeInvalidArgument, Field: "attributes.map"}},
		"attribute of the server":                {cmd: func(c *CreateCommand) { c.Attributes = wire.Attributes{"ranked": true} }, want: &wire.Error{Code: wire.CodePermissionDenied, Field: "attributes.ranked"}},
		"attribute of members":                   {cmd: func(c *CreateCommand) { c.Attributes = wire.Attributes{"hero": "cat"} }, want: &wire.Error{Code: wire.CodeInvalidArgument, Field: "attributes.hero"}},
		"member attribute":                       {cmd: func(c *CreateCommand) { c.Member.Attributes = wire.Attributes{"hero": "cat"} }},
		"member attribute too long":              {cmd: func(c *CreateCommand) { c.Member.Attributes = wire.Attributes{"hero": "kitten"} }, want: &wire.Error{Code: wire.CodeInvalidArgument, Field: "member.attributes.hero"}},
		"attribute of the lobby":                 {cmd: func(c *CreateCommand) { c.Member.Attributes = wire.Attributes{"map": "ice"} }, want: &wire.Error{Code: wire.CodeInvalidArgument, Field: "member.attributes.map"}},
		"too many keys":                          {policy: func(p *Policy) { p.Limits.Keys = 2 }, cmd: func(c *CreateCommand) { c.Attributes = wire.Attributes{"rounds": 1.0} }, want: &wire.Error{Code: wire.CodeResourceExhausted, Field: "attributes"}},
		"too many bytes":                         {policy: func(p *Policy) { p.Limits.Bytes = 20 }, cmd: func(c *CreateCommand) { c.Attributes = wire.Attributes{"rounds": 1.0} }, want: &wire.Error{Code: wire.CodeResourceExhausted, Field: "attributes"}},
		"team":                                   {cmd: func(c *CreateCommand) { c.Member.Team = "2" }},
		"no such team":                           {cmd: func(c *CreateCommand) { c.Member.Team = "3" }, want: &wire.Error{Code: wire.CodeInvalidArgument, Field: "member.team"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := testPolicy()
			if tc.policy != nil {
				tc.policy(&p)
			}
			cmd := CreateCommand{ID: testID, Host: by("ann")}
			if tc.cmd != nil {
				tc.cmd(&cmd)
			}
			_, _, err := Create(p, cmd, t0)
			wantRefusal(t, err, tc.want)
		})
	}
}

func TestCreate(t *testing.T) {
	l, patches, err := Create(testPolicy(), CreateCommand{
		ID: testID, Code: "ABC234", Host: by("ann"), Name: "  Ann's  ", PasswordHash: "$2a$secret",
		Attributes: wire.Attributes{"rounds": 3}, Member: wire.MemberInit{Team: "2"},
	}, t0)
	if err != nil {
		t.Fatal(err)
	}
	want := wire.Lobby{
		ID: testID, Type: "duel", Name: "Ann's", Version: 1, HostID: "ann", Status: wire.LobbyOpen,
		Visibility: wire.VisibilityPublic, Code: "ABC234", HasPassword: true, MaxMembers: 4,
		Members: map[string]wire.Member{"ann": {
			Role: wire.RoleHost, Name: "Name ann", Team: "2", Connected: true, JoinedAt: t0.UnixMilli(), Attributes: wire.Attributes{},
		}},
		Attributes: wire.Attributes{"map": "dust", "ranked": false, "rounds": 3.0},
		Policy:     wire.PolicyRef{Name: "duel", Revision: "r1"},
		CreatedAt:  t0.UnixMilli(), ExpiresAt: t0.Add(2 * time.Hour).UnixMilli(),
	}
	if d := cmp.Diff(want, l.View()); d != "" {
		t.Errorf("view (-want +got):\n%s", d)
	}
	wantPatch := []wire.LobbyPatch{{
		LobbyID: testID, To: 1, Ops: []wire.PatchOp{{Op: "add", Path: "", Value: want}},
		Cause: wire.Cause{Type: wire.CauseCreated, ActorID: "ann"},
	}}
	if d := cmp.Diff(wantPatch, patches); d != "" {
		t.Errorf("patches (-want +got):\n%s", d)
	}
	if got := l.PublicView().Code; got != "" {
		t.Errorf("those who are not in see the code %q", got)
	}
}

func TestWhoSeesAttributes(t *testing.T) {
	p := testPolicy()
	for i, audience := range []Audience{AudiencePublic, AudienceMembers, AudienceServer} {
		p.Attributes[i].Visibility = audience // of map, rounds and ranked
	}
	l, _, err := Create(p, CreateCommand{
		ID: testID, Host: by("ann"), Attributes: wire.Attributes{"rounds": 3.0},
		Member: wire.MemberInit{Attributes: wire.Attributes{"hero": "cat"}},
	}, t0)
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
	open.Attributes = append([]AttributeRule(nil), p.Attributes...)
	open.Attributes[2].Visibility = AudienceMembers
	_, patches, err := l.Adopt(open).Ready("ann", true, t0)
	if err != nil {
		t.Fatal(err)
	}
	if want := (wire.PatchOp{Op: "add", Path: "/attributes/ranked", Value: false}); !slices.Contains(patches[0].Ops, want) {
		t.Errorf("what became visible was not told: %+v", patches[0].Ops)
	}
}

func TestJoinRules(t *testing.T) {
	p := testPolicy()
	full := lobbyOf(t, p, "ann", "bob", "cid", "dan")
	pair := lobbyOf(t, p, "ann", "bob")
	with := func(l Lobby, change func(*Lobby)) Lobby { change(&l); return l }
	private := with(pair, func(l *Lobby) { l.Visibility = wire.VisibilityPrivate })
	secret := with(pair, func(l *Lobby) { l.PasswordHash = "hash" })
	late := p
	late.Join.LateJoin = true
	watched := after(t)(pair.Join(JoinCommand{User: by("sue"), As: wire.RoleSpectator}, t0))
	kicked := after(t)(lobbyOf(t, p, "ann", "eve").Kick("ann", "eve", "", t0))

	for name, tc := range map[string]struct {
		in   Lobby
		cmd  JoinCommand
		want *wire.Error
	}{
		"by id":                     {in: pair},
		"by code":                   {in: pair, cmd: JoinCommand{Code: "ABC234"}},
		"by another code":           {in: pair, cmd: JoinCommand{Code: "XYZ234"}, want: &wire.Error{Code: wire.CodeCodeExpired}},
		"private by id":             {in: private, want: &wire.Error{Code: wire.CodeNotFound}},
		"private by code":           {in: private, cmd: JoinCommand{Code: "ABC234"}},
		"friends by id":             {in: with(pair, func(l *Lobby) { l.Visibility = wire.VisibilityFriends }), want: &wire.Error{Code: wire.CodeNotFound}},
		"no password":               {in: secret, want: &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonWrongPassword}},
		"code is no password":       {in: secret, cmd: JoinCommand{Code: "ABC234"}, want: &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonWrongPassword}},
		"stale password":            {in: secret, cmd: JoinCommand{Proof: "old hash"}, want: &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonWrongPassword}},
		"password":                  {in: secret, cmd: JoinCommand{Proof: "hash"}},
		"full":                      {in: full, want: &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonLobbyFull}},
		"full but for a spectator":  {in: full, cmd: JoinCommand{As: wire.RoleSpectator}},
		"full of spectators":        {in: watched, cmd: JoinCommand{As: wire.RoleSpectator}, want: &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonLobbyFull}},
		"spectators take no place":  {in: watched},
		"locked":                    {in: with(pair, func(l *Lobby) { l.Status = wire.LobbyLocked }), want: &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonLobbyLocked}},
		"started":                   {in: with(pair, func(l *Lobby) { l.Status = wire.LobbyInMatch }), want: &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonLobbyStarted}},
		"started, late join":        {in: with(pair, func(l *Lobby) { l.Status = wire.LobbyInMatch; l.Policy = late })},
		"closed":                    {in: with(pair, func(l *Lobby) { l.Status = wire.LobbyClosed }), want: &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonLobbyClosed}},
		"banned":                    {in: kicked, want: &wire.Error{Code: wire.CodeBanned}},
		"team":                      {in: pair, cmd: JoinCommand{Member: wire.MemberInit{Team: "1"}}},
		"team of a spectator":       {in: pair, cmd: JoinCommand{As: wire.RoleSpectator, Member: wire.MemberInit{Team: "1"}}, want: &wire.Error{Code: wire.CodeInvalidArgument, Field: "member.team"}},
		"attribute":                 {in: pair, cmd: JoinCommand{Member: wire.MemberInit{Attributes: wire.Attributes{"hero": "cat"}}}},
		"attribute of wrong type":   {in: pair, cmd: JoinCommand{Member: wire.MemberInit{Attributes: wire.Attributes{"hero": true}}}, want: &wire.Error{Code: wire.CodeInvalidArgument, Field: "member.attributes.hero"}},
		"member again":              {in: pair, cmd: JoinCommand{User: by("bob")}},
		"member again in same role": {in: pair, cmd: JoinCommand{User: by("bob"), As: wire.RoleMember}},
		"member as spectator":       {in: pair, cmd: JoinCommand{User: by("bob"), As: wire.RoleSpectator}, want: wire.Already(wire.CodeAlreadyMember, wire.ReasonInLobby, "", pair.ID)},
		"spectator as member":       {in: watched, cmd: JoinCommand{User: by("sue"), As: wire.RoleMember}, want: wire.Already(wire.CodeAlreadyMember, wire.ReasonInLobby, "", watched.ID)},
		"member of a closed lobby":  {in: with(pair, func(l *Lobby) { l.Status = wire.LobbyClosed }), cmd: JoinCommand{User: by("bob")}, want: &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonLobbyClosed}},
	} {
		t.Run(name, func(t *testing.T) {
			if tc.cmd.User.ID == "" {
				tc.cmd.User = by("eve")
			}
			before := plain(t, tc.in)
			next, patches, err := tc.in.Join(tc.cmd, t0.Add(time.Second))
			wantRefusal(t, err, tc.want)
			if err == nil && !next.Has(tc.cmd.User.ID) {
				t.Error("the user is not in")
			}
			if err != nil && len(patches) > 0 {
				t.Errorf("a refused command left patches %v", causes(patches))
			}
			if d := cmp.Diff(before, plain(t, tc.in)); d != "" {
				t.Errorf("the command changed the lobby it was given:\n%s", d)
			}
		})
	}
}

func TestBanEnds(t *testing.T) {
	l := after(t)(lobbyOf(t, testPolicy(), "ann", "eve").Kick("ann", "eve", "", t0))
	_, _, err := l.Join(JoinCommand{User: by("eve")}, t0.Add(59*time.Second))
	wantRefusal(t, err, &wire.Error{Code: wire.CodeBanned})
	_, _, err = l.Join(JoinCommand{User: by("eve")}, t0.Add(time.Minute))
	wantRefusal(t, err, nil)
}

func TestBansAreBounded(t *testing.T) {
	l := lobbyOf(t, testPolicy(), "ann")
	for i := range maxBans + 10 {
		user := fmt.Sprint("u", i)
		now := t0.Add(time.Duration(i) * time.Millisecond)
		l = after(t)(l.Join(JoinCommand{User: by(user)}, now))
		l = after(t)(l.Kick("ann", user, "", now))
	}
	if len(l.Banned) != maxBans || l.Banned["u9"] != 0 || l.Banned["u10"] == 0 {
		t.Errorf("%d bans, want the last %d", len(l.Banned), maxBans)
	}
	if len(l.Departed) != maxDepartures {
		t.Errorf("%d departures are remembered, want %d", len(l.Departed), maxDepartures)
	}
}

func TestTeams(t *testing.T) {
	p := testPolicy()
	p.Size.Max, p.Teams.AutoBalance = 6, true
	l := lobbyOf(t, p, "ann", "bob", "cid", "dan", "eve")
	want := map[string]string{"ann": "1", "bob": "2", "cid": "1", "dan": "2", "eve": ""}
	for user, team := range want {
		if got := l.Members[user].Team; got != team {
			t.Errorf("%s is in team %q, want %q", user, got, team)
		}
	}
	one, none := "1", ""
	_, _, err := l.SetMember(SetMemberCommand{Actor: "eve", Team: &one}, t0)
	wantRefusal(t, err, &wire.Error{Code: wire.CodeResourceExhausted, Field: "team"})
	_, patches, err := l.SetMember(SetMemberCommand{Actor: "ann", Team: &one}, t0)
	if err != nil || patches != nil {
		t.Errorf("to stay in a full team: %v, %v", causes(patches), err)
	}
	l = after(t)(l.SetMember(SetMemberCommand{Actor: "ann", UserID: "cid", Team: &none}, t0))
	l = after(t)(l.SetMember(SetMemberCommand{Actor: "ann", UserID: "eve", Team: &one}, t0))
	if l.Members["eve"].Team != "1" || l.Members["cid"].Team != "" {
		t.Error("the host did not move members")
	}
}

func TestSlots(t *testing.T) {
	l := lobbyOf(t, testPolicy(), "ann", "bob", "cid")
	l = after(t)(l.Leave(Actor{ID: "bob"}, 0, t0))
	l = after(t)(l.Join(JoinCommand{User: by("sue"), As: wire.RoleSpectator}, t0))
	l = after(t)(l.Join(JoinCommand{User: by("dan")}, t0))
	got := map[string]int{}
	for id, m := range l.Members {
		got[id] = m.Slot
	}
	if d := cmp.Diff(map[string]int{"ann": 0, "dan": 1, "cid": 2, "sue": 0}, got); d != "" {
		t.Error(d)
	}
}

func TestReady(t *testing.T) {
	l := lobbyOf(t, testPolicy(), "ann", "bob")
	l = after(t)(l.Join(JoinCommand{User: by("sue"), As: wire.RoleSpectator}, t0))
	next, patches, err := l.Ready("bob", true, t0)
	if err != nil {
		t.Fatal(err)
	}
	want := []wire.LobbyPatch{{
		LobbyID: testID, From: l.Version, To: l.Version + 1,
		Ops: []wire.PatchOp{
			{Op: "replace", Path: "/version", Value: l.Version + 1},
			{Op: "replace", Path: "/members/bob/ready", Value: true},
		},
		Cause: wire.Cause{Type: wire.CauseMemberReady, ActorID: "bob"},
	}}
	if d := cmp.Diff(want, patches); d != "" {
		t.Errorf("patches (-want +got):\n%s", d)
	}
	if _, patches, err := next.Ready("bob", true, t0); err != nil || patches != nil {
		t.Errorf("ready again: %v, %v", patches, err)
	}
	_, _, err = l.Ready("sue", true, t0)
	wantRefusal(t, err, &wire.Error{Code: wire.CodePermissionDenied})
	_, _, err = l.Ready("eve", true, t0)
	wantRefusal(t, err, &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonNotMember})
	l.Status = wire.LobbyInMatch
	_, _, err = l.Ready("bob", true, t0)
	wantRefusal(t, err, &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonLobbyStarted})
	l.Status = wire.LobbyClosed
	_, _, err = l.Ready("bob", true, t0)
	wantRefusal(t, err, &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonLobbyClosed})
}

func TestReadyIsClearedOnChange(t *testing.T) {
	team, three, name := "1", 3, "new"
	changes := map[string]struct {
		do     func(Lobby) (Lobby, []wire.LobbyPatch, error)
		clears bool
	}{
		"join": {func(l Lobby) (Lobby, []wire.LobbyPatch, error) { return l.Join(JoinCommand{User: by("eve")}, t0) }, true},
		"spectator": {func(l Lobby) (Lobby, []wire.LobbyPatch, error) {
			return l.Join(JoinCommand{User: by("eve"), As: wire.RoleSpectator}, t0)
		}, false},
		"leave": {func(l Lobby) (Lobby, []wire.LobbyPatch, error) { return l.Leave(Actor{ID: "bob"}, 0, t0) }, true},
		"kick":  {func(l Lobby) (Lobby, []wire.LobbyPatch, error) { return l.Kick("ann", "bob", "", t0) }, true},
		"team": {func(l Lobby) (Lobby, []wire.LobbyPatch, error) {
			return l.SetMember(SetMemberCommand{Actor: "bob", Team: &team}, t0)
		}, true},
		"hero": {func(l Lobby) (Lobby, []wire.LobbyPatch, error) {
			return l.SetMember(SetMemberCommand{Actor: "bob", Set: wire.Attributes{"hero": "cat"}}, t0)
		}, false},
		"size": {func(l Lobby) (Lobby, []wire.LobbyPatch, error) {
			return l.Update(UpdateCommand{Actor: "ann", Set: wire.LobbySet{MaxMembers: &three}}, t0)
		}, true},
		"map": {func(l Lobby) (Lobby, []wire.LobbyPatch, error) {
			return l.Update(UpdateCommand{Actor: "ann", Set: wire.LobbySet{Attributes: wire.Attributes{"map": "ice"}}}, t0)
		}, true},
		"name": {func(l Lobby) (Lobby, []wire.LobbyPatch, error) {
			return l.Update(UpdateCommand{Actor: "ann", Set: wire.LobbySet{Name: &name}}, t0)
		}, false},
		"disconnect": {func(l Lobby) (Lobby, []wire.LobbyPatch, error) { return l.Disconnect("bob", "bob-1", t0) }, false},
	}
	for name, tc := range changes {
		for _, on := range []bool{true, false} {
			t.Run(fmt.Sprint(name, " ", on), func(t *testing.T) {
				p := testPolicy()
				p.Ready.ClearOnChange = on
				l := after(t)(lobbyOf(t, p, "ann", "bob", "cid").Ready("cid", true, t0))
				next := after(t)(tc.do(l))
				if got, want := next.Members["cid"].Ready, !on || !tc.clears; got != want {
					t.Errorf("ready is %v, want %v", got, want)
				}
			})
		}
	}
}

func TestSetMemberRules(t *testing.T) {
	l := lobbyOf(t, testPolicy(), "ann", "bob", "cid")
	team, bad := "2", "9"
	hero := wire.Attributes{"hero": "cat"}
	for name, tc := range map[string]struct {
		cmd  SetMemberCommand
		want *wire.Error
	}{
		"own team":                       {cmd: SetMemberCommand{Actor: "bob", Team: &team}},
		"own by name":                    {cmd: SetMemberCommand{Actor: "bob", UserID: "bob", Set: hero}},
		"no such team":                   {cmd: SetMemberCommand{Actor: "bob", Team: &bad}, want: &wire.Error{Code: wire.CodeInvalidArgument, Field: "team"}},
		"another's team by the host":     {cmd: SetMemberCommand{Actor: "ann", UserID: "bob", Team: &team}},
		"another's team":                 {cmd: SetMemberCommand{Actor: "bob", UserID: "cid", Team: &team}, want: &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonNotHost}},
		"another's attribute by host":    {cmd: SetMemberCommand{Actor: "ann", UserID: "bob", Set: hero}, want: &wire.Error{Code: wire.CodePermissionDenied, Field: "attributes"}},
		"unset another's attribute":      {cmd: SetMemberCommand{Actor: "ann", UserID: "bob", Unset: []string{"hero"}}, want: &wire.Error{Code: wire.CodePermissionDenied, Field: "attributes"}},
		"nobody's team":                  {cmd: SetMemberCommand{Actor: "ann", UserID: "eve", Team: &team}, want: &wire.Error{Code: wire.CodeNotFound}},
		"by a stranger":                  {cmd: SetMemberCommand{Actor: "eve", Set: hero}, want: &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonNotMember}},
		"another's by a stranger":        {cmd: SetMemberCommand{Actor: "eve", UserID: "bob", Team: &team}, want: &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonNotMember}},
		"attribute of the lobby":         {cmd: SetMemberCommand{Actor: "ann", Set: wire.Attributes{"map": "ice"}}, want: &wire.Error{Code: wire.CodeInvalidArgument, Field: "attributes.map"}},
		"unset an unknown attribute":     {cmd: SetMemberCommand{Actor: "bob", Unset: []string{"x"}}, want: &wire.Error{Code: wire.CodeInvalidArgument, Field: "unset"}},
		"unset what is not set: nothing": {cmd: SetMemberCommand{Actor: "bob", Unset: []string{"hero"}}},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := l.SetMember(tc.cmd, t0)
			wantRefusal(t, err, tc.want)
		})
	}
	l = after(t)(l.SetMember(SetMemberCommand{Actor: "bob", Set: hero}, t0))
	if _, patches, err := l.SetMember(SetMemberCommand{Actor: "bob", Set: hero}, t0); err != nil || patches != nil {
		t.Errorf("the same again: %v, %v", causes(patches), err)
	}
	l = after(t)(l.SetMember(SetMemberCommand{Actor: "bob", Unset: []string{"hero"}}, t0))
	if len(l.Members["bob"].Attributes) != 0 {
		t.Error("the attribute was not unset")
	}
}

func TestUpdateRules(t *testing.T) {
	base := lobbyOf(t, testPolicy(), "ann", "bob", "cid")
	ptr := func(n int) *int { return &n }
	yes, no := true, false
	word, short := "swordfish", "abc"
	name, badName := "new", "\x00"
	private, odd := wire.VisibilityPrivate, wire.Visibility("odd")
	for label, tc := range map[string]struct {
		status  wire.LobbyStatus
		cmd     UpdateCommand
		want    *wire.Error
		nothing bool
	}{
		"name":              {cmd: UpdateCommand{Set: wire.LobbySet{Name: &name}}},
		"bad name":          {cmd: UpdateCommand{Set: wire.LobbySet{Name: &badName}}, want: &wire.Error{Code: wire.CodeInvalidArgument, Field: "set.name"}},
		"nothing":           {nothing: true},
		"expected":          {cmd: UpdateCommand{Expected: 3, Set: wire.LobbySet{Name: &name}}},
		"conflict":          {cmd: UpdateCommand{Expected: 2, Set: wire.LobbySet{Name: &name}}, want: &wire.Error{Code: wire.CodeVersionConflict, Current: wire.CurrentVersion(3)}},
		"not host":          {cmd: UpdateCommand{Actor: "bob", Set: wire.LobbySet{Name: &name}}, want: &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonNotHost}},
		"stranger":          {cmd: UpdateCommand{Actor: "eve"}, want: &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonNotMember}},
		"private":           {cmd: UpdateCommand{Set: wire.LobbySet{Visibility: &private}}},
		"odd visibility":    {cmd: UpdateCommand{Set: wire.LobbySet{Visibility: &odd}}, want: &wire.Error{Code: wire.CodeInvalidArgument, Field: "set.visibility"}},
		"size":              {cmd: UpdateCommand{Set: wire.LobbySet{MaxMembers: ptr(3)}}},
		"same size":         {cmd: UpdateCommand{Set: wire.LobbySet{MaxMembers: ptr(4)}}, nothing: true},
		"size below policy": {cmd: UpdateCommand{Set: wire.LobbySet{MaxMembers: ptr(1)}}, want: &wire.Error{Code: wire.CodeInvalidArgument, Field: "set.maxMembers"}},
		"size below filled": {cmd: UpdateCommand{Set: wire.LobbySet{MaxMembers: ptr(2)}}, want: &wire.Error{Code: wire.CodeInvalidArgument, Field: "set.maxMembers"}},
		"lock":              {cmd: UpdateCommand{Set: wire.LobbySet{Locked: &yes}}},
		"unlock":            {status: wire.LobbyLocked, cmd: UpdateCommand{Set: wire.LobbySet{Locked: &no}}},
		"unlock open":       {cmd: UpdateCommand{Set: wire.LobbySet{Locked: &no}}, nothing: true},
		"lock in match":     {status: wire.LobbyInMatch, cmd: UpdateCommand{Set: wire.LobbySet{Locked: &yes}}, want: &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonLobbyStarted}},
		"closed":            {status: wire.LobbyClosed, want: &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonLobbyClosed}},
		"password":          {cmd: UpdateCommand{Set: wire.LobbySet{Password: &word}, PasswordHash: "h"}},
		"password unhashed": {cmd: UpdateCommand{Set: wire.LobbySet{Password: &word}}, want: &wire.Error{Code: wire.CodeUnavailable, Retryable: true}},
		"short password":    {cmd: UpdateCommand{Set: wire.LobbySet{Password: &short}, PasswordHash: "h"}, want: &wire.Error{Code: wire.CodeInvalidArgument, Field: "set.password"}},
		"no password":       {cmd: UpdateCommand{Unset: []string{"password"}}, nothing: true},
		"attribute":         {cmd: UpdateCommand{Set: wire.LobbySet{Attributes: wire.Attributes{"rounds": 2.0}}}},
		"same attribute":    {cmd: UpdateCommand{Set: wire.LobbySet{Attributes: wire.Attributes{"map": "dust"}}}, nothing: true},
		"bad attribute":     {cmd: UpdateCommand{Set: wire.LobbySet{Attributes: wire.Attributes{"rounds": 99.0}}}, want: &wire.Error{Code: wire.CodeInvalidArgument, Field: "set.attributes.rounds"}},
		"server attribute":  {cmd: UpdateCommand{Unset: []string{"ranked"}}, want: &wire.Error{Code: wire.CodePermissionDenied, Field: "unset"}},
	} {
		t.Run(label, func(t *testing.T) {
			l := base
			if tc.status != "" {
				l.Status = tc.status
			}
			if tc.cmd.Actor == "" {
				tc.cmd.Actor = "ann"
			}
			_, patches, err := l.Update(tc.cmd, t0)
			wantRefusal(t, err, tc.want)
			if want := tc.want == nil && !tc.nothing; (len(patches) == 1) != want {
				t.Errorf("patches %v", causes(patches))
			}
		})
	}
}

func TestUpdateBackToDefault(t *testing.T) {
	l := lobbyOf(t, testPolicy(), "ann")
	l = after(t)(l.Update(UpdateCommand{Actor: "ann", PasswordHash: "h", Set: wire.LobbySet{
		Password: new(string), Attributes: wire.Attributes{"map": "ice", "rounds": 2.0},
	}}, t0))
	next, patches, err := l.Update(UpdateCommand{Actor: "ann", Unset: []string{"map", "rounds", "password"}}, t0)
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
	l := lobbyOf(t, testPolicy(), "ann", "bob", "cid")
	mild := l
	mild.Policy.Moderation.Kick = false
	for name, tc := range map[string]struct {
		in           Lobby
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
			next, patches, err := tc.in.Kick(tc.actor, tc.other, "rude", t0)
			wantRefusal(t, err, tc.want)
			if err != nil {
				return
			}
			if next.Has("bob") || !tc.in.Has("bob") {
				t.Error("bob is where he should not be")
			}
			want := []Departure{{UserID: "bob", Reason: ReasonKicked, By: "ann", Message: "rude", Version: next.Version, At: t0.UnixMilli()}}
			if d := cmp.Diff(want, next.Departed); d != "" {
				t.Error(d)
			}
			if d := cmp.Diff([]string{"member_kicked ann rude"}, causes(patches)); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestTransferHostRules(t *testing.T) {
	l := lobbyOf(t, testPolicy(), "ann", "bob", "cid")
	l = after(t)(l.Join(JoinCommand{User: by("sue"), As: wire.RoleSpectator}, t0))
	l = after(t)(l.Disconnect("cid", "cid-1", t0))
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
			next, patches, err := l.TransferHost(tc.actor, tc.other, t0)
			wantRefusal(t, err, tc.want)
			if d := cmp.Diff(tc.causes, causes(patches)); d != "" {
				t.Error(d)
			}
			if hosts(next) != 1 {
				t.Errorf("%d hosts", hosts(next))
			}
		})
	}
}

func TestPasswordRules(t *testing.T) {
	p := testPolicy()
	bare := p
	bare.Join.Password.Allowed = false
	invalid := &wire.Error{Code: wire.CodeInvalidArgument, Field: "password"}
	for name, tc := range map[string]struct {
		policy   Policy
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
			wantRefusal(t, tc.policy.CheckPassword(tc.password, "password"), tc.want)
		})
	}
}
