package rules_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/anteroom/anteroom/runtime/internal/domain/party/rules"
	"github.com/anteroom/anteroom/runtime/internal/domain/party/rules/rulestest"
	"github.com/anteroom/anteroom/runtime/wire"
)

// A user who is removed stays out by every door until the leader opens one.
func TestRemovedUsersStayOut(t *testing.T) {
	now := rulestest.T0.Add(time.Minute)
	comeBy := func(p rules.Party, at time.Time) error {
		_, _, err := p.Join(rules.JoinCommand{User: rulestest.Actor("bob"), Code: p.Code, MembershipID: "2"}, at)
		return err
	}
	p := rulestest.Party(t, "ann", "bob", "cid")
	banned := &wire.Error{Code: wire.CodeBanned}
	inviteRefused := &wire.Error{Code: wire.CodeBanned, Field: "userId"}

	kicked, _, err := p.Kick("ann", "bob", "", now)
	rulestest.WantRefusal(t, err, nil)
	rulestest.WantRefusal(t, comeBy(kicked, now), banned)
	rulestest.WantRefusal(t, comeBy(kicked, now.Add(rules.KickTTL-time.Millisecond)), banned)
	rulestest.WantRefusal(t, comeBy(kicked, now.Add(rules.KickTTL)), nil)
	_, _, err = kicked.Invite(rulestest.Actor("cid"), "bob", "n", now)
	rulestest.WantRefusal(t, err, inviteRefused)
	invited, _, err := kicked.Invite(rulestest.Actor("ann"), "bob", "n", now)
	rulestest.WantRefusal(t, err, nil)
	rulestest.WantRefusal(t, comeBy(invited, now), nil)

	out, patches, err := p.Ban("ann", "bob", "rude", now)
	rulestest.WantRefusal(t, err, nil)
	if d := cmp.Diff([]string{"member_banned ann: rude"}, rulestest.Causes(patches)); d != "" || out.Has("bob") {
		t.Errorf("bob is in: %v, causes (-want +got):\n%s", out.Has("bob"), d)
	}
	rulestest.WantRefusal(t, comeBy(out, now.Add(365*24*time.Hour)), banned)
	_, _, err = out.Invite(rulestest.Actor("ann"), "bob", "n", now)
	rulestest.WantRefusal(t, err, inviteRefused)
	back, _, err := out.Unban("ann", "bob", now)
	rulestest.WantRefusal(t, err, nil)
	rulestest.WantRefusal(t, comeBy(back, now), nil)
	_, _, err = back.Unban("ann", "bob", now)
	rulestest.WantRefusal(t, err, &wire.Error{Code: wire.CodeNotFound, Field: "userId"})
	_, _, err = p.Ban("bob", "ann", "", now)
	rulestest.WantRefusal(t, err, &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonNotLeader})
	_, _, err = p.Ban("ann", "ann", "", now)
	rulestest.WantRefusal(t, err, &wire.Error{Code: wire.CodeInvalidArgument, Field: "userId"})
}

func TestBanTakesTheInviteBack(t *testing.T) {
	p, _, _ := rulestest.Party(t, "ann").Invite(rulestest.Actor("ann"), "bob", "n", rulestest.T0)
	invite := p.Invites["bob"].ID
	p, _, err := p.Ban("ann", "bob", "", rulestest.T0)
	rulestest.WantRefusal(t, err, nil)
	_, _, err = p.Join(rules.JoinCommand{User: rulestest.Actor("bob"), Invite: invite}, rulestest.T0)
	rulestest.WantRefusal(t, err, &wire.Error{Code: wire.CodeCodeExpired})
}

func TestBansAreBounded(t *testing.T) {
	p := rulestest.Party(t, "ann", "bob", "cid")
	for i := range rules.MaxBans - 1 {
		p, _, _ = p.Ban("ann", fmt.Sprint("u", i), "", rulestest.T0)
	}
	p, _, _ = p.Kick("ann", "bob", "", rulestest.T0)
	p, _, err := p.Ban("ann", "more", "", rulestest.T0) // the kick makes room
	rulestest.WantRefusal(t, err, nil)
	if len(p.Banned) != rules.MaxBans || p.IsBanned("bob", rulestest.T0) {
		t.Errorf("%d bans, bob among them: %v", len(p.Banned), p.IsBanned("bob", rulestest.T0))
	}
	_, _, err = p.Ban("ann", "one more", "", rulestest.T0)
	rulestest.WantRefusal(t, err, &wire.Error{Code: wire.CodeResourceExhausted})
	if p, _, err = p.Kick("ann", "cid", "", rulestest.T0); err != nil || p.Has("cid") {
		t.Errorf("a kick when all bans are taken: %v", err)
	}
}

func TestUpdate(t *testing.T) {
	p := rulestest.Party(t, "ann", "bob", "cid")
	no, yes := false, true
	size := func(n int) *int { return &n }
	update := func(p rules.Party, leader string, set wire.PartySet, unset ...string) (rules.Party, error) {
		next, _, err := p.Update(rules.UpdateCommand{Leader: leader, Set: set, Unset: unset}, rulestest.T0)
		return next, err
	}
	closed, err := update(p, "ann", wire.PartySet{Joinable: &no, MaxMembers: size(4), Attributes: wire.Attributes{"mode": "ranked"}})
	rulestest.WantRefusal(t, err, nil)
	if v := closed.View(); v.Joinable || v.MaxMembers != 4 || v.Attributes["mode"] != "ranked" {
		t.Errorf("%+v", v)
	}
	_, _, err = closed.Join(rules.JoinCommand{User: rulestest.Actor("dan"), Code: closed.Code}, rulestest.T0)
	rulestest.WantRefusal(t, err, &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonPartyLocked})
	asked, _, _ := closed.Invite(rulestest.Actor("bob"), "dan", "n", rulestest.T0)
	_, _, err = asked.Join(rules.JoinCommand{User: rulestest.Actor("dan"), Invite: asked.Invites["dan"].ID}, rulestest.T0)
	rulestest.WantRefusal(t, err, nil)
	opened, err := update(closed, "ann", wire.PartySet{Joinable: &yes}, "mode")
	rulestest.WantRefusal(t, err, nil)
	if v := opened.View(); !v.Joinable || len(v.Attributes) != 0 {
		t.Errorf("%+v", v)
	}
	for field, set := range map[string]wire.PartySet{
		"set.maxMembers":   {MaxMembers: size(2)},
		"set.attributes.x": {Attributes: wire.Attributes{"x": []any{}}},
	} {
		_, err := update(p, "ann", set)
		rulestest.WantRefusal(t, err, &wire.Error{Code: wire.CodeInvalidArgument, Field: field})
	}
	_, err = update(p, "bob", wire.PartySet{Joinable: &no})
	rulestest.WantRefusal(t, err, &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonNotLeader})
	_, _, err = p.Update(rules.UpdateCommand{Leader: "ann", Expected: p.Version + 1, Set: wire.PartySet{Joinable: &no}}, rulestest.T0)
	rulestest.WantRefusal(t, err, &wire.Error{Code: wire.CodeVersionConflict, Current: wire.CurrentVersion(p.Version)})
	if same, err := update(p, "ann", wire.PartySet{Joinable: &yes, MaxMembers: size(p.MaxMembers)}); err != nil || same.Version != p.Version {
		t.Errorf("what is so already: version %d, %v", same.Version, err)
	}
}

// Everyone's ready goes back with each change of what the members agreed to.
func TestReadyGoesBack(t *testing.T) {
	p, patches, err := rulestest.Party(t, "ann", "bob", "cid").Ready("bob", true, rulestest.T0)
	rulestest.WantRefusal(t, err, nil)
	if d := cmp.Diff([]string{"member_ready bob"}, rulestest.Causes(patches)); d != "" || !p.View().Members["bob"].Ready {
		t.Errorf("causes (-want +got):\n%s", d)
	}
	four := 4
	no := false
	for name, tc := range map[string]struct {
		do    step
		ready bool
	}{
		"a user joins": {func(p rules.Party) (rules.Party, []wire.PartyPatch, error) {
			return p.Join(rules.JoinCommand{User: rulestest.Actor("dan"), Code: p.Code}, rulestest.T0)
		}, false},
		"a member leaves": {func(p rules.Party) (rules.Party, []wire.PartyPatch, error) {
			return p.Leave(rules.Actor{ID: "cid"}, rulestest.T0)
		}, false},
		"a member is kicked": {func(p rules.Party) (rules.Party, []wire.PartyPatch, error) {
			return p.Kick("ann", "cid", "", rulestest.T0)
		}, false},
		"another size": {func(p rules.Party) (rules.Party, []wire.PartyPatch, error) {
			return p.Update(rules.UpdateCommand{Leader: "ann", Set: wire.PartySet{MaxMembers: &four}}, rulestest.T0)
		}, false},
		"another attribute": {func(p rules.Party) (rules.Party, []wire.PartyPatch, error) {
			return p.Update(rules.UpdateCommand{Leader: "ann", Set: wire.PartySet{Attributes: wire.Attributes{"map": "x"}}}, rulestest.T0)
		}, false},
		"closed to the code": {func(p rules.Party) (rules.Party, []wire.PartyPatch, error) {
			return p.Update(rules.UpdateCommand{Leader: "ann", Set: wire.PartySet{Joinable: &no}}, rulestest.T0)
		}, true},
		"another leader": {func(p rules.Party) (rules.Party, []wire.PartyPatch, error) {
			return p.Promote("ann", "cid", rulestest.T0)
		}, true},
		"a connection drops": {func(p rules.Party) (rules.Party, []wire.PartyPatch, error) {
			return p.Disconnect("bob", "bob-1", rulestest.T0)
		}, true},
	} {
		next, _, err := tc.do(p)
		if got := next.Members["bob"].Ready; err != nil || got != tc.ready {
			t.Errorf("%s: bob is ready %v (%v), want %v", name, got, err, tc.ready)
		}
	}
	_, _, err = p.Ready("eve", true, rulestest.T0)
	rulestest.WantRefusal(t, err, &wire.Error{Code: wire.CodeNotFound})
}
