package lobby

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/internal/domain/lobby/rules"
	"github.com/anteroom/anteroom/runtime/internal/domain/lobby/rules/rulestest"
	"github.com/anteroom/anteroom/runtime/wire"
)

func TestDisconnectAndTimeOut(t *testing.T) {
	w := newWorld(t, nil)
	ann, bob := w.client("ann"), w.connect("bob", "bob-1", 1)
	l := ann.create()
	w.state(bob.join(l.ID))
	bob.closed()
	if m := w.doc(l.ID).Members["bob"]; m.Connected() {
		t.Error("bob is still connected")
	}
	w.pass(29 * time.Second)
	if !w.doc(l.ID).Has("bob") {
		t.Fatal("bob went before the grace was over")
	}
	w.pass(time.Second)
	want := []string{"created ann ", "member_joined bob ", "member_disconnected bob ", "member_timed_out bob "}
	if d := cmp.Diff(want, w.causesOf(l.ID)); d != "" {
		t.Errorf("causes (-want +got):\n%s", d)
	}
	if d := cmp.Diff([]wire.LobbyRemoved{{LobbyID: l.ID, Reason: "timed_out", Version: 4}}, w.removals("bob")); d != "" {
		t.Error(d)
	}
	bob.create()
}

func TestComeBackOnAnotherPod(t *testing.T) {
	for name, back := range map[string]func(*client, string) error{
		"session opened": func(c *client, _ string) error { return c.h.service.SessionOpened(c.Context(), c.call.Caller) },
		"get": func(c *client, id string) error {
			_, err := c.h.Get(c.Context(), c.call, &wire.LobbyGet{LobbyID: id})
			return err
		},
		"join":   func(c *client, id string) error { _, err := c.join(id); return err },
		"resume": func(c *client, id string) error { return c.h.Authorize(c.Context(), c.call.Caller, StreamID(id)) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, nil)
			ann, bob := w.client("ann"), w.client("bob")
			l := ann.create()
			w.state(bob.join(l.ID))
			bob.closed()
			w.pass(20 * time.Second)
			if err := back(w.connect("bob", "bob-2", 1), l.ID); err != nil {
				t.Fatal(err)
			}
			w.pass(30 * time.Second)
			if m := w.doc(l.ID).Members["bob"]; !m.Connected() {
				t.Error("bob is not connected")
			}
		})
	}
}

func TestLateEndOfAnOldSession(t *testing.T) {
	w := newWorld(t, nil)
	ann, old := w.client("ann"), w.client("bob")
	l := ann.create()
	w.state(old.join(l.ID))
	// The new connection is there before the old one is known to be dead.
	young := w.connect("bob", "bob-2", 1)
	if err := young.h.Authorize(t.Context(), young.call.Caller, StreamID(l.ID)); err != nil {
		t.Fatal(err)
	}
	old.closed()
	old.closed()
	w.pass(time.Minute)
	if m := w.doc(l.ID).Members["bob"]; !m.Connected() {
		t.Error("the late end of an old session disconnected a newer one")
	}
	young.closed()
	if m := w.doc(l.ID).Members["bob"]; m.Connected() {
		t.Error("bob is connected without a session")
	}
}

func TestHostMigration(t *testing.T) {
	w := newWorld(t, nil)
	ann, bob := w.client("ann"), w.client("bob")
	l := ann.create()
	w.state(bob.join(l.ID))
	ann.closed()
	w.pass(10 * time.Second)
	w.pass(20 * time.Second)
	want := []string{
		"created ann ", "member_joined bob ", "member_disconnected ann ",
		"host_migrated ann disconnected", "member_timed_out ann ",
	}
	if d := cmp.Diff(want, w.causesOf(l.ID)); d != "" {
		t.Errorf("causes (-want +got):\n%s", d)
	}
	if got := w.doc(l.ID); got.HostID != "bob" || got.Members["bob"].Role != wire.RoleHost {
		t.Errorf("the host is %s", got.HostID)
	}
}

func TestTheEndOfALobby(t *testing.T) {
	w := newWorld(t, func(p *rules.Policy) { p.Host.OnLeave = rules.OnLeaveClose })
	ann, bob, eve := w.client("ann"), w.client("bob"), w.client("eve")
	l := ann.create()
	w.state(bob.join(l.ID))
	if _, err := ann.h.Leave(t.Context(), ann.call, &wire.LobbyLeave{LobbyID: l.ID}); err != nil {
		t.Fatal(err)
	}
	for _, user := range []string{"ann", "bob"} {
		if d := cmp.Diff([]wire.LobbyRemoved{{LobbyID: l.ID, Reason: "closed", Version: 3}}, w.removals(user)); d != "" {
			t.Errorf("events of %s (-want +got):\n%s", user, d)
		}
	}
	over := &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonLobbyClosed}
	_, err := bob.ready(l.ID, true)
	rulestest.WantRefusal(t, err, over)
	_, err = bob.h.service.Chat(t.Context(), bob.call.Caller, l.ID)
	rulestest.WantRefusal(t, err, over)
	_, err = eve.join(l.ID)
	rulestest.WantRefusal(t, err, over)
	_, err = eve.h.Join(t.Context(), eve.call, &wire.LobbyJoin{Code: l.Code})
	rulestest.WantRefusal(t, err, &wire.Error{Code: wire.CodeCodeExpired})
	_, err = eve.h.Get(t.Context(), eve.call, &wire.LobbyGet{LobbyID: l.ID})
	rulestest.WantRefusal(t, err, &wire.Error{Code: wire.CodeNotFound})
	if got := w.state(bob.h.Get(t.Context(), bob.call, &wire.LobbyGet{LobbyID: l.ID})); got.Status != wire.LobbyClosed {
		t.Errorf("a member sees %+v", got)
	}
	bob.create()
	w.pass(11 * time.Minute)
	_, err = ann.h.Get(t.Context(), ann.call, &wire.LobbyGet{LobbyID: l.ID})
	rulestest.WantRefusal(t, err, &wire.Error{Code: wire.CodeNotFound})
	_, err = eve.h.Join(t.Context(), eve.call, &wire.LobbyJoin{Code: l.Code})
	rulestest.WantRefusal(t, err, &wire.Error{Code: wire.CodeCodeExpired})
}

func TestChatKeepsALobbyFromBeingIdle(t *testing.T) {
	w := newWorld(t, nil)
	l := w.client("ann").create()
	w.pass(10 * time.Minute)
	_, err := w.memory.Commit(t.Context(), stream.Commit{
		Stream: ChatStream(l.ID), Events: []stream.Event{{Name: wire.EventChatMessage, Data: []byte("{}")}},
		Retain: stream.Retention{LogSize: 1, LogTTL: time.Hour, TTL: time.Hour},
	})
	if err != nil {
		t.Fatal(err)
	}
	w.pass(14 * time.Minute)
	if w.doc(l.ID).Closed() {
		t.Fatal("a lobby in which people talk was closed")
	}
	w.pass(time.Minute)
	if !w.doc(l.ID).Closed() {
		t.Error("an idle lobby was not closed")
	}
}
