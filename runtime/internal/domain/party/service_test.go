package party

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/anteroom/anteroom/runtime/internal/core/ids"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/internal/domain/party/rules"
	"github.com/anteroom/anteroom/runtime/internal/domain/party/rules/rulestest"
	"github.com/anteroom/anteroom/runtime/wire"
)

func TestCreateJoinGet(t *testing.T) {
	w := newWorld(t)
	ann, bob := w.client("ann"), w.connect("bob", "bob-1", 1)
	reply, err := ann.h.Create(t.Context(), ann.call, &wire.PartyCreate{MaxMembers: 4, Attributes: wire.Attributes{"hero": "mage"}})
	p := w.state(reply, err)
	if reply.Meta.Stream != "party:"+p.ID || reply.Meta.Seq != 1 || p.Version != 1 || p.LeaderID != "ann" {
		t.Errorf("%+v of %+v", reply.Meta, p)
	}
	if len(p.Code) != codeLength || strings.Trim(p.Code, ids.CodeAlphabet) != "" {
		t.Errorf("code %q", p.Code)
	}
	joined := w.state(bob.join(strings.ToLower(p.Code)))
	if len(joined.Members) != 2 || bob.follows[StreamID(p.ID)].Seq != 2 {
		t.Errorf("bob joined %+v and follows %v", joined, bob.follows)
	}
	for _, id := range []string{p.ID, ""} {
		if d := cmp.Diff(joined, w.state(ann.h.Get(t.Context(), ann.call, &wire.PartyGet{PartyID: id}))); d != "" {
			t.Errorf("ann sees (-bob +ann):\n%s", d)
		}
	}
	if d := cmp.Diff([]string{"ann[ann bob]"}, w.changed); d != "" {
		t.Errorf("reported changes (-want +got):\n%s", d)
	}
}

func TestOneParty(t *testing.T) {
	w := newWorld(t)
	ann, bob := w.client("ann"), w.client("bob")
	p, other := ann.create(), bob.create()
	w.pass(time.Minute) // entries are not newborn any more
	taken := wire.Already(wire.CodeAlreadyMember, wire.ReasonInParty, "", p.ID)
	_, err := ann.h.Create(t.Context(), ann.call, &wire.PartyCreate{})
	rulestest.WantRefusal(t, err, taken)
	_, err = ann.join(other.Code)
	rulestest.WantRefusal(t, err, taken)
	if _, err := ann.h.Leave(t.Context(), ann.call, &wire.PartyLeave{PartyID: p.ID}); err != nil {
		t.Fatal(err)
	}
	w.state(ann.join(other.Code))
}

func TestStrangersSeeNothing(t *testing.T) {
	w := newWorld(t)
	ann, eve := w.client("ann"), w.client("eve")
	p := ann.create()
	nothing := &wire.Error{Code: wire.CodeNotFound}
	for _, id := range []string{p.ID, rulestest.PartyID, "", "x"} {
		for event, ask := range map[string]func() error{
			"get":       func() error { _, err := eve.h.Get(t.Context(), eve.call, &wire.PartyGet{PartyID: id}); return err },
			"leave":     func() error { _, err := eve.h.Leave(t.Context(), eve.call, &wire.PartyLeave{PartyID: id}); return err },
			"authorize": func() error { return eve.h.Authorize(t.Context(), eve.call.Caller, StreamID(id)) },
			"invite": func() error {
				_, err := eve.h.Invite(t.Context(), eve.call, &wire.PartyInvite{PartyID: id, UserID: "x"})
				return err
			},
			"kick": func() error {
				_, err := eve.h.Kick(t.Context(), eve.call, &wire.PartyKick{PartyID: id, UserID: "ann"})
				return err
			},
			"promote": func() error {
				_, err := eve.h.Promote(t.Context(), eve.call, &wire.PartyPromote{PartyID: id, UserID: "ann"})
				return err
			},
			"setMember": func() error {
				_, err := eve.h.SetMember(t.Context(), eve.call, &wire.PartySetMember{PartyID: id})
				return err
			},
		} {
			t.Run(event+" "+id, func(t *testing.T) { rulestest.WantRefusal(t, ask(), nothing) })
		}
	}
	_, err := eve.join("NOSUCH22")
	rulestest.WantRefusal(t, err, nothing)
	_, err = eve.h.RespondInvite(t.Context(), eve.call, &wire.PartyRespondInvite{InviteID: p.ID + ".x", Accept: true})
	rulestest.WantRefusal(t, err, &wire.Error{Code: wire.CodeCodeExpired})
	_, err = eve.h.RespondInvite(t.Context(), eve.call, &wire.PartyRespondInvite{InviteID: "x"})
	rulestest.WantRefusal(t, err, &wire.Error{Code: wire.CodeCodeExpired})
	if v := w.state(ann.h.Get(t.Context(), ann.call, &wire.PartyGet{})).Version; v != 1 {
		t.Errorf("strangers brought the party to version %d", v)
	}
}

func TestInvite(t *testing.T) {
	w := newWorld(t)
	ann, bob, cid := w.client("ann"), w.connect("bob", "bob-1", 1), w.client("cid")
	p := ann.create()
	ask := func(user, key string) wire.PartyInviteSent {
		t.Helper()
		reply, err := ann.h.Invite(t.Context(), ann.keyed(key), &wire.PartyInvite{PartyID: p.ID, UserID: user})
		if err != nil {
			t.Fatal(err)
		}
		return reply.Data.(wire.PartyInviteSent)
	}
	sent := ask("bob", "k1")
	if again := ask("bob", "k1"); again != sent {
		t.Errorf("repeated: %+v, not %+v", again, sent)
	}
	want := []wire.PartyInvited{{InviteID: sent.InviteID, PartyID: p.ID, FromID: "ann", FromName: "Name ann", ExpiresAt: sent.ExpiresAt}}
	if d := cmp.Diff(want, eventsOf[wire.PartyInvited](w, "bob", wire.EventPartyInvited)); d != "" {
		t.Errorf("events of bob (-want +got):\n%s", d)
	}
	state := w.state(bob.h.RespondInvite(t.Context(), bob.keyed("k"), &wire.PartyRespondInvite{InviteID: sent.InviteID, Accept: true}))
	if len(state.Members) != 2 || len(state.Invited) != 0 {
		t.Errorf("bob is in %+v", state)
	}
	again := w.state(bob.h.RespondInvite(t.Context(), bob.keyed("k"), &wire.PartyRespondInvite{InviteID: sent.InviteID, Accept: true}))
	if again.Version != state.Version {
		t.Errorf("accepted twice: %+v", again)
	}

	second := ask("cid", "k2")
	if _, err := cid.h.RespondInvite(t.Context(), cid.call, &wire.PartyRespondInvite{InviteID: second.InviteID}); err != nil {
		t.Fatal(err)
	}
	_, err := cid.h.RespondInvite(t.Context(), cid.call, &wire.PartyRespondInvite{InviteID: second.InviteID, Accept: true})
	rulestest.WantRefusal(t, err, &wire.Error{Code: wire.CodeCodeExpired})
	cid.create() // a declined invite leaves no trace among cid's parties
}

func TestKickIsPublishedOnce(t *testing.T) {
	w := newWorld(t)
	ann, bob := w.client("ann"), w.connect("bob", "bob-1", 1)
	p := ann.create()
	w.state(bob.join(p.Code))
	reply, err := ann.h.Kick(t.Context(), ann.call, &wire.PartyKick{PartyID: p.ID, UserID: "bob", Reason: "rude"})
	if err != nil || reply.Data.(wire.PartyVersion).Version != 3 {
		t.Fatalf("%+v, %v", reply, err)
	}
	w.pass(time.Minute)
	want := []wire.PartyRemoved{{PartyID: p.ID, Reason: "kicked", Message: "rude", Version: 3}}
	if d := cmp.Diff(want, eventsOf[wire.PartyRemoved](w, "bob", wire.EventPartyRemoved)); d != "" {
		t.Errorf("events of bob (-want +got):\n%s", d)
	}
	bob.create()
}

// A user leaves by a device without a subscription: the other device gets party:removed.
func TestLeaveByAnotherDevice(t *testing.T) {
	w := newWorld(t)
	ann, bob := w.client("ann"), w.client("bob")
	p := ann.create()
	w.state(bob.join(p.Code))
	phone := w.connect("bob", "bob-phone", 1)
	if _, err := phone.h.Leave(t.Context(), phone.call, &wire.PartyLeave{PartyID: p.ID}); err != nil {
		t.Fatal(err)
	}
	want := []wire.PartyRemoved{{PartyID: p.ID, Reason: "left", Version: 3}}
	if d := cmp.Diff(want, eventsOf[wire.PartyRemoved](w, "bob", wire.EventPartyRemoved)); d != "" {
		t.Errorf("events of the device in the party (-want +got):\n%s", d)
	}
}

// A pod that dies after a kick was committed leaves the rest of it to a look.
func TestDeadlineFinishesAKick(t *testing.T) {
	w := newWorld(t)
	ann, bob := w.client("ann"), w.client("bob")
	p := ann.create()
	w.state(bob.join(p.Code))
	s := ann.h.service
	if _, err := s.commit(t.Context(), p.ID, nil, rules.Kick("ann", "bob", "")); err != nil {
		t.Fatal(err)
	}
	if n := len(eventsOf[wire.PartyRemoved](w, "bob", wire.EventPartyRemoved)); n != 0 {
		t.Fatalf("bob got party:removed %d times", n)
	}
	w.pass(rules.RetryAfter)
	if n := len(eventsOf[wire.PartyRemoved](w, "bob", wire.EventPartyRemoved)); n != 1 {
		t.Errorf("bob got party:removed %d times", n)
	}
	bob.create()
}

func TestDisconnectAndTimeOut(t *testing.T) {
	w := newWorld(t)
	ann, bob := w.client("ann"), w.connect("bob", "bob-1", 1)
	p := ann.create()
	w.state(bob.join(p.Code))
	closed := func(c *client) {
		t.Helper()
		if err := c.h.service.SessionClosed(t.Context(), c.call.Caller, nil); err != nil {
			t.Fatal(err)
		}
	}
	closed(ann)
	if got := w.state(bob.h.Get(t.Context(), bob.call, &wire.PartyGet{})); got.Members["ann"].Connected {
		t.Error("ann is connected")
	}
	w.pass(rules.DisconnectGrace - time.Second)
	back := w.connect("ann", "ann-2", 1)
	if err := back.h.service.SessionOpened(t.Context(), back.call.Caller); err != nil {
		t.Fatal(err)
	}
	w.pass(time.Minute)
	closed(back)
	w.pass(rules.DisconnectGrace)
	got := w.state(bob.h.Get(t.Context(), bob.call, &wire.PartyGet{}))
	if got.LeaderID != "bob" || len(got.Members) != 1 {
		t.Errorf("after ann's grace: %+v", got)
	}
	if d := cmp.Diff([]wire.PartyRemoved{{PartyID: p.ID, Reason: "timed_out", Version: 7}}, eventsOf[wire.PartyRemoved](w, "ann", wire.EventPartyRemoved)); d != "" {
		t.Errorf("events of ann (-want +got):\n%s", d)
	}
	closed(bob)
	w.pass(rules.DisconnectGrace)
	w.pass(time.Minute)
	_, err := w.client("cid").join(p.Code)
	rulestest.WantRefusal(t, err, &wire.Error{Code: wire.CodeCodeExpired})
}

func TestKeysAndStoreDown(t *testing.T) {
	w := newWorld(t)
	ann := w.client("ann")
	first := w.state(ann.h.Create(t.Context(), ann.keyed("k"), &wire.PartyCreate{}))
	if again := w.state(ann.h.Create(t.Context(), ann.keyed("k"), &wire.PartyCreate{})); again.ID != first.ID || again.Version != 1 {
		t.Errorf("the same key made %+v", again)
	}
	w.memory.SetDown(true)
	for event, err := range map[string]error{
		"get":    second(ann.h.Get(t.Context(), ann.call, &wire.PartyGet{})),
		"join":   second(ann.join("ABCDEFGH")),
		"leave":  second(ann.h.Leave(t.Context(), ann.call, &wire.PartyLeave{PartyID: first.ID})),
		"closed": ann.h.service.SessionClosed(t.Context(), ann.call.Caller, nil),
	} {
		if !errors.Is(err, stream.ErrUnavailable) {
			t.Errorf("%s: %v", event, err)
		}
	}
	w.memory.SetDown(false)
	w.memory.Flush()
	_, err := ann.h.Get(t.Context(), ann.call, &wire.PartyGet{PartyID: first.ID})
	rulestest.WantRefusal(t, err, &wire.Error{Code: wire.CodeNotFound})
	event, payload, err := ann.h.Snapshot(t.Context(), ann.call.Caller, StreamID(first.ID), stream.Snapshot{})
	rulestest.WantRefusal(t, err, &wire.Error{Code: wire.CodeNotFound})
	if event != wire.EventPartyRemoved || !strings.Contains(string(payload), `"lost"`) {
		t.Errorf("%s %s", event, payload)
	}
}

func second[T any](_ T, err error) error { return err }

func TestSnapshot(t *testing.T) {
	w := newWorld(t)
	ann, eve := w.client("ann"), w.client("eve")
	p := ann.create()
	now, err := w.memory.Load(t.Context(), StreamID(p.ID))
	if err != nil {
		t.Fatal(err)
	}
	event, payload, err := ann.h.Snapshot(t.Context(), ann.call.Caller, StreamID(p.ID), now)
	if err != nil || event != wire.EventPartySnapshot || !strings.Contains(string(payload), p.Code) {
		t.Errorf("%s %s %v", event, payload, err)
	}
	_, _, err = eve.h.Snapshot(t.Context(), eve.call.Caller, StreamID(p.ID), now)
	rulestest.WantRefusal(t, err, &wire.Error{Code: wire.CodeNotFound})
}

// Thirty users at once find the fifteen places, over both pods.
func TestManyJoinAtOnce(t *testing.T) {
	w := newWorld(t)
	ann := w.client("ann")
	p := w.state(ann.h.Create(t.Context(), ann.call, &wire.PartyCreate{MaxMembers: rules.MaxMembers}))
	var all sync.WaitGroup
	errs := make([]error, 30)
	for i := range errs {
		all.Go(func() {
			user := fmt.Sprint("u", i)
			_, errs[i] = w.connect(user, user+"-1", i%2).join(p.Code)
		})
	}
	all.Wait()
	refused := 0
	for _, err := range errs {
		var full *wire.Error
		if errors.As(err, &full) && full.Reason == wire.ReasonPartyFull {
			refused++
		} else if err != nil {
			t.Error(err)
		}
	}
	if refused != 30-(rules.MaxMembers-1) {
		t.Errorf("%d were refused", refused)
	}
	if got := w.state(ann.h.Get(t.Context(), ann.call, &wire.PartyGet{})); len(got.Members) != rules.MaxMembers {
		t.Errorf("%d members", len(got.Members))
	}
}
