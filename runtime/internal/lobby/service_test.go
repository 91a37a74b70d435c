package lobby

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/oklog/ulid/v2"

	"github.com/anteroom/anteroom/runtime/internal/identity"
	"github.com/anteroom/anteroom/runtime/internal/stream"
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
	if len(l.Code) != 6 || strings.Trim(l.Code, codeAlphabet) != "" {
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
	wantRefusal(t, err, notFound)
	_, err = eve.join(l.ID)
	wantRefusal(t, err, notFound)
	wantRefusal(t, eve.h.Authorize(t.Context(), eve.call.Caller, StreamID(l.ID)), notFound)
	if ids, _ := w.memory.List(t.Context(), allOf("eve")); len(ids) != 0 {
		t.Errorf("eve is enrolled in %v", ids)
	}
	w.state(eve.h.Join(t.Context(), eve.call, &wire.LobbyJoin{Code: l.Code}))
	w.state(eve.h.Get(t.Context(), eve.call, &wire.LobbyGet{LobbyID: l.ID}))
}

func TestUnknownLobbies(t *testing.T) {
	w := newWorld(t, nil)
	ann := w.client("ann")
	notFound := &wire.Error{Code: wire.CodeNotFound}
	for _, id := range []string{"", "x", testID, strings.ToLower(testID), "{" + testID + "}", "ä"} {
		_, err := ann.h.Get(t.Context(), ann.call, &wire.LobbyGet{LobbyID: id})
		wantRefusal(t, err, notFound)
		_, err = ann.ready(id, true)
		wantRefusal(t, err, notFound)
		_, err = ann.h.Leave(t.Context(), ann.call, &wire.LobbyLeave{LobbyID: id})
		wantRefusal(t, err, notFound)
		wantRefusal(t, ann.h.Authorize(t.Context(), ann.call.Caller, StreamID(id)), notFound)
	}
	_, err := ann.h.Join(t.Context(), ann.call, &wire.LobbyJoin{Code: "AAAAAA"})
	wantRefusal(t, err, notFound)
	_, err = ann.h.Join(t.Context(), ann.call, &wire.LobbyJoin{})
	wantRefusal(t, err, &wire.Error{Code: wire.CodeInvalidArgument, Field: "lobbyId"})
	_, err = ann.h.Join(t.Context(), ann.call, &wire.LobbyJoin{LobbyID: testID, Code: "AAAAAA"})
	wantRefusal(t, err, &wire.Error{Code: wire.CodeInvalidArgument, Field: "lobbyId"})
	_, err = ann.h.Create(t.Context(), ann.call, &wire.LobbyCreate{Type: "chess"})
	wantRefusal(t, err, &wire.Error{Code: wire.CodeInvalidArgument, Field: "type"})
}

func TestPassword(t *testing.T) {
	w := newWorld(t, nil)
	ann, bob, cid := w.client("ann"), w.client("bob"), w.client("cid")
	_, err := ann.h.Create(t.Context(), ann.call, &wire.LobbyCreate{Type: "duel", Password: "abc"})
	wantRefusal(t, err, &wire.Error{Code: wire.CodeInvalidArgument, Field: "password"})
	l := w.state(ann.h.Create(t.Context(), ann.call, &wire.LobbyCreate{Type: "duel", Password: "swordfish"}))
	if !l.HasPassword {
		t.Error("the lobby has no password")
	}
	wrong := &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonWrongPassword}
	for _, password := range []string{"", "goldfish", strings.Repeat("x", 100)} {
		_, err = bob.h.Join(t.Context(), bob.call, &wire.LobbyJoin{LobbyID: l.ID, Password: password})
		wantRefusal(t, err, wrong)
		_, err = bob.h.Join(t.Context(), bob.call, &wire.LobbyJoin{Code: l.Code, Password: password})
		wantRefusal(t, err, wrong)
	}
	w.state(bob.h.Join(t.Context(), bob.call, &wire.LobbyJoin{LobbyID: l.ID, Password: "swordfish"}))

	word := "other word"
	_, err = bob.h.Update(t.Context(), bob.call, &wire.LobbyUpdate{LobbyID: l.ID, Set: &wire.LobbySet{Password: &word}})
	wantRefusal(t, err, &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonNotHost})
	w.version(ann.h.Update(t.Context(), ann.call, &wire.LobbyUpdate{LobbyID: l.ID, Set: &wire.LobbySet{Password: &word}}))
	_, err = cid.h.Join(t.Context(), cid.call, &wire.LobbyJoin{Code: l.Code, Password: "swordfish"})
	wantRefusal(t, err, wrong)
	w.state(cid.h.Join(t.Context(), cid.call, &wire.LobbyJoin{Code: l.Code, Password: word}))
	w.version(ann.h.Update(t.Context(), ann.call, &wire.LobbyUpdate{LobbyID: l.ID, Unset: []string{"password"}}))
	w.state(w.client("dan").join(l.ID))

	for _, r := range w.log(StreamID(l.ID)) {
		if strings.Contains(string(r.Data), "$2a$") {
			t.Errorf("a hash was told: %s", r.Data)
		}
	}
}

func TestPasswordsWaitTheirTurn(t *testing.T) {
	p := newPasswords(4)
	for range cap(p.slots) {
		p.slots <- struct{}{}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.hash(ctx, "swordfish"); !errors.Is(err, context.Canceled) {
		t.Errorf("hash: %v", err)
	}
	if _, err := p.match(ctx, "", "swordfish"); !errors.Is(err, context.Canceled) {
		t.Errorf("match: %v", err)
	}
}

func TestKick(t *testing.T) {
	w := newWorld(t, nil)
	ann, bob := w.client("ann"), w.connect("bob", "bob-1", 1)
	l := ann.create()
	w.state(bob.join(l.ID))
	_, err := bob.h.Kick(t.Context(), bob.call, &wire.LobbyKick{LobbyID: l.ID, UserID: "ann"})
	wantRefusal(t, err, &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonNotHost})
	if v := w.version(ann.h.Kick(t.Context(), ann.call, &wire.LobbyKick{LobbyID: l.ID, UserID: "bob", Reason: "rude"})); v != 3 {
		t.Errorf("version %d", v)
	}
	want := []wire.LobbyRemoved{{LobbyID: l.ID, Reason: "kicked", Message: "rude"}}
	if d := cmp.Diff(want, w.removals("bob")); d != "" {
		t.Errorf("bob was told (-want +got):\n%s", d)
	}
	_, err = bob.join(l.ID)
	wantRefusal(t, err, &wire.Error{Code: wire.CodeBanned})
	if ids, _ := w.memory.List(t.Context(), allOf("bob")); len(ids) != 0 {
		t.Errorf("bob is enrolled in %v", ids)
	}
	bob.create()
	wantRefusal(t, bob.h.Authorize(t.Context(), bob.call.Caller, StreamID(l.ID)),
		&wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonNotMember})
	w.pass(10 * time.Second)
	if n := len(w.removals("bob")); n != 1 {
		t.Errorf("bob was told %d times", n)
	}
}

// A pod that dies after the commit of a kick leaves the rest of it to the next look.
func TestKickIsFinishedByALook(t *testing.T) {
	w := newWorld(t, nil)
	ann, bob := w.client("ann"), w.client("bob")
	l := ann.create()
	w.state(bob.join(l.ID))
	w.store.set(func(c stream.Commit) error {
		if c.Stream == userStream("bob") {
			return stream.ErrUnavailable
		}
		return nil
	}, nil)
	w.version(ann.h.Kick(t.Context(), ann.call, &wire.LobbyKick{LobbyID: l.ID, UserID: "bob"}))
	if n := len(w.removals("bob")); n != 0 {
		t.Fatalf("bob was told %d times", n)
	}
	w.store.set(nil, nil)
	w.pass(retellAfter)
	if d := cmp.Diff([]wire.LobbyRemoved{{LobbyID: l.ID, Reason: "kicked"}}, w.removals("bob")); d != "" {
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
	if d := cmp.Diff([]wire.LobbyRemoved{{LobbyID: l.ID, Reason: "left"}}, w.removals("bob")); d != "" {
		t.Errorf("bob's other connection was told (-want +got):\n%s", d)
	}
	_, err = phone.h.Leave(t.Context(), phone.call, &wire.LobbyLeave{LobbyID: l.ID})
	wantRefusal(t, err, &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonNotMember})
	if len(phone.follows) != 0 {
		t.Errorf("bob's phone still follows %v", phone.follows)
	}

	if _, err := ann.h.Leave(t.Context(), ann.call, &wire.LobbyLeave{LobbyID: l.ID}); err != nil {
		t.Fatal(err)
	}
	if n := len(w.removals("ann")); n != 0 {
		t.Errorf("ann, who left by her only connection, was told %d times", n)
	}
}

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
	if d := cmp.Diff([]wire.LobbyRemoved{{LobbyID: l.ID, Reason: "timed_out"}}, w.removals("bob")); d != "" {
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
	w := newWorld(t, func(p *Policy) { p.Host.OnLeave = OnLeaveClose })
	ann, bob, eve := w.client("ann"), w.client("bob"), w.client("eve")
	l := ann.create()
	w.state(bob.join(l.ID))
	if _, err := ann.h.Leave(t.Context(), ann.call, &wire.LobbyLeave{LobbyID: l.ID}); err != nil {
		t.Fatal(err)
	}
	for _, user := range []string{"ann", "bob"} {
		if d := cmp.Diff([]wire.LobbyRemoved{{LobbyID: l.ID, Reason: "closed"}}, w.removals(user)); d != "" {
			t.Errorf("%s was told (-want +got):\n%s", user, d)
		}
	}
	over := &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonLobbyClosed}
	_, err := bob.ready(l.ID, true)
	wantRefusal(t, err, over)
	_, err = bob.h.service.Chat(t.Context(), bob.call.Caller, l.ID)
	wantRefusal(t, err, over)
	_, err = eve.join(l.ID)
	wantRefusal(t, err, over)
	_, err = eve.h.Join(t.Context(), eve.call, &wire.LobbyJoin{Code: l.Code})
	wantRefusal(t, err, &wire.Error{Code: wire.CodeCodeExpired})
	_, err = eve.h.Get(t.Context(), eve.call, &wire.LobbyGet{LobbyID: l.ID})
	wantRefusal(t, err, &wire.Error{Code: wire.CodeNotFound})
	if got := w.state(bob.h.Get(t.Context(), bob.call, &wire.LobbyGet{LobbyID: l.ID})); got.Status != wire.LobbyClosed {
		t.Errorf("a member sees %+v", got)
	}
	bob.create()
	w.pass(11 * time.Minute)
	_, err = ann.h.Get(t.Context(), ann.call, &wire.LobbyGet{LobbyID: l.ID})
	wantRefusal(t, err, &wire.Error{Code: wire.CodeNotFound})
	_, err = eve.h.Join(t.Context(), eve.call, &wire.LobbyJoin{Code: l.Code})
	wantRefusal(t, err, &wire.Error{Code: wire.CodeCodeExpired})
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

func TestMaxPerUser(t *testing.T) {
	w := newWorld(t, nil)
	ann, bob := w.client("ann"), w.client("bob")
	first := ann.create()
	exhausted := &wire.Error{Code: wire.CodeResourceExhausted}
	_, err := ann.h.Create(t.Context(), ann.call, &wire.LobbyCreate{Type: "duel"})
	wantRefusal(t, err, exhausted)
	other := bob.create()
	_, err = ann.join(other.ID)
	wantRefusal(t, err, exhausted)
	if w.doc(other.ID).Has("ann") {
		t.Error("ann is in two lobbies")
	}
	w.state(ann.join(first.ID))
	_, err = ann.h.Leave(t.Context(), ann.call, &wire.LobbyLeave{LobbyID: first.ID})
	wantRefusal(t, err, nil)
	w.state(ann.join(other.ID))
}

// A stranger cannot tell a private lobby from one that does not exist.
func TestPrivateLobbyIsNotBetrayed(t *testing.T) {
	w := newWorld(t, func(p *Policy) { p.Visibility.Allowed = append(p.Visibility.Allowed, wire.VisibilityPrivate) })
	ann, eve := w.client("ann"), w.client("eve")
	private := wire.VisibilityPrivate
	l := ann.create()
	if _, err := ann.h.Update(t.Context(), ann.call, &wire.LobbyUpdate{LobbyID: l.ID, Set: &wire.LobbySet{Visibility: &private}}); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{l.ID, "01J00000000000000000000000"} {
		for name, err := range eve.tryAll(id) {
			var refused *wire.Error
			if !errors.As(err, &refused) || refused.Code != wire.CodeNotFound {
				t.Errorf("%s of %s: %v", name, id, err)
			}
		}
	}
}

// tryAll sends each request that names a lobby and gives what it was refused with.
func (c *client) tryAll(id string) map[string]error {
	ctx, out := context.Background(), map[string]error{}
	_, out["get"] = c.h.Get(ctx, c.call, &wire.LobbyGet{LobbyID: id})
	_, out["join"] = c.h.Join(ctx, c.call, &wire.LobbyJoin{LobbyID: id})
	_, out["leave"] = c.h.Leave(ctx, c.call, &wire.LobbyLeave{LobbyID: id})
	_, out["ready"] = c.h.Ready(ctx, c.call, &wire.LobbyReady{LobbyID: id, Ready: true})
	_, out["update"] = c.h.Update(ctx, c.call, &wire.LobbyUpdate{LobbyID: id})
	_, out["setMember"] = c.h.SetMember(ctx, c.call, &wire.LobbySetMember{LobbyID: id})
	_, out["kick"] = c.h.Kick(ctx, c.call, &wire.LobbyKick{LobbyID: id, UserID: "ann"})
	_, out["transferHost"] = c.h.TransferHost(ctx, c.call, &wire.LobbyTransferHost{LobbyID: id, UserID: "ann"})
	return out
}

// User ids may hold colons: one user's lobbies are never counted as another's.
func TestUsersWithColons(t *testing.T) {
	w := newWorld(t, func(p *Policy) { p.Join.MaxPerUser = 1 })
	for _, id := range []string{"duel:ann", "ann", "all:ann", "of:duel:ann"} {
		w.client(id).create()
	}
}

func TestMaxOfAllTypes(t *testing.T) {
	w := newWorld(t, func(p *Policy) { p.Join.MaxPerUser = 100 })
	ann := w.client("ann")
	for range maxLobbies {
		ann.create()
	}
	_, err := ann.h.Create(t.Context(), ann.call, &wire.LobbyCreate{Type: "duel"})
	wantRefusal(t, err, &wire.Error{Code: wire.CodeResourceExhausted})
	if ids, _ := w.memory.List(t.Context(), typeOf("duel", "ann")); len(ids) != maxLobbies {
		t.Errorf("ann is enrolled in %d lobbies of the type", len(ids))
	}
}

// What a process left behind that died in the middle of a join does not keep the
// user from joining for good.
func TestStaleEnrolment(t *testing.T) {
	w := newWorld(t, nil)
	l := w.client("bob").create()
	old := ulid.MustNew(ulid.Timestamp(t0.Add(-newborn)), zeros{}).String()
	for _, stale := range []string{entry(l.ID, old), entry(old, old), "odd"} {
		if _, err := w.memory.Add(t.Context(), typeOf("duel", "ann"), stale, 5, time.Hour); err != nil {
			t.Fatal(err)
		}
	}
	w.client("ann").create()

	// One that is about to be made counts.
	young := ulid.MustNew(ulid.Timestamp(t0), zeros{}).String()
	if _, err := w.memory.Add(t.Context(), typeOf("duel", "eve"), entry(l.ID, young), 5, time.Hour); err != nil {
		t.Fatal(err)
	}
	eve := w.client("eve")
	_, err := eve.h.Create(t.Context(), eve.call, &wire.LobbyCreate{Type: "duel"})
	wantRefusal(t, err, &wire.Error{Code: wire.CodeResourceExhausted})
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestRefusedJoinIsNotEnrolled(t *testing.T) {
	w := newWorld(t, nil)
	ann, eve := w.client("ann"), w.client("eve")
	l := ann.create()
	yes := true
	// The lobby is locked between eve's look at it and her commit.
	w.store.set(func(c stream.Commit) error {
		w.store.set(nil, nil)
		_, err := w.pods[1].Update(t.Context(), ann.call, &wire.LobbyUpdate{LobbyID: l.ID, Set: &wire.LobbySet{Locked: &yes}})
		return err
	}, nil)
	_, err := eve.join(l.ID)
	wantRefusal(t, err, &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonLobbyLocked})
	if ids, _ := w.memory.List(t.Context(), allOf("eve")); len(ids) != 0 {
		t.Errorf("eve is enrolled in %v", ids)
	}
}

func TestConflictIsRetried(t *testing.T) {
	w := newWorld(t, nil)
	ann, bob := w.client("ann"), w.client("bob")
	l := ann.create()
	w.state(bob.join(l.ID))
	races := 3
	var inRace bool
	w.store.set(func(c stream.Commit) error {
		if inRace || races == 0 {
			return nil
		}
		inRace = true
		races--
		_, err := w.pods[1].Ready(t.Context(), bob.call, &wire.LobbyReady{LobbyID: l.ID, Ready: races%2 == 0})
		inRace = false
		return err
	}, nil)
	if v := w.version(ann.ready(l.ID, true)); v != 6 {
		t.Errorf("version %d, want 6", v)
	}
	w.store.set(func(c stream.Commit) error { return &stream.ConflictError{Current: stream.Snapshot{}} }, nil)
	if _, err := ann.ready(l.ID, false); err == nil {
		t.Error("endless conflicts ended well")
	}
}

// A process that dies between the commit and the answer has the client repeat its
// request: that has no second effect, and the answer of the first.
func TestRepeatAfterACrash(t *testing.T) {
	died := errors.New("died")
	once := func(w *world, id string) {
		w.store.set(nil, func(c stream.Commit) error {
			if c.Stream == StreamID(id) {
				w.store.set(nil, nil)
				return died
			}
			return nil
		})
	}
	name := "new"
	for label, tc := range map[string]struct {
		do      func(ann, bob *client, id string) (uint64, error)
		version uint64
	}{
		"kick": {func(ann, _ *client, id string) (uint64, error) {
			r, err := ann.h.Kick(ann.Context(), ann.keyed("k"), &wire.LobbyKick{LobbyID: id, UserID: "bob"})
			return seq(r.Meta), err
		}, 3},
		"leave": {func(_, bob *client, id string) (uint64, error) {
			r, err := bob.h.Leave(bob.Context(), bob.keyed("k"), &wire.LobbyLeave{LobbyID: id})
			return seq(r.Meta), err
		}, 3},
		"update": {func(ann, _ *client, id string) (uint64, error) {
			r, err := ann.h.Update(ann.Context(), ann.keyed("k"), &wire.LobbyUpdate{LobbyID: id, ExpectedVersion: 2, Set: &wire.LobbySet{Name: &name}})
			return seq(r.Meta), err
		}, 3},
		"transferHost": {func(ann, _ *client, id string) (uint64, error) {
			r, err := ann.h.TransferHost(ann.Context(), ann.keyed("k"), &wire.LobbyTransferHost{LobbyID: id, UserID: "bob"})
			return seq(r.Meta), err
		}, 3},
		"ready": {func(_, bob *client, id string) (uint64, error) {
			r, err := bob.h.Ready(bob.Context(), bob.keyed("k"), &wire.LobbyReady{LobbyID: id, Ready: true})
			return seq(r.Meta), err
		}, 3},
	} {
		t.Run(label, func(t *testing.T) {
			w := newWorld(t, nil)
			ann, bob := w.client("ann"), w.client("bob")
			l := ann.create()
			w.state(bob.join(l.ID))
			once(w, l.ID)
			if _, err := tc.do(ann, bob, l.ID); !errors.Is(err, died) {
				t.Fatalf("the first try ended with %v", err)
			}
			for range 2 {
				if v, err := tc.do(ann, bob, l.ID); err != nil || v != tc.version {
					t.Errorf("the repeated request gives version %d, %v", v, err)
				}
			}
			if v := w.doc(l.ID).Version; v != tc.version {
				t.Errorf("the lobby is at version %d", v)
			}
		})
	}
}

func seq(m *wire.Meta) uint64 {
	if m == nil {
		return 0
	}
	return m.Seq
}

func TestRepeatedCreate(t *testing.T) {
	w := newWorld(t, nil)
	ann := w.client("ann")
	req := &wire.LobbyCreate{Type: "duel"}
	died := errors.New("died")

	// Before the commit.
	w.store.set(func(stream.Commit) error { w.store.set(nil, nil); return died }, nil)
	if _, err := ann.h.Create(t.Context(), ann.keyed("k"), req); !errors.Is(err, died) {
		t.Fatal(err)
	}
	// After it.
	w.store.set(nil, func(stream.Commit) error { w.store.set(nil, nil); return died })
	if _, err := ann.h.Create(t.Context(), ann.keyed("k"), req); !errors.Is(err, died) {
		t.Fatal(err)
	}
	l := w.state(ann.h.Create(t.Context(), ann.keyed("k"), req))
	again := w.state(ann.h.Create(t.Context(), ann.keyed("k"), req))
	if l.Version != 1 || again.ID != l.ID || again.Code != l.Code {
		t.Errorf("first %+v, then %+v", l, again)
	}
	w.state(w.client("bob").h.Join(t.Context(), w.client("bob").call, &wire.LobbyJoin{Code: l.Code}))
}

func TestRepeatedJoin(t *testing.T) {
	w := newWorld(t, func(p *Policy) { p.Moderation.BanTTL = 0 })
	ann, bob := w.client("ann"), w.client("bob")
	l := ann.create()
	join := func() (wire.Lobby, error) {
		reply, err := bob.h.Join(t.Context(), bob.keyed("k"), &wire.LobbyJoin{LobbyID: l.ID})
		if err != nil {
			return wire.Lobby{}, err
		}
		return reply.Data.(wire.LobbyState).Lobby, nil
	}
	for range 2 {
		if got, err := join(); err != nil || got.Version != 2 {
			t.Fatalf("%+v, %v", got, err)
		}
	}
	w.version(ann.h.Kick(t.Context(), ann.call, &wire.LobbyKick{LobbyID: l.ID, UserID: "bob"}))
	_, err := join()
	wantRefusal(t, err, &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonNotMember})
	if w.doc(l.ID).Has("bob") {
		t.Error("a repeated request brought back who was kicked")
	}
}

func TestTakenCodes(t *testing.T) {
	w := newWorld(t, func(p *Policy) { p.Join.Code.Length = 4 })
	taken := &takenNames{Names: w.memory, refuse: codeTries - 1}
	w.pods[0].service.Names = taken
	ann := w.client("ann")
	if l := ann.create(); len(l.Code) != 4 || taken.asked != codeTries {
		t.Errorf("code %q after %d tries", l.Code, taken.asked)
	}
	taken.refuse = codeTries
	eve := w.client("eve")
	_, err := eve.h.Create(t.Context(), eve.call, &wire.LobbyCreate{Type: "duel"})
	wantRefusal(t, err, &wire.Error{Code: wire.CodeUnavailable, Retryable: true})
}

// takenNames says of the first names asked for that they are taken.
type takenNames struct {
	stream.Names
	refuse, asked int
}

func (n *takenNames) Claim(ctx context.Context, space, name, owner string, ttl time.Duration) (bool, error) {
	n.asked++
	if n.refuse > 0 {
		n.refuse--
		return false, nil
	}
	return n.Names.Claim(ctx, space, name, owner, ttl)
}

func TestNoCode(t *testing.T) {
	w := newWorld(t, func(p *Policy) { p.Join.Code.Enabled = false })
	if l := w.client("ann").create(); l.Code != "" {
		t.Errorf("code %q", l.Code)
	}
}

func TestPolicySwap(t *testing.T) {
	w := newWorld(t, nil)
	ann, bob := w.client("ann"), w.client("bob")
	old := ann.create()
	p := testPolicy()
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
	if chat, err := ann.h.service.Chat(t.Context(), ann.call.Caller, old.ID); err != nil || chat.MaxLength != 7 {
		t.Errorf("chat policy %+v, %v", chat, err)
	}
	w.version(ann.ready(old.ID, false))
	if l := w.doc(old.ID); l.Policy.Revision != "r3" || l.Policy.Size.Max != 8 {
		t.Error("a policy for all lobbies did not reach an old one")
	}
	w.setPolicy(Policy{Type: "duel", Revision: "gone"})
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
	if d := cmp.Diff(plain(t, wire.LobbySnapshot{Lobby: l}), plain(t, payload)); d != "" {
		t.Errorf("snapshot (-want +got):\n%s", d)
	}
	eve := identity.Caller{User: identity.User{ID: "eve"}}
	_, _, err = ann.h.Snapshot(t.Context(), eve, StreamID(l.ID), snap)
	wantRefusal(t, err, &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonNotMember})
	_, _, err = ann.h.Snapshot(t.Context(), ann.call.Caller, StreamID(l.ID), stream.Snapshot{})
	wantRefusal(t, err, &wire.Error{Code: wire.CodeNotFound})
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
	if _, err := ann.h.service.Look(t.Context(), StreamID(l.ID)); !errors.Is(err, stream.ErrUnavailable) {
		t.Errorf("look: %v", err)
	}
	if err := ann.h.service.SessionClosed(t.Context(), ann.call.Caller, nil); !errors.Is(err, stream.ErrUnavailable) {
		t.Errorf("session closed: %v", err)
	}
	w.memory.SetDown(false)
	w.memory.Flush()
	_, err := ann.ready(l.ID, true)
	wantRefusal(t, err, &wire.Error{Code: wire.CodeNotFound})
	if next, err := ann.h.service.Look(t.Context(), StreamID(l.ID)); err != nil || !next.IsZero() {
		t.Errorf("look at what is gone: %v, %v", next, err)
	}
}

// A hundred users at once find a hundred places, over both pods.
func TestManyJoinAtOnce(t *testing.T) {
	const users = 100
	w := newWorld(t, func(p *Policy) { p.Size.Max = users })
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
