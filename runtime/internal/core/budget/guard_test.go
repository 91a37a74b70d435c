package budget_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/budget"
	"github.com/anteroom/anteroom/runtime/internal/core/stream/streamtest"
	"github.com/anteroom/anteroom/runtime/wire"
)

// fixture is a guard over memory, with a clock that a test moves on.
func fixture() (*budget.Guard, *atomic.Int64) {
	ahead := &atomic.Int64{}
	memory := streamtest.New(streamtest.WithClock(func() time.Time { return time.Unix(1e9, ahead.Load()) }))
	return budget.NewGuard(memory, nil), ahead
}

// limited wants a rate_limited refusal and gives how long to wait.
func limited(t *testing.T, err error) time.Duration {
	t.Helper()
	var refusal *wire.Error
	if !errors.As(err, &refusal) || refusal.Code != wire.CodeRateLimited || !refusal.Retryable || refusal.RetryAfterMs <= 0 {
		t.Fatalf("got %v, want rate_limited with retryAfterMs", err)
	}
	return time.Duration(refusal.RetryAfterMs) * time.Millisecond
}

func invite(g *budget.Guard, from, to string) (func(context.Context), error) {
	return g.Request(context.Background(), from, wire.EventPartyInvite, &wire.PartyInvite{UserID: to})
}

func TestAPairIsRefusedBeforeOthers(t *testing.T) {
	g, ahead := fixture()
	for range 6 {
		if _, err := invite(g, "ann", "bob"); err != nil {
			t.Fatal(err)
		}
	}
	_, err := invite(g, "ann", "bob")
	wait := limited(t, err)
	for _, other := range [][2]string{{"ann", "cid"}, {"eve", "bob"}} {
		if _, err := invite(g, other[0], other[1]); err != nil {
			t.Errorf("%s invites %s: %v", other[0], other[1], err)
		}
	}
	lobby := &wire.LobbyMemberRef{UserID: "bob"}
	if _, err := g.Request(t.Context(), "ann", wire.EventLobbyInvite, lobby); wire.CodeOf(err) != wire.CodeRateLimited {
		t.Errorf("an invite into a lobby instead: %v", err)
	}
	ahead.Add(int64(wait))
	if _, err := invite(g, "ann", "bob"); err != nil {
		t.Errorf("after the wait that was named: %v", err)
	}
}

func TestATargetIsReachedBySoManyInAll(t *testing.T) {
	g, _ := fixture()
	passed := 0
	for actor := range 20 {
		for range 54 {
			if _, err := invite(g, fmt.Sprint("actor", actor), "victim"); err == nil {
				passed++
			}
		}
	}
	if passed != 60 {
		t.Errorf("%d invites of 20 users reached the victim, want 60", passed)
	}
}

// A refused request costs its targets nothing, so that nobody who may not invite uses up
// what others may send.
func TestARefusedRequestCostsItsTargetsNothing(t *testing.T) {
	g, _ := fixture()
	for range 50 {
		back, err := invite(g, "eve", "bob")
		if err != nil {
			t.Fatal(err)
		}
		back(t.Context())
	}
	for range 10 {
		_, _ = invite(g, "eve", "cid")
	}
	_, err := invite(g, "eve", "dan")
	limited(t, err) // the actor has paid for each
	if _, err := invite(g, "ann", "bob"); err != nil {
		t.Error(err)
	}
}

// A message reaches all its targets or none, and a sender has one rate over all channels
// that a channel of a higher rate raises.
func TestMessages(t *testing.T) {
	g, _ := fixture()
	send := func(from string, channel budget.Limit, to ...string) error {
		_, err := g.Message(t.Context(), from, channel, to...)
		return err
	}
	for range 60 {
		if err := send("ann", budget.Limit{Events: 1000, Per: time.Second}, "cid"); err != nil {
			t.Fatal(err)
		}
	}
	for range 80 {
		limited(t, send("ann", budget.Limit{Events: 1000, Per: time.Second}, "bob", "cid"))
	}
	if err := send("ann", budget.Limit{}, "bob"); err != nil {
		t.Errorf("bob was charged for messages that cid refused: %v", err)
	}
	passed := 0
	for range 200 {
		if send("eve", budget.Limit{Events: 5, Per: 5 * time.Second}) == nil {
			passed++
		}
	}
	if passed < 40 || passed > 55 {
		t.Errorf("%d messages at once, want 40 and a quarter of them for this pod", passed)
	}
}
