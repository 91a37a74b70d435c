package rules_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/anteroom/anteroom/runtime/internal/core/liveness"
	"github.com/anteroom/anteroom/runtime/internal/domain/party/rules"
	"github.com/anteroom/anteroom/runtime/internal/domain/party/rules/rulestest"
	"github.com/anteroom/anteroom/runtime/wire"
)

type step = func(rules.Party) (rules.Party, []wire.PartyPatch, error)

func TestRules(t *testing.T) {
	later := rulestest.T0.Add(time.Minute)
	invited := func(users ...string) func(t *testing.T) rules.Party {
		return func(t *testing.T) rules.Party {
			p := rulestest.Party(t, "ann", "bob")
			for _, u := range users {
				p, _, _ = p.Invite(rulestest.Actor("ann"), u, "n-"+u, rulestest.T0)
			}
			return p
		}
	}
	ofTwo := invited()
	full := func(t *testing.T) rules.Party {
		p := ofTwo(t)
		p.MaxMembers = 2
		return p
	}
	away := func(t *testing.T) rules.Party {
		p, _, _ := rulestest.Party(t, "ann", "bob", "cid").Disconnect("bob", "bob-1", later)
		return p
	}
	attributes := func(n int) wire.Attributes {
		a := wire.Attributes{}
		for i := range n {
			a[fmt.Sprint("k", i)] = true
		}
		return a
	}
	for name, tc := range map[string]struct {
		party func(*testing.T) rules.Party
		do    step
		want  []string
		err   *wire.Error
	}{
		"join by code": {ofTwo, func(p rules.Party) (rules.Party, []wire.PartyPatch, error) {
			return p.Join(rules.JoinCommand{User: rulestest.Actor("cid"), Code: p.Code}, later)
		}, []string{"member_joined cid"}, nil},
		"join by another code": {ofTwo, func(p rules.Party) (rules.Party, []wire.PartyPatch, error) {
			return p.Join(rules.JoinCommand{User: rulestest.Actor("cid"), Code: "OTHER234"}, later)
		}, nil, &wire.Error{Code: wire.CodeCodeExpired}},
		"join again": {ofTwo, func(p rules.Party) (rules.Party, []wire.PartyPatch, error) {
			return p.Join(rules.JoinCommand{User: rules.Actor{ID: "bob", Session: "bob-2"}, Code: "any"}, later)
		}, []string{"member_updated bob"}, nil},
		"join a full party": {full, func(p rules.Party) (rules.Party, []wire.PartyPatch, error) {
			return p.Join(rules.JoinCommand{User: rulestest.Actor("cid"), Code: p.Code}, later)
		}, nil, &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonPartyFull}},
		"join with a bad attribute": {ofTwo, func(p rules.Party) (rules.Party, []wire.PartyPatch, error) {
			return p.Join(rules.JoinCommand{User: rulestest.Actor("cid"), Code: p.Code, Attributes: wire.Attributes{"x": nil}}, later)
		}, nil, &wire.Error{Code: wire.CodeInvalidArgument, Field: "attributes.x"}},
		"invite": {ofTwo, func(p rules.Party) (rules.Party, []wire.PartyPatch, error) {
			return p.Invite(rulestest.Actor("bob"), "cid", "n", later)
		}, []string{"invited bob"}, nil},
		"invite as a stranger": {ofTwo, func(p rules.Party) (rules.Party, []wire.PartyPatch, error) {
			return p.Invite(rulestest.Actor("eve"), "cid", "n", later)
		}, nil, &wire.Error{Code: wire.CodeNotFound}},
		"invite a member": {ofTwo, func(p rules.Party) (rules.Party, []wire.PartyPatch, error) {
			return p.Invite(rulestest.Actor("bob"), "ann", "n", later)
		}, nil, wire.Already(wire.CodeAlreadyMember, wire.ReasonInParty, "", rulestest.PartyID).At("userId")},
		"invite into a full party": {full, func(p rules.Party) (rules.Party, []wire.PartyPatch, error) {
			return p.Invite(rulestest.Actor("bob"), "cid", "n", later)
		}, nil, &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonPartyFull}},
		"accept": {invited("cid"), func(p rules.Party) (rules.Party, []wire.PartyPatch, error) {
			return p.Join(rules.JoinCommand{User: rulestest.Actor("cid"), Invite: p.Invites["cid"].ID}, later)
		}, []string{"member_joined cid"}, nil},
		"accept another's": {invited("cid"), func(p rules.Party) (rules.Party, []wire.PartyPatch, error) {
			return p.Join(rules.JoinCommand{User: rulestest.Actor("dan"), Invite: p.Invites["cid"].ID}, later)
		}, nil, &wire.Error{Code: wire.CodeCodeExpired}},
		"accept too late": {invited("cid"), func(p rules.Party) (rules.Party, []wire.PartyPatch, error) {
			return p.Join(rules.JoinCommand{User: rulestest.Actor("cid"), Invite: p.Invites["cid"].ID}, rulestest.T0.Add(rules.InviteTTL))
		}, nil, &wire.Error{Code: wire.CodeCodeExpired}},
		"decline": {invited("cid"), func(p rules.Party) (rules.Party, []wire.PartyPatch, error) {
			return p.Decline("cid", p.Invites["cid"].ID, later)
		}, []string{"invite_declined cid"}, nil},
		"decline nothing": {ofTwo, func(p rules.Party) (rules.Party, []wire.PartyPatch, error) {
			return p.Decline("cid", "x", later)
		}, nil, &wire.Error{Code: wire.CodeCodeExpired}},
		"an invite lapses": {invited("cid"), func(p rules.Party) (rules.Party, []wire.PartyPatch, error) {
			return p.Tick(rulestest.T0.Add(rules.InviteTTL))
		}, []string{"invite_expired "}, nil},
		"leave": {ofTwo, func(p rules.Party) (rules.Party, []wire.PartyPatch, error) {
			return p.Leave(rules.Actor{ID: "bob"}, later)
		}, []string{"member_left bob"}, nil},
		"the leader leaves": {away, func(p rules.Party) (rules.Party, []wire.PartyPatch, error) {
			return p.Leave(rules.Actor{ID: "ann"}, later)
		}, []string{"leader_succession ann: left", "member_left ann"}, nil},
		"leave as a stranger": {ofTwo, func(p rules.Party) (rules.Party, []wire.PartyPatch, error) {
			return p.Leave(rules.Actor{ID: "eve"}, later)
		}, nil, &wire.Error{Code: wire.CodeNotFound}},
		"kick": {ofTwo, func(p rules.Party) (rules.Party, []wire.PartyPatch, error) {
			return p.Kick("ann", "bob", "rude", later)
		}, []string{"member_kicked ann: rude"}, nil},
		"kick as a member": {ofTwo, func(p rules.Party) (rules.Party, []wire.PartyPatch, error) {
			return p.Kick("bob", "ann", "", later)
		}, nil, &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonNotLeader}},
		"kick a stranger": {ofTwo, func(p rules.Party) (rules.Party, []wire.PartyPatch, error) {
			return p.Kick("ann", "eve", "", later)
		}, nil, &wire.Error{Code: wire.CodeNotFound, Field: "userId"}},
		"kick oneself": {ofTwo, func(p rules.Party) (rules.Party, []wire.PartyPatch, error) {
			return p.Kick("ann", "ann", "", later)
		}, nil, &wire.Error{Code: wire.CodeInvalidArgument, Field: "userId"}},
		"promote": {ofTwo, func(p rules.Party) (rules.Party, []wire.PartyPatch, error) {
			return p.Promote("ann", "bob", later)
		}, []string{"leader_promoted ann"}, nil},
		"promote oneself": {ofTwo, func(p rules.Party) (rules.Party, []wire.PartyPatch, error) {
			return p.Promote("ann", "ann", later)
		}, nil, nil},
		"promote a disconnected member": {away, func(p rules.Party) (rules.Party, []wire.PartyPatch, error) {
			return p.Promote("ann", "bob", later)
		}, nil, &wire.Error{Code: wire.CodeInvalidArgument, Field: "userId"}},
		"set attributes": {ofTwo, func(p rules.Party) (rules.Party, []wire.PartyPatch, error) {
			return p.SetMember("bob", wire.Attributes{"hero": "mage", "level": 3.0}, []string{"none"}, later)
		}, []string{"member_updated bob"}, nil},
		"set what is so already": {ofTwo, func(p rules.Party) (rules.Party, []wire.PartyPatch, error) {
			return p.SetMember("bob", nil, []string{"none"}, later)
		}, nil, nil},
		"set too many": {ofTwo, func(p rules.Party) (rules.Party, []wire.PartyPatch, error) {
			return p.SetMember("bob", attributes(rules.MaxKeys+1), nil, later)
		}, nil, &wire.Error{Code: wire.CodeResourceExhausted, Field: "attributes"}},
		"set too much": {ofTwo, func(p rules.Party) (rules.Party, []wire.PartyPatch, error) {
			return p.SetMember("bob", wire.Attributes{"x": strings.Repeat("y", rules.MaxBytes)}, nil, later)
		}, nil, &wire.Error{Code: wire.CodeResourceExhausted, Field: "attributes"}},
		"set a list": {ofTwo, func(p rules.Party) (rules.Party, []wire.PartyPatch, error) {
			return p.SetMember("bob", wire.Attributes{"x": []any{1}}, nil, later)
		}, nil, &wire.Error{Code: wire.CodeInvalidArgument, Field: "attributes.x"}},
		"a member is away too long": {away, func(p rules.Party) (rules.Party, []wire.PartyPatch, error) {
			return p.Tick(later.Add(rules.DisconnectGrace))
		}, []string{"member_timed_out bob"}, nil},
		"a member is away, but not too long": {away, func(p rules.Party) (rules.Party, []wire.PartyPatch, error) {
			return p.Tick(later.Add(rules.DisconnectGrace - 1))
		}, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			before := tc.party(t)
			was := before.View()
			_, patches, err := tc.do(before)
			rulestest.WantRefusal(t, err, tc.err)
			if d := cmp.Diff(tc.want, rulestest.Causes(patches)); d != "" {
				t.Errorf("causes (-want +got):\n%s", d)
			}
			if d := cmp.Diff(was, before.View()); d != "" {
				t.Errorf("the party before was changed:\n%s", d)
			}
		})
	}
}

func TestCreateBounds(t *testing.T) {
	for size, want := range map[int]int{0: rules.DefaultMembers, 2: 2, 16: 16} {
		p, _, err := rules.Create(rules.CreateCommand{ID: rulestest.PartyID, Leader: rulestest.Actor("ann"), MaxMembers: size}, rulestest.T0)
		if err != nil || p.MaxMembers != want {
			t.Errorf("%d: %d, %v", size, p.MaxMembers, err)
		}
	}
	for _, size := range []int{-1, 1, 17} {
		_, _, err := rules.Create(rules.CreateCommand{ID: rulestest.PartyID, Leader: rulestest.Actor("ann"), MaxMembers: size}, rulestest.T0)
		rulestest.WantRefusal(t, err, &wire.Error{Code: wire.CodeInvalidArgument, Field: "maxMembers"})
	}
}

func TestInvitesAreBounded(t *testing.T) {
	p := rulestest.Party(t, "ann")
	for i := range rules.MaxInvites {
		next, _, err := p.Invite(rulestest.Actor("ann"), fmt.Sprint("u", i), fmt.Sprint(i), rulestest.T0)
		if err != nil {
			t.Fatal(err)
		}
		p = next
	}
	_, _, err := p.Invite(rulestest.Actor("ann"), "more", "n", rulestest.T0)
	rulestest.WantRefusal(t, err, &wire.Error{Code: wire.CodeResourceExhausted})
	again, _, err := p.Invite(rulestest.Actor("ann"), "u0", "other", rulestest.T0.Add(time.Second))
	if err != nil || again.Invites["u0"].ID != p.Invites["u0"].ID || again.Invites["u0"].ExpiresAt <= p.Invites["u0"].ExpiresAt {
		t.Errorf("a second invite of the same user: %+v, %v", again.Invites["u0"], err)
	}
	if _, _, err := p.Invite(rulestest.Actor("ann"), "more", "n", rulestest.T0.Add(rules.InviteTTL)); err != nil {
		t.Errorf("after all have lapsed: %v", err)
	}
}

func TestSessionsAreBounded(t *testing.T) {
	p := rulestest.Party(t, "ann")
	for i := range 2 * liveness.MaxSessions {
		p, _, _ = p.Reconnect("ann", fmt.Sprint("s", i), rulestest.T0)
	}
	sessions := p.Members["ann"].Sessions
	if len(sessions) != liveness.MaxSessions || sessions[liveness.MaxSessions-1] != fmt.Sprint("s", 2*liveness.MaxSessions-1) {
		t.Errorf("%v", sessions)
	}
}
