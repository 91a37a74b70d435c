package matchmaking

import (
	"context"
	"testing"

	"github.com/anteroom/anteroom/runtime/wire"
)

// full makes a user reach the limit of lobbies of a match's type.
func (w *world) full(user string) {
	for _, pod := range w.pods {
		pod.service.CheckLobbyLimit = func(_ context.Context, _ Queue, id string) error {
			if id == user {
				return wire.Already(wire.CodeFailedPrecondition, wire.ReasonLobbyLimit, "leave one first", "lobby-1")
			}
			return nil
		}
	}
}

func TestEnqueueAtTheLobbyLimit(t *testing.T) {
	q := duel()
	q.Match.Teams[0].Max = 2
	w := newWorld(t, q, named(q, "ranked"))
	w.parties["p"] = partyOf("bob", "ann")
	w.full("ann")
	for name, c := range map[string]struct {
		user string
		req  wire.MMEnqueue
		want *wire.Error
	}{
		"alone":             {"ann", wire.MMEnqueue{Queue: "duel"}, &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonLobbyLimit, Current: wire.CurrentIDs("lobby-1")}},
		"in several":        {"ann", wire.MMEnqueue{Queues: []string{"ranked", "duel"}}, &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonLobbyLimit, Current: wire.CurrentIDs("lobby-1")}},
		"member of a party": {"bob", wire.MMEnqueue{Queue: "duel", PartyID: "p"}, &wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonLobbyLimit}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.pods[0].Enqueue(t.Context(), call(c.user, ""), &c.req)
			wantRefusal(t, err, c.want)
		})
	}
	w.nothingLeftOf("ann", "duel", "ranked")
}

// A player joins a lobby while searching, so that the match's lobby would exceed the limit.
// The player's ticket is cancelled and the other player searches again.
func TestPlayerJoinsALobbyWhileSearching(t *testing.T) {
	w := newWorld(t, duel())
	w.enqueue("ann", 1500)
	place := w.enqueue("bob", 1500).EnqueuedAt
	w.unplaced = []string{"ann"}
	w.runPass(0, "duel")
	w.unplaced = nil
	w.wantPushes("ann", "cancelled: in_lobby")
	w.wantPushes("bob", "cancelled: others_declined, requeued")
	if got := w.status("bob").Tickets; len(got) != 1 || got[0].EnqueuedAt != place {
		t.Errorf("tickets of bob: %+v, want the one ticket with its position", got)
	}
	w.enqueue("cid", 1500)
	w.runPass(0, "duel")
	w.wantPushes("cid", "matched [{red [bob]} {blue [cid]}] lobby")
}
