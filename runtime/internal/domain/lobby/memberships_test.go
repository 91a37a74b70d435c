package lobby

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/anteroom/anteroom/runtime/internal/core/membership"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/internal/domain/lobby/rules"
	"github.com/anteroom/anteroom/runtime/internal/domain/lobby/rules/rulestest"
	"github.com/anteroom/anteroom/runtime/wire"
)

func TestMaxPerUser(t *testing.T) {
	w := newWorld(t, nil)
	ann, bob := w.client("ann"), w.client("bob")
	first := ann.create()
	exhausted := lobbyLimit(first.ID)
	_, err := ann.h.Create(t.Context(), ann.call, &wire.LobbyCreate{Type: "duel"})
	rulestest.WantRefusal(t, err, exhausted)
	other := bob.create()
	_, err = ann.join(other.ID)
	rulestest.WantRefusal(t, err, exhausted)
	if w.doc(other.ID).Has("ann") {
		t.Error("ann is in two lobbies")
	}
	w.state(ann.join(first.ID))
	_, err = ann.h.Leave(t.Context(), ann.call, &wire.LobbyLeave{LobbyID: first.ID})
	rulestest.WantRefusal(t, err, nil)
	w.state(ann.join(other.ID))
}

// lobbyLimit is the refusal of a user who is in as many lobbies as allowed.
func lobbyLimit(ids ...string) *wire.Error {
	return wire.Already(wire.CodeResourceExhausted, wire.ReasonLobbyLimit, "", ids...)
}

// A lobby that has just changed is first tried from memory, and a refusal there runs the rule
// again on the stored state: the user is refused that time too.
func TestMaxPerUserInALobbyThatJustChanged(t *testing.T) {
	w := newWorld(t, nil)
	ann, bob := w.client("ann"), w.client("bob")
	first, other := ann.create(), bob.create()
	if _, err := bob.ready(other.ID, true); err != nil {
		t.Fatal(err)
	}
	_, err := ann.join(other.ID)
	rulestest.WantRefusal(t, err, lobbyLimit(first.ID))
	if w.doc(other.ID).Has("ann") {
		t.Error("ann is in two lobbies")
	}
}

// For other users, a private lobby looks like a lobby that does not exist.
func TestPrivateLobbyIsHidden(t *testing.T) {
	w := newWorld(t, func(p *rules.Policy) { p.Visibility.Allowed = append(p.Visibility.Allowed, wire.VisibilityPrivate) })
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
	w := newWorld(t, func(p *rules.Policy) { p.Join.MaxPerUser = 1 })
	for _, id := range []string{"duel:ann", "ann", "all:ann", "of:duel:ann"} {
		w.client(id).create()
	}
}

func TestMaxOfAllTypes(t *testing.T) {
	w := newWorld(t, func(p *rules.Policy) { p.Join.MaxPerUser = 100 })
	ann := w.client("ann")
	for range maxLobbies {
		ann.create()
	}
	_, err := ann.h.Create(t.Context(), ann.call, &wire.LobbyCreate{Type: "duel"})
	ids, _ := w.memory.List(t.Context(), lobbiesOfType("duel", "ann"))
	for i, id := range ids {
		ids[i] = membership.Parse(id).Group
	}
	rulestest.WantRefusal(t, err, lobbyLimit(ids...))
	if ids, _ := w.memory.List(t.Context(), lobbiesOfType("duel", "ann")); len(ids) != maxLobbies {
		t.Errorf("ann has memberships in %d lobbies of the type", len(ids))
	}
}

// What a process left behind that died in the middle of a join does not keep the
// user from joining for good.
func TestStaleMembership(t *testing.T) {
	w := newWorld(t, nil)
	l := w.client("bob").create()
	old := ulid.MustNew(ulid.Timestamp(rulestest.T0.Add(-membership.GracePeriod)), zeros{}).String()
	for _, stale := range []string{entry(l.ID, old), entry(old, old), "odd"} {
		if _, err := w.memory.Add(t.Context(), lobbiesOfType("duel", "ann"), stale, 5, time.Hour); err != nil {
			t.Fatal(err)
		}
	}
	w.client("ann").create()

	// One that is about to be made counts.
	young := ulid.MustNew(ulid.Timestamp(rulestest.T0), zeros{}).String()
	if _, err := w.memory.Add(t.Context(), lobbiesOfType("duel", "eve"), entry(l.ID, young), 5, time.Hour); err != nil {
		t.Fatal(err)
	}
	eve := w.client("eve")
	_, err := eve.h.Create(t.Context(), eve.call, &wire.LobbyCreate{Type: "duel"})
	rulestest.WantRefusal(t, err, lobbyLimit(l.ID))
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestRefusedJoinHasNoMembership(t *testing.T) {
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
	rulestest.WantRefusal(t, err, &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonLobbyLocked})
	if ids, _ := w.memory.List(t.Context(), lobbiesOf("eve")); len(ids) != 0 {
		t.Errorf("eve has memberships in %v", ids)
	}
}

func entry(lobbyID, membershipID string) string {
	return membership.Membership{Group: lobbyID, ID: membershipID}.String()
}

// A join that is refused on what the server remembers of a lobby is decided again on what
// the store has, and is refused there as well.
func TestMaxPerUserHoldsOnARememberedLobby(t *testing.T) {
	w := newWorld(t, nil)
	ann, bob := w.client("ann"), w.client("bob")
	first, other := ann.create(), bob.create()
	w.state(w.client("cid").join(other.ID)) // the server remembers the lobby from now on
	_, err := ann.join(other.ID)
	rulestest.WantRefusal(t, err, lobbyLimit(first.ID))
	if w.doc(other.ID).Has("ann") {
		t.Error("ann is in two lobbies")
	}
}
