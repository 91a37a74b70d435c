package lobby

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/internal/domain/lobby/rules"
	"github.com/anteroom/anteroom/runtime/internal/domain/lobby/rules/rulestest"
	"github.com/anteroom/anteroom/runtime/wire"
)

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
	w := newWorld(t, func(p *rules.Policy) { p.Moderation.BanTTL = 0 })
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
	rulestest.WantRefusal(t, err, &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonNotMember})
	if w.doc(l.ID).Has("bob") {
		t.Error("a repeated request brought back who was kicked")
	}
}

func TestTakenCodes(t *testing.T) {
	w := newWorld(t, func(p *rules.Policy) { p.Join.Code.Length = 4 })
	taken := &takenNames{Names: w.memory, refuse: codeTries - 1}
	w.pods[0].service.Names = taken
	ann := w.client("ann")
	if l := ann.create(); len(l.Code) != 4 || taken.asked != codeTries {
		t.Errorf("code %q after %d tries", l.Code, taken.asked)
	}
	taken.refuse = codeTries
	eve := w.client("eve")
	_, err := eve.h.Create(t.Context(), eve.call, &wire.LobbyCreate{Type: "duel"})
	rulestest.WantRefusal(t, err, &wire.Error{Code: wire.CodeUnavailable, Retryable: true})
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
