package matchmaking

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/anteroom/anteroom/runtime/internal/core/records"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/internal/core/userstream"
	"github.com/anteroom/anteroom/runtime/internal/domain/matchmaking/matching"
	"github.com/anteroom/anteroom/runtime/wire"
)

// Two matchers compete for the lease of one queue, with pauses longer than the lease and a
// store that fails before or after any step. Meanwhile players enqueue, cancel, accept and
// decline, leave their matches and ask for backfill. No user may be in two matches, no
// ticket lost and no place given twice; after the faults everything must end.
func TestNothingIsLostOrDoubled(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		q := checked()
		q.ReadyCheck.Enabled = rapid.Bool().Draw(rt, "ready check")
		q.Backfill, q.Match.NewFirst = rapid.Bool().Draw(rt, "backfill"), rapid.Bool().Draw(rt, "new first")
		q.TicketTTL = time.Hour
		w := newWorld(t, q)
		w.TB = t
		if q.Backfill {
			w.lonely([2]string{"u0", "u1"}, [2]string{"u2", "u3"})
		}
		for i := range rapid.IntRange(5, 60).Draw(rt, "steps") {
			w.records.set(nil)
			if rapid.IntRange(0, 3).Draw(rt, "trouble") == 0 {
				broken := rapid.SampledFrom([]error{stream.ErrUnavailable, errAfter}).Draw(rt, "error")
				var left atomic.Int64
				left.Store(int64(rapid.IntRange(0, 3).Draw(rt, "steps until then")))
				w.records.set(func(records.Txn) error {
					if left.Add(-1) < 0 {
						return broken
					}
					return nil
				})
			}
			w.act(rt, fmt.Sprint("u", rapid.IntRange(0, 5).Draw(rt, "user")), i)
			w.consistent(rt)
		}
		w.records.set(nil)
		w.settle(rt)
	})
}

// lonely makes matches whose second player leaves, and the first asks for backfill.
func (w *world) lonely(pairs ...[2]string) {
	q, _ := w.Queue("duel")
	quick := q
	quick.ReadyCheck.Enabled = false
	w.setQueue("duel", &quick)
	for _, pair := range pairs {
		w.enqueue(pair[0], 1500)
		w.enqueue(pair[1], 1500)
		w.runPass(0, "duel")
	}
	w.setQueue("duel", &q)
	for _, pair := range pairs {
		w.quit(pair[1])
		w.mustBackfill(pair[0], w.lobbiesOf(pair[0])[0])
	}
}

// act performs one action, which may be refused or fail.
func (w *world) act(t *rapid.T, user string, i int) {
	ctx, c := w.Context(), call(user, fmt.Sprint("k", i))
	pod := rapid.IntRange(0, 1).Draw(t, "pod")
	var err error
	switch rapid.IntRange(0, 9).Draw(t, "action") {
	case 0, 1, 2:
		_, err = w.pods[pod].Enqueue(ctx, c, &wire.MMEnqueue{Queue: "duel"})
	case 3:
		err = w.matchers[pod].Pass(ctx, "duel")
	case 4:
		err = w.matchers[pod].Pass(ctx, "duel")
		w.advance(time.Duration(rapid.IntRange(0, 12).Draw(t, "seconds")) * time.Second)
	case 5:
		for _, p := range w.proposals(t, user) {
			_, err = w.pods[pod].Accept(ctx, c, &wire.MMAnswer{ProposalID: p})
		}
	case 6:
		for _, p := range w.proposals(t, user) {
			_, err = w.pods[pod].Decline(ctx, c, &wire.MMAnswer{ProposalID: p})
		}
	case 7:
		w.broken = rapid.Bool().Draw(t, "no places")
	case 8:
		w.quit(user)
	case 9:
		for _, lobby := range w.lobbiesOf(user) {
			_, err = w.pods[pod].Backfill(ctx, c, &wire.MMBackfill{LobbyID: lobby, Stop: rapid.Bool().Draw(t, "stop")})
		}
	}
	var refusal *wire.Error
	if err != nil && !errors.As(err, &refusal) && !errors.Is(err, stream.ErrUnavailable) && !errors.Is(err, records.ErrFenced) {
		t.Fatal(err)
	}
}

func (w *world) lobbiesOf(user string) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var ids []string
	for id, room := range w.rooms {
		if _, in := room.Players[user]; in {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

func (w *world) proposals(t *rapid.T, user string) []string {
	list, err := w.pods[0].service.Status(w.Context(), user)
	if err != nil && !errors.Is(err, stream.ErrUnavailable) {
		t.Fatal(err)
	}
	var ids []string
	for _, p := range list.Proposals {
		ids = append(ids, p.ProposalID)
	}
	return ids
}

// consistent checks the records: each player of a ticket has its entry, tickets and proposals
// reference each other, and no user is in two tickets.
func (w *world) consistent(t *rapid.T) {
	in := map[string]string{}
	held := map[string]string{}
	filling := map[string]string{}
	for _, r := range table[Proposal](w, t, proposals) {
		if r.Ended != nil {
			continue // its tickets are gone or search again
		}
		if r.Backfill != "" && filling[r.Backfill] != "" {
			t.Fatalf("rounds %s and %s fill the same match", filling[r.Backfill], r.ID)
		}
		filling[r.Backfill] = r.ID
		for _, id := range r.ticketIDs() {
			if held[id] != "" {
				t.Fatalf("ticket %s is in the rounds %s and %s", id, held[id], r.ID)
			}
			held[id] = r.ID
		}
	}
	for _, tk := range table[Ticket](w, t, tickets) {
		if held[tk.ID] != tk.Proposal {
			t.Fatalf("ticket %s has round %q, but is in round %q", tk.ID, tk.Proposal, held[tk.ID])
		}
		delete(held, tk.ID)
		for _, user := range tk.Users() {
			if in[user] != "" {
				t.Fatalf("%s is in the tickets %s and %s", user, in[user], tk.ID)
			}
			in[user] = tk.ID
		}
	}
	if len(held) > 0 {
		t.Fatalf("rounds have tickets that do not exist: %v", held)
	}
	for _, b := range table[Backfill](w, t, backfills) {
		if filling[b.LobbyID] != b.Proposal {
			t.Fatalf("backfill of %s has round %q, but round %q fills it", b.LobbyID, b.Proposal, filling[b.LobbyID])
		}
	}
	for id, room := range w.rooms {
		if len(room.Players) > 2 || room.Left != 2-len(room.Players) {
			t.Fatalf("%s has %d players and %d places", id, len(room.Players), room.Left)
		}
	}
	entered, err := w.records.All(w.Context(), "duel", users)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range entered {
		var e userRecord
		if err := decode(r.Value, &e); err != nil {
			t.Fatal(err)
		}
		if len(e.Tickets) > 1 || len(e.Tickets) == 1 && in[r.Key] != e.Tickets[0] || len(e.Tickets) == 0 && in[r.Key] != "" {
			t.Fatalf("%s has entries %v and is in ticket %q", r.Key, e.Tickets, in[r.Key])
		}
	}
}

func table[T any](w *world, t *rapid.T, name string) []T {
	records, err := w.records.All(w.Context(), "duel", name)
	if err != nil {
		t.Fatal(err)
	}
	var all []T
	for _, r := range records {
		var v T
		if err := decode(r.Value, &v); err != nil {
			t.Fatal(err)
		}
		all = append(all, v)
	}
	return all
}

// settle lets everything end: two waiting tickets are matched, each push happens once, and
// no place is made twice except after a lost reply of the hand-off.
func (w *world) settle(t *rapid.T) {
	q, _ := w.Queue("duel")
	q.ReadyCheck.Enabled = false
	w.setQueue("duel", &q)
	w.broken = false
	for range 8 {
		w.advance(30 * time.Second)
		for _, m := range w.matchers {
			if err := m.Pass(w.Context(), "duel"); err != nil && !errors.Is(err, records.ErrFenced) {
				t.Fatal(err)
			}
		}
	}
	if n := w.count(tickets); n > 1 {
		t.Fatalf("%d tickets still wait, want at most 1", n)
	}
	if n := w.count(proposals) + w.count(outbox); n != 0 {
		t.Fatalf("%d rounds and outbox messages are left, want 0", n)
	}
	for _, b := range table[Backfill](w, t, backfills) {
		if room := w.rooms[b.LobbyID]; room == nil || room.Left > 0 && w.count(tickets) > 0 && !w.plays(b.LobbyID) {
			t.Fatalf("backfill %+v has open places although a ticket waits", b)
		}
	}
	w.consistent(t)
	w.pushedOnce(t)
}

// plays reports whether the waiting player is already in a lobby or may not join it.
func (w *world) plays(lobbyID string) bool {
	for _, user := range w.players(lobbyID) {
		if found, _ := w.records.Get(w.Context(), "duel", users, user); len(found) > 0 {
			return true
		}
	}
	return false
}

// pushedOnce checks that every player of every match received one push for each time that it
// joined, and that no ticket was in two matches.
func (w *world) pushedOnce(t *rapid.T) {
	matchOf := map[string]string{} // by ticket
	times := map[[2]string]int{}   // by match and player
	players := map[string][]string{}
	toldOf := map[string]bool{} // by ticket and player
	for i := range 6 {
		user := fmt.Sprint("u", i)
		for _, m := range w.matches(t, user) {
			if was := matchOf[m.TicketID]; was != "" && was != m.MatchID {
				t.Fatalf("ticket %s was matched in %s and %s", m.TicketID, was, m.MatchID)
			}
			matchOf[m.TicketID] = m.MatchID
			if toldOf[m.TicketID+user] {
				t.Fatalf("%s received two pushes of ticket %s", user, m.TicketID)
			}
			toldOf[m.TicketID+user] = true
			if m.Backfill {
				continue // a player may leave a match and join it again
			}
			times[[2]string{m.MatchID, user}]++
			for _, team := range m.Teams {
				players[m.MatchID] = append(players[m.MatchID], team.Players...)
			}
		}
	}
	for match, all := range players {
		for _, user := range all {
			if n := times[[2]string{match, user}]; n != 1 {
				t.Fatalf("%s received %d pushes of match %s, want 1", user, n, match)
			}
		}
	}
}

func (w *world) matches(t *rapid.T, user string) []wire.MMMatched {
	caught, err := w.memory.CatchUp(w.Context(), userstream.StreamID(user), stream.Position{})
	if err != nil {
		t.Fatal(err)
	}
	var all []wire.MMMatched
	for _, r := range caught.Records {
		var m wire.MMMatched
		if r.Name != wire.EventMMMatched {
			continue
		}
		if err := json.Unmarshal(r.Data, &m); err != nil {
			t.Fatal(err)
		}
		all = append(all, m)
	}
	return all
}

// A matcher that was paused beyond its lease cannot commit.
func TestPausedMatcherIsFenced(t *testing.T) {
	w := newWorld(t, duel())
	w.enqueue("ann", 1500)
	w.enqueue("bob", 1500)
	paused := false
	w.records.set(func(s records.Txn) error {
		if s.Fence == nil || paused {
			return nil
		}
		// The matcher pauses during its pass; another matcher takes over and makes the
		// match.
		paused = true
		w.advance(leaseTTL + time.Second)
		w.runPass(1, "duel")
		return nil
	})
	if err := w.matchers[0].Pass(t.Context(), "duel"); !errors.Is(err, records.ErrFenced) {
		t.Errorf("paused matcher: %v, want ErrFenced", err)
	}
	w.wantPushes("ann", "matched [{red [ann]} {blue [bob]}] lobby")
	if n := len(w.made); n != 1 {
		t.Errorf("%d hand-offs, want 1", n)
	}
}

// A matcher dies after each of its steps. The next matcher completes the match.
func TestAnotherMatcherContinues(t *testing.T) {
	for _, ready := range []bool{false, true} {
		for dies := range 4 {
			t.Run(fmt.Sprintf("ready check %v, after step %d", ready, dies), func(t *testing.T) {
				q := duel()
				q.ReadyCheck.Enabled = ready
				w := newWorld(t, q)
				w.enqueue("ann", 1500)
				w.enqueue("bob", 1500)
				w.dieAfter(dies)
				_ = w.matchers[0].Pass(t.Context(), "duel")
				w.records.set(nil)
				w.advance(leaseTTL + time.Second) // another matcher has the lease within 10 s
				w.runPass(1, "duel")
				for _, user := range []string{"ann", "bob"} {
					for _, p := range w.status(user).Proposals {
						if _, err := w.pods[1].Accept(t.Context(), call(user, ""), &wire.MMAnswer{ProposalID: p.ProposalID}); err != nil {
							t.Fatal(err)
						}
					}
				}
				w.advance(abandonedAfter)
				w.runPass(1, "duel")
				for _, user := range []string{"ann", "bob"} {
					matched := 0
					for _, text := range w.pushes(user) {
						if text == "matched [{red [ann]} {blue [bob]}] lobby" {
							matched++
						}
					}
					if matched != 1 {
						t.Errorf("pushes to %s: %v, want one match", user, w.pushes(user))
					}
				}
				if n := w.count(tickets) + w.count(proposals) + w.count(outbox); n != 0 {
					t.Errorf("%d records are left, want 0", n)
				}
			})
		}
	}
}

// A proposal keeps the proposed teams.
func TestRoundHasTheTeams(t *testing.T) {
	q := duel()
	tickets := map[string]Ticket{
		"a": {ID: "a", Players: []Player{{ID: "ann"}}}, "b": {ID: "b", Players: []Player{{ID: "bob"}}},
	}
	p := matching.Candidate{Region: "eu", Teams: []matching.Side{{Name: "red", Tickets: []string{"b"}}, {Name: "blue", Tickets: []string{"a"}}}}
	r := NewProposal(q, "r", p, "", func(id string) Ticket { return tickets[id] }, t0)
	m := r.matchedView("a", Place{})
	if m.Teams[0].Players[0] != "bob" || m.Teams[1].Players[0] != "ann" || m.Region != "eu" || !r.InHandoff {
		t.Errorf("%+v", m)
	}
}
