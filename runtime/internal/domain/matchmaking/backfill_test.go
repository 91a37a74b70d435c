package matchmaking

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/anteroom/anteroom/runtime/internal/core/records"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/internal/domain/matchmaking/matching"
	"github.com/anteroom/anteroom/runtime/wire"
)

// filling is a duel with backfill.
func filling() Queue {
	q := duel()
	q.Backfill = true
	return q
}

// halved is a world with a match in which only ann plays, because bob has left.
func halved(t *testing.T, q Queue) (w *world, lobbyID string) {
	t.Helper()
	asks := q.ReadyCheck.Enabled
	q.ReadyCheck.Enabled = false
	w = newWorld(t, q)
	w.enqueue("ann", 1500)
	w.enqueue("bob", 1500)
	w.runPass(0, "duel")
	w.quit("bob")
	q.ReadyCheck.Enabled = asks
	w.setQueue("duel", &q)
	for id := range w.rooms {
		lobbyID = id
	}
	return w, lobbyID
}

func (w *world) backfill(user, lobbyID string, stop bool) (wire.MMBackfillState, error) {
	reply, err := w.pods[1].Backfill(w.Context(), call(user, ""), &wire.MMBackfill{LobbyID: lobbyID, Stop: stop})
	state, _ := reply.Data.(wire.MMBackfillState)
	return state, err
}

func (w *world) mustBackfill(user, lobbyID string) wire.MMBackfillState {
	w.Helper()
	state, err := w.backfill(user, lobbyID, false)
	if err != nil {
		w.Fatal(err)
	}
	return state
}

// players returns the players in a room.
func (w *world) players(lobbyID string) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Sorted(maps.Keys(w.rooms[lobbyID].Players))
}

func (w *world) wantPlayers(lobbyID string, want ...string) {
	w.Helper()
	if d := cmp.Diff(want, w.players(lobbyID)); d != "" {
		w.Errorf("players (-want +got):\n%s", d)
	}
}

func TestOpenPlacesAreFilled(t *testing.T) {
	w, lobby := halved(t, filling())
	w.enqueue("cid", 1510)
	w.runPass(0, "duel")
	w.wantPushes("cid") // the host has not asked for players
	want := wire.MMBackfillState{LobbyID: lobby, Queue: "duel", Open: 1, ExpiresAt: ms(w.clock().Add(10 * time.Minute))}
	if d := cmp.Diff(want, w.mustBackfill("ann", lobby)); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	w.runPass(0, "duel")
	w.wantPushes("cid", "matched [{red []} {blue [cid]}] lobby, running")
	w.wantPushes("ann", "matched [{red [ann]} {blue [bob]}] lobby")
	w.wantPlayers(lobby, "ann", "cid")
	if got := w.status("cid"); len(got.Tickets) != 0 {
		t.Errorf("tickets of cid: %+v, want none", got)
	}

	// The match is full: the next ticket waits until a place is free.
	w.enqueue("dan", 1500)
	w.runPass(1, "duel")
	w.wantPushes("dan")
	w.quit("cid")
	w.advance(leaseTTL) // pod-1 takes over
	w.runPass(1, "duel")
	w.wantPlayers(lobby, "ann", "dan")

	// A stopped backfill adds no player, even after its expiry.
	if state, err := w.backfill("ann", lobby, true); err != nil || state.ExpiresAt != 0 {
		t.Fatalf("%+v, %v", state, err)
	}
	w.quit("dan")
	w.enqueue("eve", 1500)
	w.runPass(1, "duel")
	w.mustBackfill("ann", lobby)
	w.advance(10 * time.Minute)
	w.enqueue("fay", 1500)
	w.runPass(0, "duel")
	w.wantPlayers(lobby, "ann")
	if n := w.count(backfills); n != 0 {
		t.Errorf("%d backfills are left, want 0", n)
	}
}

func TestBackfillRequests(t *testing.T) {
	w, lobby := halved(t, filling())
	w.mustBackfill("ann", lobby)
	w.enqueue("cid", 1500)
	w.runPass(0, "duel")
	for user, want := range map[string]*wire.Error{
		"cid": {Code: wire.CodeFailedPrecondition, Reason: wire.ReasonNotHost},
		"eve": {Code: wire.CodeNotFound},
	} {
		_, err := w.backfill(user, lobby, false)
		wantRefusal(t, err, want)
	}
	_, err := w.backfill("ann", "nowhere", false)
	wantRefusal(t, err, &wire.Error{Code: wire.CodeNotFound})
	denied := &wire.Error{Code: wire.CodePermissionDenied}
	off := duel()
	w.setQueue("duel", &off)
	_, err = w.backfill("ann", lobby, false)
	wantRefusal(t, err, denied)
	w.runPass(0, "duel")
	if n := w.count(backfills); n != 0 {
		t.Errorf("%d backfills after the queue disabled backfill, want 0", n)
	}
	w.setQueue("duel", nil)
	_, err = w.backfill("ann", lobby, false)
	wantRefusal(t, err, denied)
}

func TestBackfillsAreBounded(t *testing.T) {
	w, lobby := halved(t, filling())
	for i := range maxBackfills {
		room := *w.rooms[lobby]
		room.LobbyID = fmt.Sprint("l", i)
		w.rooms[room.LobbyID] = &room
		w.mustBackfill("ann", room.LobbyID)
	}
	_, err := w.backfill("ann", lobby, false)
	wantRefusal(t, err, &wire.Error{Code: wire.CodeResourceExhausted})
	w.mustBackfill("ann", "l0") // an existing backfill
}

// The windows of a backfill widen from the time at which the place opened, like those of
// tickets. Players with different numbers count with their mean.
func TestPlacesAreOfferedWider(t *testing.T) {
	w, lobby := halved(t, filling())
	w.advance(time.Minute) // no backfill yet
	w.mustBackfill("ann", lobby)
	w.enqueue("cid", 1900)
	w.runPass(0, "duel")
	w.advance(9 * time.Second)
	w.runPass(0, "duel")
	w.wantPlayers(lobby, "ann")
	w.advance(time.Second)
	w.runPass(0, "duel")
	w.wantPlayers(lobby, "ann", "cid")
	if p := w.rooms[lobby].commonProfile(); p.Numbers["skill"] != 1700 {
		t.Errorf("profile: %+v, want a skill of 1700", p)
	}
}

func TestNewMatchesFirst(t *testing.T) {
	q := filling()
	q.Match.NewFirst = true
	w, lobby := halved(t, q)
	w.mustBackfill("ann", lobby)
	w.enqueue("cid", 1500)
	w.enqueue("dan", 1500)
	w.enqueue("eve", 1500)
	w.runPass(0, "duel")
	w.wantPushes("cid", "matched [{red [cid]} {blue [dan]}] lobby")
	w.wantPlayers(lobby, "ann", "eve")
	w.setQueue("duel", nil)
	w.runPass(0, "duel")
	if n := w.count(backfills); n != 0 {
		t.Errorf("%d backfills of a removed queue, want 0", n)
	}
}

// Only the joining player gets a proposal. A declined place is proposed to other tickets,
// and a present player is not proposed again.
func TestPlacesAreProposed(t *testing.T) {
	q := filling()
	q.ReadyCheck.Enabled = true
	w, lobby := halved(t, q)
	w.mustBackfill("ann", lobby)
	w.enqueue("ann", 1500)
	w.advance(time.Second)
	w.enqueue("cid", 1600)
	w.runPass(0, "duel")
	// ann's ticket is barred from her own match, so cid gets the place although ann is nearer to it.
	asked := w.status("cid").Proposals
	if len(asked) != 1 || asked[0].Players != 1 || !asked[0].Backfill {
		t.Fatalf("proposals of cid: %+v", asked)
	}
	w.enqueue("dan", 1500)
	w.runPass(0, "duel")
	if got := w.status("dan").Proposals; len(got) != 1 || got[0].Backfill {
		t.Errorf("proposals of dan: %+v, want a new match, since cid has the place's proposal", got)
	}
	if _, err := w.pods[0].Decline(t.Context(), call("cid", ""), &wire.MMAnswer{ProposalID: asked[0].ProposalID}); err != nil {
		t.Fatal(err)
	}
	w.wantPushes("cid", "proposal 0/1", "cancelled: declined, cooldown")
	w.enqueue("eve", 1500)
	w.runPass(0, "duel")
	eve := w.status("eve").Proposals
	if len(eve) != 1 || !eve[0].Backfill {
		t.Fatalf("proposals of eve: %+v", eve)
	}
	// A backfill that is stopped now ends with eve's proposal.
	if _, err := w.backfill("ann", lobby, true); err != nil {
		t.Fatal(err)
	}
	if _, err := w.pods[1].Accept(t.Context(), call("eve", ""), &wire.MMAnswer{ProposalID: eve[0].ProposalID}); err != nil {
		t.Fatal(err)
	}
	w.runPass(0, "duel")
	w.wantPlayers(lobby, "ann", "eve")
	if n := w.count(backfills); n != 0 {
		t.Errorf("%d backfills are left, want 0", n)
	}
}

// When the match ends during its backfill, the joining player's ticket searches again at
// once.
func TestMatchEndsDuringItsBackfill(t *testing.T) {
	w, lobby := halved(t, filling())
	w.mustBackfill("ann", lobby)
	w.enqueue("cid", 1500)
	w.broken = true
	w.runPass(0, "duel")
	w.broken = false
	w.quit("ann")
	w.runPass(0, "duel")
	w.wantPushes("cid", "cancelled: handoff_failed, requeued")
	w.enqueue("dan", 1500)
	w.runPass(0, "duel")
	w.wantPushes("dan", "matched [{red [cid]} {blue [dan]}] lobby")
	if n := w.count(backfills); n != 0 {
		t.Errorf("%d backfills are left, want 0", n)
	}
}

func TestRoomProfile(t *testing.T) {
	q := Queue{Match: matching.Queue{Teams: []matching.Team{{Name: "a", Max: 3}, {Name: "b", Max: 3}}}}
	with := func(team int, skill, ping float64, mode string, maps ...string) LobbyPlayer {
		return LobbyPlayer{Team: team, Profile: &Profile{
			Numbers: map[string]float64{"skill": skill}, Texts: map[string]string{"mode": mode},
			Sets: map[string][]string{"maps": maps}, Latencies: map[string]float64{"eu": ping, mode: 1},
		}}
	}
	r := MatchLobby{Left: 2, Players: map[string]LobbyPlayer{
		"ann": with(0, 10, 20, "ctf", "x", "y"), "bob": with(0, 20, 30, "ctf", "y", "z"), "cid": with(1, 60, 10, "dm", "y"),
		"guest": {Team: -1},
	}}
	want := Profile{
		Numbers: map[string]float64{"skill": 30}, Texts: map[string]string{"mode": ""},
		Sets: map[string][]string{"maps": {"y"}}, Latencies: map[string]float64{"eu": 30},
	}
	if d := cmp.Diff(want, r.commonProfile()); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if free, all := r.openPlaces(q); all != 2 || free["a"] != 1 || free["b"] != 1 {
		t.Errorf("%d open places: %v, want 2", all, free)
	}
	if got := r.Players["bob"].Profile.Sets["maps"]; !slices.Equal(got, []string{"y", "z"}) {
		t.Errorf("bob's maps changed to %v", got)
	}
}

// The notification of a match is part of its outbox message. It is thus neither lost with
// the matcher nor sent twice when the matcher dies after it.
func TestPlayersAreNotifiedOnce(t *testing.T) {
	w := newWorld(t, duel())
	w.enqueue("ann", 1500)
	w.enqueue("bob", 1500)
	w.deaf = true // the matcher dies during the delivery
	w.runPass(0, "duel")
	w.wantPushes("ann", "matched [{red [ann]} {blue [bob]}] lobby")
	if len(w.notified) != 0 || len(w.searching) != 2 {
		t.Fatalf("notified %v, searching %v", w.notified, w.searching)
	}
	w.deaf = false
	w.advance(leaseTTL + abandonedAfter)
	w.records.set(func(records.Txn) error { return stream.ErrUnavailable })
	if err := w.matchers[1].Pass(t.Context(), "duel"); !errors.Is(err, stream.ErrUnavailable) {
		t.Fatalf("%v", err)
	}
	w.records.set(nil)
	w.runPass(1, "duel")
	w.wantPushes("ann", "matched [{red [ann]} {blue [bob]}] lobby")
	if len(w.notified) != 2 || len(w.searching) != 0 || w.count(outbox) != 0 {
		t.Errorf("notified %v, searching %v, %d outbox messages", w.notified, w.searching, w.count(outbox))
	}
}

// A matcher dies after each of its steps. The next matcher fills the place, once.
func TestAnotherMatcherContinuesABackfill(t *testing.T) {
	for _, ready := range []bool{false, true} {
		for dies := range 5 {
			t.Run(fmt.Sprintf("ready check %v, after step %d", ready, dies), func(t *testing.T) {
				q := filling()
				q.ReadyCheck.Enabled = ready
				w, lobby := halved(t, q)
				w.mustBackfill("ann", lobby)
				w.enqueue("cid", 1500)
				w.dieAfter(dies)
				_ = w.matchers[0].Pass(t.Context(), "duel")
				w.records.set(nil)
				w.advance(leaseTTL + time.Second)
				w.runPass(1, "duel")
				for _, p := range w.status("cid").Proposals {
					if _, err := w.pods[1].Accept(t.Context(), call("cid", ""), &wire.MMAnswer{ProposalID: p.ProposalID}); err != nil {
						t.Fatal(err)
					}
				}
				w.advance(abandonedAfter)
				w.runPass(1, "duel")
				pushed := slices.DeleteFunc(w.pushes("cid"), func(text string) bool { return strings.HasPrefix(text, "proposal") })
				if d := cmp.Diff([]string{"matched [{red []} {blue [cid]}] lobby, running"}, pushed); d != "" {
					t.Errorf("pushes to cid (-want +got):\n%s", d)
				}
				w.wantPlayers(lobby, "ann", "cid")
				if n := w.count(tickets) + w.count(proposals) + w.count(outbox); n != 0 || w.count(backfills) != 1 {
					t.Errorf("%d records and %d backfills are left", n, w.count(backfills))
				}
			})
		}
	}
}

// The report that a ticket searches may arrive after the ticket is gone.
func TestSearchingStatusOfAMatchedTicket(t *testing.T) {
	w := newWorld(t, duel())
	w.enqueue("ann", 1500)
	w.beforeSearch = func() {
		w.beforeSearch = nil
		w.runPass(0, "duel")
	}
	w.enqueue("bob", 1500)
	w.wantPushes("bob", "matched [{red [ann]} {blue [bob]}] lobby")
	if len(w.searching) != 0 {
		t.Errorf("searching: %v, want none", w.searching)
	}
}
