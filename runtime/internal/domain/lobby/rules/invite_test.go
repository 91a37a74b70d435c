package rules_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/anteroom/anteroom/runtime/internal/domain/lobby/rules"
	"github.com/anteroom/anteroom/runtime/internal/domain/lobby/rules/rulestest"
	"github.com/anteroom/anteroom/runtime/wire"
)

func TestInviteRules(t *testing.T) {
	l := rulestest.Lobby(t, rulestest.Policy(), "ann", "bob")
	banned := rulestest.After(t)(l.Ban("ann", "eve", "", rulestest.T0))
	full := l
	for i := range rules.MaxInvites {
		full = rulestest.After(t)(full.Invite(rulestest.Actor("bob"), fmt.Sprint("u", i), fmt.Sprint(i), rulestest.T0))
	}
	cases := []struct {
		name        string
		in          rules.Lobby
		actor, user string
		at          time.Time
		want        *wire.Error
	}{
		{"by any member", l, "bob", "eve", rulestest.T0, nil},
		{"by a stranger", l, "eve", "tom", rulestest.T0, &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonNotMember}},
		{"of a member", l, "bob", "ann", rulestest.T0, wire.Already(wire.CodeAlreadyMember, wire.ReasonInLobby, "", l.ID).At("userId")},
		{"of a banned user", banned, "bob", "eve", rulestest.T0, &wire.Error{Code: wire.CodeBanned, Field: "userId"}},
		{"after the ban", banned, "bob", "eve", rulestest.T0.Add(time.Minute), nil},
		{"too many", full, "bob", "eve", rulestest.T0, &wire.Error{Code: wire.CodeResourceExhausted}},
		{"again", full, "bob", "u3", rulestest.T0, nil},
		{"when others have lapsed", full, "bob", "eve", rulestest.T0.Add(rules.InviteTTL), nil},
		{"closed", rulestest.After(t)(l.Close("ann", rulestest.T0)), "bob", "eve", rulestest.T0, &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonLobbyClosed}},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			next, _, err := tc.in.Invite(rulestest.Actor(tc.actor), tc.user, "nonce", tc.at)
			rulestest.WantRefusal(t, err, tc.want)
			if err == nil && next.Invites[tc.user].ExpiresAt != tc.at.Add(rules.InviteTTL).UnixMilli() {
				t.Errorf("invites %+v", next.Invites)
			}
		})
	}
}

func TestComeByInvite(t *testing.T) {
	p := rulestest.Policy()
	l, _, err := rules.Create(p, rules.CreateCommand{
		ID: rulestest.LobbyID, Host: rulestest.Actor("ann"), Visibility: wire.VisibilityPrivate, PasswordHash: rulestest.PasswordHash,
	}, rulestest.T0)
	if err != nil {
		t.Fatal(err)
	}
	l = rulestest.After(t)(l.Invite(rulestest.Actor("ann"), "bob", "n", rulestest.T0))
	id := l.Invites["bob"].ID
	expired := &wire.Error{Code: wire.CodeCodeExpired}
	for name, tc := range map[string]struct {
		cmd  rules.JoinCommand
		at   time.Time
		want *wire.Error
	}{
		"by invite, without the password": {rules.JoinCommand{User: rulestest.Actor("bob"), Invite: id}, rulestest.T0, nil},
		"somebody else's":                 {rules.JoinCommand{User: rulestest.Actor("eve"), Invite: id}, rulestest.T0, expired},
		"unknown":                         {rules.JoinCommand{User: rulestest.Actor("bob"), Invite: rulestest.LobbyID + ".x"}, rulestest.T0, expired},
		"too late":                        {rules.JoinCommand{User: rulestest.Actor("bob"), Invite: id}, rulestest.T0.Add(rules.InviteTTL), expired},
		"without it":                      {rules.JoinCommand{User: rulestest.Actor("bob")}, rulestest.T0, &wire.Error{Code: wire.CodeNotFound}},
	} {
		t.Run(name, func(t *testing.T) {
			next, _, err := l.Join(tc.cmd, tc.at)
			rulestest.WantRefusal(t, err, tc.want)
			if err == nil && len(next.Invites) != 0 {
				t.Errorf("invites left: %v", next.Invites)
			}
		})
	}
	declined := rulestest.After(t)(l.Decline("bob", id, rulestest.T0))
	_, _, err = declined.Join(rules.JoinCommand{User: rulestest.Actor("bob"), Invite: id}, rulestest.T0)
	rulestest.WantRefusal(t, err, expired)
	_, _, err = declined.Decline("bob", id, rulestest.T0)
	rulestest.WantRefusal(t, err, expired)
}

func TestRequestRules(t *testing.T) {
	p := rulestest.Policy()
	p.Join.Requests = true
	l := rulestest.Lobby(t, p, "ann", "bob")
	many := l
	for i := range rules.MaxRequests {
		many = rulestest.After(t)(many.RequestJoin(rulestest.Actor(fmt.Sprint("u", i)), "", "", rulestest.T0))
	}
	declined := rulestest.After(t)(l.RequestJoin(rulestest.Actor("eve"), "", "", rulestest.T0))
	declined = rulestest.After(t)(declined.RespondJoin(rulestest.Actor("ann"), "eve", false, "n", rulestest.T0))
	none := rulestest.Lobby(t, rulestest.Policy(), "ann")
	for name, tc := range map[string]struct {
		in   rules.Lobby
		user string
		code string
		at   time.Time
		want *wire.Error
	}{
		"ask":            {l, "eve", "", rulestest.T0, nil},
		"by code":        {l, "eve", "ABC234", rulestest.T0, nil},
		"by an old code": {l, "eve", "ABC235", rulestest.T0, &wire.Error{Code: wire.CodeCodeExpired}},
		"a member":       {l, "bob", "", rulestest.T0, wire.Already(wire.CodeAlreadyMember, wire.ReasonInLobby, "", l.ID)},
		"not allowed":    {none, "eve", "", rulestest.T0, &wire.Error{Code: wire.CodePermissionDenied}},
		"too many":       {many, "eve", "", rulestest.T0, &wire.Error{Code: wire.CodeResourceExhausted}},
		"lapsed ones":    {many, "eve", "", rulestest.T0.Add(rules.RequestTTL), nil},
		"full":           {rulestest.Lobby(t, p, "ann", "bob", "tom", "kim"), "eve", "", rulestest.T0, &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonLobbyFull}},
		"banned":         {rulestest.After(t)(l.Ban("ann", "eve", "", rulestest.T0)), "eve", "", rulestest.T0, &wire.Error{Code: wire.CodeBanned}},
		"after a no":     {declined, "eve", "", rulestest.T0, &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonCooldown, RetryAfterMs: rules.RequestTTL.Milliseconds()}},
		"later":          {declined, "eve", "", rulestest.T0.Add(rules.RequestTTL), nil},
	} {
		t.Run(name, func(t *testing.T) {
			next, _, err := tc.in.RequestJoin(rulestest.Actor(tc.user), tc.code, "please", tc.at)
			rulestest.WantRefusal(t, err, tc.want)
			if err == nil && next.Requests[tc.user].Message != "please" {
				t.Errorf("requests %+v", next.Requests)
			}
		})
	}
	asked := rulestest.After(t)(l.RequestJoin(rulestest.Actor("eve"), "", "", rulestest.T0))
	if _, patches, err := asked.RequestJoin(rulestest.Actor("eve"), "", "", rulestest.T0); err != nil || len(patches) > 0 {
		t.Errorf("asked twice: %v", err)
	}
	_, _, err := asked.RespondJoin(rulestest.Actor("bob"), "eve", true, "n", rulestest.T0)
	rulestest.WantRefusal(t, err, &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonNotHost})
	_, _, err = asked.RespondJoin(rulestest.Actor("ann"), "tom", true, "n", rulestest.T0)
	rulestest.WantRefusal(t, err, &wire.Error{Code: wire.CodeNotFound})
	yes := rulestest.After(t)(asked.RespondJoin(rulestest.Actor("ann"), "eve", true, "n", rulestest.T0))
	if i := yes.Invites["eve"]; !i.Requested || len(yes.Requests) != 0 {
		t.Errorf("accepted: %+v, %+v", yes.Invites, yes.Requests)
	}
	moved := rulestest.After(t)(asked.TransferHost("ann", "bob", rulestest.T0))
	if moved.Requests["eve"].Version != moved.Version {
		t.Errorf("requests are not sent to the new host: %+v at %d", moved.Requests, moved.Version)
	}
}

func TestBanRules(t *testing.T) {
	p := rulestest.Policy()
	l := rulestest.Lobby(t, p, "ann", "bob")
	out, patches, err := l.Ban("ann", "bob", "rude", rulestest.T0)
	if err != nil || out.Has("bob") || out.Departed[0].Reason != rules.ReasonBanned {
		t.Fatalf("%v, %+v", err, out)
	}
	if d := cmp.Diff([]string{"member_banned ann rude"}, rulestest.Causes(patches)); d != "" {
		t.Error(d)
	}
	p.Moderation.BanTTL = 0
	endless := rulestest.After(t)(rulestest.Lobby(t, p, "ann").Ban("ann", "eve", "", rulestest.T0))
	_, _, err = endless.Join(rules.JoinCommand{User: rulestest.Actor("eve")}, rulestest.T0.AddDate(10, 0, 0))
	rulestest.WantRefusal(t, err, &wire.Error{Code: wire.CodeBanned})
	free := rulestest.After(t)(endless.Unban("ann", "eve", rulestest.T0))
	rulestest.After(t)(free.Join(rules.JoinCommand{User: rulestest.Actor("eve")}, rulestest.T0))
	_, _, err = free.Unban("ann", "eve", rulestest.T0)
	rulestest.WantRefusal(t, err, &wire.Error{Code: wire.CodeNotFound})
	_, _, err = l.Ban("bob", "ann", "", rulestest.T0)
	rulestest.WantRefusal(t, err, &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonNotHost})
	_, _, err = l.Ban("ann", "ann", "", rulestest.T0)
	rulestest.WantRefusal(t, err, &wire.Error{Code: wire.CodeInvalidArgument, Field: "userId"})
}

func TestVoteKick(t *testing.T) {
	p := rulestest.Policy()
	p.Moderation.VoteKick, p.Moderation.VoteRatio = true, 0.6
	l := rulestest.Lobby(t, p, "ann", "bob", "tom", "kim") // 2 of 3 others
	_, _, err := rulestest.Lobby(t, rulestest.Policy(), "ann", "bob").VoteKick("bob", "ann", 0, rulestest.T0)
	rulestest.WantRefusal(t, err, &wire.Error{Code: wire.CodePermissionDenied})
	_, _, err = l.VoteKick("bob", "bob", 0, rulestest.T0)
	rulestest.WantRefusal(t, err, &wire.Error{Code: wire.CodeInvalidArgument, Field: "userId"})
	_, _, err = l.VoteKick("bob", "eve", 0, rulestest.T0)
	rulestest.WantRefusal(t, err, &wire.Error{Code: wire.CodeNotFound})
	one := rulestest.After(t)(l.VoteKick("bob", "ann", 0, rulestest.T0))
	if d := cmp.Diff(map[string]int{"ann": 1}, one.View().Votes); d != "" {
		t.Error(d)
	}
	if _, patches, _ := one.VoteKick("bob", "ann", 0, rulestest.T0); len(patches) > 0 {
		t.Error("a user votes twice")
	}
	out, patches, _ := one.VoteKick("tom", "ann", 0, rulestest.T0)
	want := []string{"voted tom ", "host_migrated ann kicked", "member_voted_out ann "}
	if d := cmp.Diff(want, rulestest.Causes(patches)); d != "" || out.HostID != "bob" || out.Has("ann") || len(out.Votes) != 0 {
		t.Errorf("%s, host %s", d, out.HostID)
	}
	_, _, err = out.Join(rules.JoinCommand{User: rulestest.Actor("ann")}, rulestest.T0)
	rulestest.WantRefusal(t, err, &wire.Error{Code: wire.CodeBanned})
	gone := rulestest.After(t)(one.Leave(rules.Actor{ID: "bob"}, 0, rulestest.T0))
	if len(gone.Votes) != 0 {
		t.Errorf("who left still votes: %v", gone.Votes)
	}
	lapsed, patches, _ := one.Tick(0, rulestest.T0.Add(rules.VoteTTL))
	if d := cmp.Diff([]string{"updated  vote_lapsed"}, rulestest.Causes(patches)); d != "" || len(lapsed.Votes) != 0 {
		t.Error(d)
	}
	p.Size.Max, p.Moderation.VoteRatio = 20, 1
	users := make([]string, rules.MaxVotes+2)
	for i := range users {
		users[i] = fmt.Sprint("u", i)
	}
	big := rulestest.Lobby(t, p, users...)
	for _, target := range users[1 : rules.MaxVotes+1] {
		big = rulestest.After(t)(big.VoteKick("u0", target, 0, rulestest.T0))
	}
	_, _, err = big.VoteKick("u0", users[rules.MaxVotes+1], 0, rulestest.T0)
	rulestest.WantRefusal(t, err, &wire.Error{Code: wire.CodeResourceExhausted})
}
