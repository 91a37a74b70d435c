package lobby

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/oklog/ulid/v2"

	"github.com/anteroom/anteroom/runtime/internal/core/ids"
	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/internal/core/userstream"
	"github.com/anteroom/anteroom/runtime/internal/domain/lobby/rules"
	"github.com/anteroom/anteroom/runtime/internal/domain/lobby/rules/rulestest"
	"github.com/anteroom/anteroom/runtime/wire"
)

func TestCreateJoinGet(t *testing.T) {
	w := newWorld(t, nil)
	ann, bob := w.client("ann"), w.connect("bob", "bob-1", 1)
	reply, err := ann.h.Create(t.Context(), ann.call, &wire.LobbyCreate{Type: "duel", Name: "here"})
	l := w.state(reply, err)
	if reply.Meta == nil || reply.Meta.Stream != "lobby:"+l.ID || reply.Meta.Seq != 1 || reply.Meta.Epoch != l.Epoch || l.Epoch == "" {
		t.Errorf("meta %+v of %+v", reply.Meta, l)
	}
	if _, err := ulid.ParseStrict(l.ID); err != nil {
		t.Errorf("id %s: %v", l.ID, err)
	}
	if len(l.Code) != 6 || strings.Trim(l.Code, ids.CodeAlphabet) != "" {
		t.Errorf("code %q", l.Code)
	}
	if at := ann.follows[StreamID(l.ID)]; at.Seq != 1 || at.Epoch != l.Epoch {
		t.Errorf("the host follows from %+v", at)
	}

	typed := strings.ToLower(l.Code[:3]) + "-" + l.Code[3:]
	got := w.state(bob.h.Join(t.Context(), bob.call, &wire.LobbyJoin{Code: typed}))
	if got.Version != 2 || got.Members["bob"].Role != wire.RoleMember || bob.follows[StreamID(l.ID)].Seq != 2 {
		t.Errorf("bob joined %+v and follows from %+v", got, bob.follows)
	}
	if d := cmp.Diff(got, w.state(ann.h.Get(t.Context(), ann.call, &wire.LobbyGet{LobbyID: l.ID}))); d != "" {
		t.Errorf("what bob and ann see (-bob +ann):\n%s", d)
	}

	eve := w.client("eve")
	seen := w.state(eve.h.Get(t.Context(), eve.call, &wire.LobbyGet{LobbyID: l.ID}))
	if seen.Code != "" || len(seen.Members) != 2 || len(eve.follows) != 0 {
		t.Errorf("a stranger sees %+v and follows %v", seen, eve.follows)
	}
}

func TestPrivateLobby(t *testing.T) {
	w := newWorld(t, nil)
	ann, eve := w.client("ann"), w.client("eve")
	l := w.state(ann.h.Create(t.Context(), ann.call, &wire.LobbyCreate{Type: "duel", Visibility: wire.VisibilityPrivate}))
	notFound := &wire.Error{Code: wire.CodeNotFound}
	_, err := eve.h.Get(t.Context(), eve.call, &wire.LobbyGet{LobbyID: l.ID})
	rulestest.WantRefusal(t, err, notFound)
	_, err = eve.join(l.ID)
	rulestest.WantRefusal(t, err, notFound)
	rulestest.WantRefusal(t, eve.h.Authorize(t.Context(), eve.call.Caller, StreamID(l.ID)), notFound)
	if ids, _ := w.memory.List(t.Context(), lobbiesOf("eve")); len(ids) != 0 {
		t.Errorf("eve has memberships in %v", ids)
	}
	w.state(eve.h.Join(t.Context(), eve.call, &wire.LobbyJoin{Code: l.Code}))
	w.state(eve.h.Get(t.Context(), eve.call, &wire.LobbyGet{LobbyID: l.ID}))
}

func TestUnknownLobbies(t *testing.T) {
	w := newWorld(t, nil)
	ann := w.client("ann")
	notFound := &wire.Error{Code: wire.CodeNotFound}
	for _, id := range []string{"", "x", rulestest.LobbyID, strings.ToLower(rulestest.LobbyID), "{" + rulestest.LobbyID + "}", "ä"} {
		_, err := ann.h.Get(t.Context(), ann.call, &wire.LobbyGet{LobbyID: id})
		rulestest.WantRefusal(t, err, notFound)
		_, err = ann.ready(id, true)
		rulestest.WantRefusal(t, err, notFound)
		_, err = ann.h.Leave(t.Context(), ann.call, &wire.LobbyLeave{LobbyID: id})
		rulestest.WantRefusal(t, err, notFound)
		rulestest.WantRefusal(t, ann.h.Authorize(t.Context(), ann.call.Caller, StreamID(id)), notFound)
	}
	_, err := ann.h.Join(t.Context(), ann.call, &wire.LobbyJoin{Code: "AAAAAA"})
	rulestest.WantRefusal(t, err, notFound)
	_, err = ann.h.Join(t.Context(), ann.call, &wire.LobbyJoin{})
	rulestest.WantRefusal(t, err, &wire.Error{Code: wire.CodeInvalidArgument, Field: "lobbyId"})
	_, err = ann.h.Join(t.Context(), ann.call, &wire.LobbyJoin{LobbyID: rulestest.LobbyID, Code: "AAAAAA"})
	rulestest.WantRefusal(t, err, &wire.Error{Code: wire.CodeInvalidArgument, Field: "lobbyId"})
	_, err = ann.h.Create(t.Context(), ann.call, &wire.LobbyCreate{Type: "chess"})
	rulestest.WantRefusal(t, err, &wire.Error{Code: wire.CodeInvalidArgument, Field: "type"})
}

func TestPassword(t *testing.T) {
	w := newWorld(t, nil)
	ann, bob, cid := w.client("ann"), w.client("bob"), w.client("cid")
	_, err := ann.h.Create(t.Context(), ann.call, &wire.LobbyCreate{Type: "duel", Password: "abc"})
	rulestest.WantRefusal(t, err, &wire.Error{Code: wire.CodeInvalidArgument, Field: "password"})
	l := w.state(ann.h.Create(t.Context(), ann.call, &wire.LobbyCreate{Type: "duel", Password: "swordfish"}))
	if !l.HasPassword {
		t.Error("the lobby has no password")
	}
	wrong := &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonWrongPassword}
	for _, password := range []string{"", "goldfish", strings.Repeat("x", 100)} {
		_, err = bob.h.Join(t.Context(), bob.call, &wire.LobbyJoin{LobbyID: l.ID, Password: password})
		rulestest.WantRefusal(t, err, wrong)
		_, err = bob.h.Join(t.Context(), bob.call, &wire.LobbyJoin{Code: l.Code, Password: password})
		rulestest.WantRefusal(t, err, wrong)
	}
	w.state(bob.h.Join(t.Context(), bob.call, &wire.LobbyJoin{LobbyID: l.ID, Password: "swordfish"}))

	word := "other word"
	_, err = bob.h.Update(t.Context(), bob.call, &wire.LobbyUpdate{LobbyID: l.ID, Set: &wire.LobbySet{Password: &word}})
	rulestest.WantRefusal(t, err, &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonNotHost})
	w.version(ann.h.Update(t.Context(), ann.call, &wire.LobbyUpdate{LobbyID: l.ID, Set: &wire.LobbySet{Password: &word}}))
	_, err = cid.h.Join(t.Context(), cid.call, &wire.LobbyJoin{Code: l.Code, Password: "swordfish"})
	rulestest.WantRefusal(t, err, wrong)
	w.state(cid.h.Join(t.Context(), cid.call, &wire.LobbyJoin{Code: l.Code, Password: word}))
	w.version(ann.h.Update(t.Context(), ann.call, &wire.LobbyUpdate{LobbyID: l.ID, Unset: []string{"password"}}))
	w.state(w.client("dan").join(l.ID))

	for _, r := range w.log(StreamID(l.ID)) {
		if strings.Contains(string(r.Data), "$2a$") {
			t.Errorf("a hash was published: %s", r.Data)
		}
	}
}

func TestKick(t *testing.T) {
	w := newWorld(t, nil)
	ann, bob := w.client("ann"), w.connect("bob", "bob-1", 1)
	l := ann.create()
	w.state(bob.join(l.ID))
	_, err := bob.h.Kick(t.Context(), bob.call, &wire.LobbyKick{LobbyID: l.ID, UserID: "ann"})
	rulestest.WantRefusal(t, err, &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonNotHost})
	if v := w.version(ann.h.Kick(t.Context(), ann.call, &wire.LobbyKick{LobbyID: l.ID, UserID: "bob", Reason: "rude"})); v != 3 {
		t.Errorf("version %d", v)
	}
	want := []wire.LobbyRemoved{{LobbyID: l.ID, Reason: "kicked", Message: "rude", Version: 3}}
	if d := cmp.Diff(want, w.removals("bob")); d != "" {
		t.Errorf("events of bob (-want +got):\n%s", d)
	}
	_, err = bob.join(l.ID)
	rulestest.WantRefusal(t, err, &wire.Error{Code: wire.CodeBanned})
	if ids, _ := w.memory.List(t.Context(), lobbiesOf("bob")); len(ids) != 0 {
		t.Errorf("bob has memberships in %v", ids)
	}
	bob.create()
	rulestest.WantRefusal(t, bob.h.Authorize(t.Context(), bob.call.Caller, StreamID(l.ID)),
		&wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonNotMember})
	w.pass(10 * time.Second)
	if n := len(w.removals("bob")); n != 1 {
		t.Errorf("bob got lobby:removed %d times", n)
	}
}

// A pod that dies after the commit of a kick leaves the rest of it to the next look.
func TestKickIsFinishedByADeadline(t *testing.T) {
	w := newWorld(t, nil)
	ann, bob := w.client("ann"), w.client("bob")
	l := ann.create()
	w.state(bob.join(l.ID))
	w.store.set(func(c stream.Commit) error {
		if c.Stream == userstream.StreamID("bob") {
			return stream.ErrUnavailable
		}
		return nil
	}, nil)
	w.version(ann.h.Kick(t.Context(), ann.call, &wire.LobbyKick{LobbyID: l.ID, UserID: "bob"}))
	if n := len(w.removals("bob")); n != 0 {
		t.Fatalf("bob got lobby:removed %d times", n)
	}
	w.store.set(nil, nil)
	w.pass(rules.RetryAfter)
	if d := cmp.Diff([]wire.LobbyRemoved{{LobbyID: l.ID, Reason: "kicked", Version: 3}}, w.removals("bob")); d != "" {
		t.Error(d)
	}
}

func TestLeave(t *testing.T) {
	w := newWorld(t, nil)
	ann, bob := w.client("ann"), w.client("bob")
	l := ann.create()
	w.state(bob.join(l.ID))
	phone := w.connect("bob", "bob-phone", 1)
	w.state(phone.h.Get(t.Context(), phone.call, &wire.LobbyGet{LobbyID: l.ID}))
	_ = bob.Follow(ChatStream(l.ID), stream.Position{})

	reply, err := bob.h.Leave(t.Context(), bob.call, &wire.LobbyLeave{LobbyID: l.ID})
	if err != nil || reply.Data != nil || reply.Meta.Seq != 4 {
		t.Fatalf("%+v, %v", reply, err)
	}
	if len(bob.follows) != 0 {
		t.Errorf("bob still follows %v", bob.follows)
	}
	if d := cmp.Diff([]wire.LobbyRemoved{{LobbyID: l.ID, Reason: "left", Version: 4}}, w.removals("bob")); d != "" {
		t.Errorf("events of bob's other connection (-want +got):\n%s", d)
	}
	_, err = phone.h.Leave(t.Context(), phone.call, &wire.LobbyLeave{LobbyID: l.ID})
	rulestest.WantRefusal(t, err, &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonNotMember})
	if len(phone.follows) != 0 {
		t.Errorf("bob's phone still follows %v", phone.follows)
	}

	if _, err := ann.h.Leave(t.Context(), ann.call, &wire.LobbyLeave{LobbyID: l.ID}); err != nil {
		t.Fatal(err)
	}
	if n := len(w.removals("ann")); n != 0 {
		t.Errorf("ann left by the only connection and got lobby:removed %d times", n)
	}
}

// A user leaves by a device without a subscription: the other device gets lobby:removed, which
// ends its subscription.
func TestLeaveByAnotherDevice(t *testing.T) {
	w := newWorld(t, nil)
	ann, bob := w.client("ann"), w.client("bob")
	l := ann.create()
	w.state(bob.join(l.ID))
	phone := w.connect("bob", "bob-phone", 1)
	if _, err := phone.h.Leave(t.Context(), phone.call, &wire.LobbyLeave{LobbyID: l.ID}); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]wire.LobbyRemoved{{LobbyID: l.ID, Reason: "left", Version: 3}}, w.removals("bob")); d != "" {
		t.Errorf("events of the device in the lobby (-want +got):\n%s", d)
	}
}

func TestNoCode(t *testing.T) {
	w := newWorld(t, func(p *rules.Policy) { p.Join.Code.Enabled = false })
	if l := w.client("ann").create(); l.Code != "" {
		t.Errorf("code %q", l.Code)
	}
}

func TestPolicySwap(t *testing.T) {
	w := newWorld(t, nil)
	ann, bob := w.client("ann"), w.client("bob")
	old := ann.create()
	p := rulestest.Policy()
	p.Revision, p.Size.Max, p.Chat.MaxLength = "r2", 8, 7
	w.setPolicy(p)
	if l := bob.create(); l.MaxMembers != 8 || l.Policy.Revision != "r2" {
		t.Errorf("a new lobby is %+v", l)
	}
	w.version(ann.ready(old.ID, true))
	if l := w.doc(old.ID); l.Policy.Revision != "r1" {
		t.Error("a policy for new lobbies reached an old one")
	}
	p.Revision, p.ApplyToAll = "r3", true
	w.setPolicy(p)
	if chat, err := ann.h.service.Chat(t.Context(), ann.call.Caller, old.ID); err != nil || chat.Policy.Chat.MaxLength != 7 {
		t.Errorf("chat policy %+v, %v", chat, err)
	}
	w.version(ann.ready(old.ID, false))
	if l := w.doc(old.ID); l.Policy.Revision != "r3" || l.Policy.Size.Max != 8 {
		t.Error("a policy for all lobbies did not reach an old one")
	}
	w.setPolicy(rules.Policy{Type: "duel", Revision: "gone"})
	w.mu.Lock()
	delete(w.policies, "duel")
	w.mu.Unlock()
	w.version(ann.ready(old.ID, true))
}

func TestSnapshotAndAuthorize(t *testing.T) {
	w := newWorld(t, nil)
	ann := w.client("ann")
	l := ann.create()
	snap, err := w.memory.Load(t.Context(), StreamID(l.ID))
	if err != nil {
		t.Fatal(err)
	}
	event, payload, err := ann.h.Snapshot(t.Context(), ann.call.Caller, StreamID(l.ID), snap)
	if err != nil || event != wire.EventLobbySnapshot {
		t.Fatalf("%s, %v", event, err)
	}
	if d := cmp.Diff(rulestest.Plain(t, wire.LobbySnapshot{Lobby: l}), rulestest.Plain(t, payload)); d != "" {
		t.Errorf("snapshot (-want +got):\n%s", d)
	}
	eve := request.Caller{User: request.User{ID: "eve"}}
	_, _, err = ann.h.Snapshot(t.Context(), eve, StreamID(l.ID), snap)
	rulestest.WantRefusal(t, err, &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonNotMember})
	_, _, err = ann.h.Snapshot(t.Context(), ann.call.Caller, StreamID(l.ID), stream.Snapshot{})
	rulestest.WantRefusal(t, err, &wire.Error{Code: wire.CodeNotFound})
	if err := ann.h.Authorize(t.Context(), ann.call.Caller, StreamID(l.ID)); err != nil {
		t.Error(err)
	}
	if v := w.doc(l.ID).Version; v != 1 {
		t.Errorf("to ask for a stream brought the lobby to version %d", v)
	}
}

func TestStoreDown(t *testing.T) {
	w := newWorld(t, nil)
	ann := w.client("ann")
	l := ann.create()
	w.memory.SetDown(true)
	if _, err := ann.ready(l.ID, true); !errors.Is(err, stream.ErrUnavailable) {
		t.Errorf("ready: %v", err)
	}
	if _, err := ann.h.Create(t.Context(), ann.call, &wire.LobbyCreate{Type: "duel"}); !errors.Is(err, stream.ErrUnavailable) {
		t.Errorf("create: %v", err)
	}
	if _, err := ann.h.service.OnDeadline(t.Context(), StreamID(l.ID)); !errors.Is(err, stream.ErrUnavailable) {
		t.Errorf("look: %v", err)
	}
	if err := ann.h.service.SessionClosed(t.Context(), ann.call.Caller, nil); !errors.Is(err, stream.ErrUnavailable) {
		t.Errorf("session closed: %v", err)
	}
	w.memory.SetDown(false)
	w.memory.Flush()
	_, err := ann.ready(l.ID, true)
	rulestest.WantRefusal(t, err, &wire.Error{Code: wire.CodeNotFound})
	if next, err := ann.h.service.OnDeadline(t.Context(), StreamID(l.ID)); err != nil || !next.IsZero() {
		t.Errorf("look at what is gone: %v, %v", next, err)
	}
}

// A hundred users at once find a hundred places, over both pods.
func TestManyJoinAtOnce(t *testing.T) {
	const users = 100
	w := newWorld(t, func(p *rules.Policy) { p.Size.Max = users })
	l := w.client("u0").create()
	var all sync.WaitGroup
	errs := make([]error, users)
	for i := 1; i < users; i++ {
		all.Add(1)
		go func() {
			defer all.Done()
			user := fmt.Sprint("u", i)
			_, errs[i] = w.connect(user, user+"-1", i%2).join(l.ID)
		}()
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	if got := w.doc(l.ID); got.Players() != users || got.Version != users {
		t.Errorf("%d players at version %d", got.Players(), got.Version)
	}
}
