package party

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/anteroom/anteroom/runtime/wire"
)

// A user who is removed stays out by every door until the leader opens one.
func TestRemovedUsersStayOut(t *testing.T) {
	now := t0.Add(time.Minute)
	comeBy := func(p Party, at time.Time) error {
		_, _, err := p.Join(JoinCommand{User: by("bob"), Code: p.Code, Enrolment: "2"}, at)
		return err
	}
	p := partyOfUsers(t, "ann", "bob", "cid")
	banned := &wire.Error{Code: wire.CodeBanned}
	inviteRefused := &wire.Error{Code: wire.CodeBanned, Field: "userId"}

	kicked, _, err := p.Kick("ann", "bob", "", now)
	wantRefusal(t, err, nil)
	wantRefusal(t, comeBy(kicked, now), banned)
	wantRefusal(t, comeBy(kicked, now.Add(kickTTL-time.Millisecond)), banned)
	wantRefusal(t, comeBy(kicked, now.Add(kickTTL)), nil)
	_, _, err = kicked.Invite(by("cid"), "bob", "n", now)
	wantRefusal(t, err, inviteRefused)
	invited, _, err := kicked.Invite(by("ann"), "bob", "n", now)
	wantRefusal(t, err, nil)
	wantRefusal(t, comeBy(invited, now), nil)

	out, patches, err := p.Ban("ann", "bob", "rude", now)
	wantRefusal(t, err, nil)
	if d := cmp.Diff([]string{"member_banned ann: rude"}, causes(patches)); d != "" || out.Has("bob") {
		t.Errorf("bob is in: %v, causes (-want +got):\n%s", out.Has("bob"), d)
	}
	wantRefusal(t, comeBy(out, now.Add(365*24*time.Hour)), banned)
	_, _, err = out.Invite(by("ann"), "bob", "n", now)
	wantRefusal(t, err, inviteRefused)
	back, _, err := out.Unban("ann", "bob", now)
	wantRefusal(t, err, nil)
	wantRefusal(t, comeBy(back, now), nil)
	_, _, err = back.Unban("ann", "bob", now)
	wantRefusal(t, err, &wire.Error{Code: wire.CodeNotFound, Field: "userId"})
	_, _, err = p.Ban("bob", "ann", "", now)
	wantRefusal(t, err, &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonNotLeader})
	_, _, err = p.Ban("ann", "ann", "", now)
	wantRefusal(t, err, &wire.Error{Code: wire.CodeInvalidArgument, Field: "userId"})
}

func TestBanTakesTheInviteBack(t *testing.T) {
	p, _, _ := partyOfUsers(t, "ann").Invite(by("ann"), "bob", "n", t0)
	invite := p.Invites["bob"].ID
	p, _, err := p.Ban("ann", "bob", "", t0)
	wantRefusal(t, err, nil)
	_, _, err = p.Join(JoinCommand{User: by("bob"), Invite: invite}, t0)
	wantRefusal(t, err, &wire.Error{Code: wire.CodeCodeExpired})
}

func TestBansAreBounded(t *testing.T) {
	p := partyOfUsers(t, "ann", "bob", "cid")
	for i := range maxBans - 1 {
		p, _, _ = p.Ban("ann", fmt.Sprint("u", i), "", t0)
	}
	p, _, _ = p.Kick("ann", "bob", "", t0)
	p, _, err := p.Ban("ann", "more", "", t0) // the kick makes room
	wantRefusal(t, err, nil)
	if len(p.Banned) != maxBans || p.bans("bob", t0) {
		t.Errorf("%d bans, bob among them: %v", len(p.Banned), p.bans("bob", t0))
	}
	_, _, err = p.Ban("ann", "one more", "", t0)
	wantRefusal(t, err, &wire.Error{Code: wire.CodeResourceExhausted})
	if p, _, err = p.Kick("ann", "cid", "", t0); err != nil || p.Has("cid") {
		t.Errorf("a kick when all bans are taken: %v", err)
	}
}

func TestUpdate(t *testing.T) {
	p := partyOfUsers(t, "ann", "bob", "cid")
	no, yes := false, true
	size := func(n int) *int { return &n }
	update := func(p Party, leader string, set wire.PartySet, unset ...string) (Party, error) {
		next, _, err := p.Update(UpdateCommand{Leader: leader, Set: set, Unset: unset}, t0)
		return next, err
	}
	closed, err := update(p, "ann", wire.PartySet{Joinable: &no, MaxMembers: size(4), Attributes: wire.Attributes{"mode": "ranked"}})
	wantRefusal(t, err, nil)
	if v := closed.View(); v.Joinable || v.MaxMembers != 4 || v.Attributes["mode"] != "ranked" {
		t.Errorf("%+v", v)
	}
	_, _, err = closed.Join(JoinCommand{User: by("dan"), Code: closed.Code}, t0)
	wantRefusal(t, err, &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonPartyLocked})
	asked, _, _ := closed.Invite(by("bob"), "dan", "n", t0)
	_, _, err = asked.Join(JoinCommand{User: by("dan"), Invite: asked.Invites["dan"].ID}, t0)
	wantRefusal(t, err, nil)
	opened, err := update(closed, "ann", wire.PartySet{Joinable: &yes}, "mode")
	wantRefusal(t, err, nil)
	if v := opened.View(); !v.Joinable || len(v.Attributes) != 0 {
		t.Errorf("%+v", v)
	}
	for field, set := range map[string]wire.PartySet{
		"set.maxMembers":   {MaxMembers: size(2)},
		"set.attributes.x": {Attributes: wire.Attributes{"x": []any{}}},
	} {
		_, err := update(p, "ann", set)
		wantRefusal(t, err, &wire.Error{Code: wire.CodeInvalidArgument, Field: field})
	}
	_, err = update(p, "bob", wire.PartySet{Joinable: &no})
	wantRefusal(t, err, &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonNotLeader})
	_, _, err = p.Update(UpdateCommand{Leader: "ann", Expected: p.Version + 1, Set: wire.PartySet{Joinable: &no}}, t0)
	wantRefusal(t, err, &wire.Error{Code: wire.CodeVersionConflict, Current: wire.CurrentVersion(p.Version)})
	if same, err := update(p, "ann", wire.PartySet{Joinable: &yes, MaxMembers: size(p.MaxMembers)}); err != nil || same.Version != p.Version {
		t.Errorf("what is so already: version %d, %v", same.Version, err)
	}
}

// Everyone's ready goes back with each change of what the members agreed to.
func TestReadyGoesBack(t *testing.T) {
	p, patches, err := partyOfUsers(t, "ann", "bob", "cid").Ready("bob", true, t0)
	wantRefusal(t, err, nil)
	if d := cmp.Diff([]string{"member_ready bob"}, causes(patches)); d != "" || !p.View().Members["bob"].Ready {
		t.Errorf("causes (-want +got):\n%s", d)
	}
	four := 4
	no := false
	for name, tc := range map[string]struct {
		do    step
		ready bool
	}{
		"a user joins": {func(p Party) (Party, []wire.PartyPatch, error) {
			return p.Join(JoinCommand{User: by("dan"), Code: p.Code}, t0)
		}, false},
		"a member leaves":    {func(p Party) (Party, []wire.PartyPatch, error) { return p.Leave(Actor{ID: "cid"}, t0) }, false},
		"a member is kicked": {func(p Party) (Party, []wire.PartyPatch, error) { return p.Kick("ann", "cid", "", t0) }, false},
		"another size": {func(p Party) (Party, []wire.PartyPatch, error) {
			return p.Update(UpdateCommand{Leader: "ann", Set: wire.PartySet{MaxMembers: &four}}, t0)
		}, false},
		"another attribute": {func(p Party) (Party, []wire.PartyPatch, error) {
			return p.Update(UpdateCommand{Leader: "ann", Set: wire.PartySet{Attributes: wire.Attributes{"map": "x"}}}, t0)
		}, false},
		"closed to the code": {func(p Party) (Party, []wire.PartyPatch, error) {
			return p.Update(UpdateCommand{Leader: "ann", Set: wire.PartySet{Joinable: &no}}, t0)
		}, true},
		"another leader":     {func(p Party) (Party, []wire.PartyPatch, error) { return p.Promote("ann", "cid", t0) }, true},
		"a connection drops": {func(p Party) (Party, []wire.PartyPatch, error) { return p.Disconnect("bob", "bob-1", t0) }, true},
	} {
		next, _, err := tc.do(p)
		if got := next.Members["bob"].Ready; err != nil || got != tc.ready {
			t.Errorf("%s: bob is ready %v (%v), want %v", name, got, err, tc.ready)
		}
	}
	_, _, err = p.Ready("eve", true, t0)
	wantRefusal(t, err, &wire.Error{Code: wire.CodeNotFound})
}

func TestRegenerateCode(t *testing.T) {
	w := newWorld(t)
	ann, bob := w.client("ann"), w.client("bob")
	p := ann.create()
	ask := func(key string) (wire.PartyCode, error) {
		reply, err := ann.h.RegenerateCode(t.Context(), ann.keyed(key), &wire.PartyNewCode{PartyID: p.ID})
		if err != nil {
			return wire.PartyCode{}, err
		}
		return reply.Data.(wire.PartyCode), nil
	}
	first, err := ask("k")
	if err != nil || first.Code == p.Code {
		t.Fatalf("%+v, %v", first, err)
	}
	_, err = bob.join(p.Code)
	wantRefusal(t, err, &wire.Error{Code: wire.CodeNotFound})
	if again, err := ask("k"); err != nil || again != first {
		t.Errorf("repeated: %+v (%v), want %+v", again, err, first)
	}
	_, err = ask("k2")
	wantRefusal(t, err, &wire.Error{Code: wire.CodeRateLimited, Retryable: true, RetryAfterMs: codeAgain.Milliseconds() + 1})
	_, err = bob.h.RegenerateCode(t.Context(), bob.call, &wire.PartyNewCode{PartyID: p.ID})
	wantRefusal(t, err, &wire.Error{Code: wire.CodeNotFound})
	w.state(bob.join(first.Code))
	w.pass(codeAgain)
	second, err := ask("k3")
	if err != nil || second.Code == first.Code {
		t.Errorf("%+v, %v", second, err)
	}
	if again, err := ask("k"); err != nil || again.Code != first.Code {
		t.Errorf("the first request again: %+v (%v), want its own answer %+v", again, err, first)
	}
}
