package lobby

import (
	"errors"
	"slices"
	"testing"

	"github.com/anteroom/anteroom/runtime/internal/domain/lobby/rules"
	"github.com/anteroom/anteroom/runtime/internal/domain/lobby/rules/rulestest"
	"github.com/anteroom/anteroom/runtime/wire"
)

// TestReservedPlacesWithinTheLimit: a match reserves no place beyond join.maxPerUser, and leaves no stay of
// those that it could have seated.
func TestReservedPlacesWithinTheLimit(t *testing.T) {
	const kind = "duel"
	w := newWorld(t, nil)
	s := w.client("ann").h.service
	seat := func(key string, users ...string) (rules.Lobby, error) {
		cmd := rules.ReserveCommand{WithinLimit: true, Teams: [][]rules.Actor{nil}}
		for _, user := range users {
			cmd.Teams[0] = append(cmd.Teams[0], rulestest.Actor(user))
		}
		return s.CreateReserved(t.Context(), kind, key, cmd)
	}
	first, err := seat("m1", "ann", "bob")
	if err != nil {
		t.Fatal(err)
	}
	if again, err := seat("m1", "ann", "bob"); err != nil || again.ID != first.ID {
		t.Errorf("the same match again: %s, %v, want %s", again.ID, err, first.ID)
	}
	_, err = seat("m2", "cid", "ann")
	var over *rules.OverLimitError
	if !errors.As(err, &over) || !slices.Equal(over.Users, []string{"ann"}) {
		t.Errorf("a second lobby for ann: %v, want OverLimitError of ann", err)
	}
	if err := s.CheckLobbyLimit(t.Context(), kind, "cid"); err != nil {
		t.Errorf("cid, who was not seated: %v", err)
	}
	var refusal *wire.Error
	if err := s.CheckLobbyLimit(t.Context(), kind, "ann"); !errors.As(err, &refusal) || refusal.Reason != wire.ReasonLobbyLimit ||
		refusal.Current != wire.CurrentIDs(first.ID) {
		t.Errorf("ann, who is in a lobby: %v %+v", err, refusal)
	}
	if _, err := seat("m3", "cid", "dan"); err != nil {
		t.Errorf("others: %v", err)
	}
}
