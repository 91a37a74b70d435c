package matchmaking

import (
	"slices"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/records"
	"github.com/anteroom/anteroom/runtime/internal/domain/matchmaking/matching"
)

// queueState is this process's view of a queue.
type queueState struct {
	name  string
	fence *records.Fence
	busy  bool
	// nextPass is the time of the next pass.
	nextPass time.Time
	readAt   time.Time
	mark     uint64
	waiting  map[string]storedTicket
	// ticketsByPlayer are the waiting tickets by player. suspended are tickets that do not search while
	// another proposal has one of their players.
	ticketsByPlayer map[string][]string
	suspended       map[string]bool
	// partyVerifiedAt are the times at which the parties of waiting tickets were verified, by
	// ticket.
	partyVerifiedAt   map[string]time.Time
	waits             waits
	writtenStats      Stats
	estimatesPushedAt time.Time
	handoffs          *handoffs
	// shownStats is the result of Stats; nil while another process is the matcher.
	shownStats *Stats
}

func newQueueState(queue string) *queueState {
	return &queueState{name: queue, handoffs: newHandoffs(), ticketsByPlayer: map[string][]string{}, suspended: map[string]bool{}, partyVerifiedAt: map[string]time.Time{}}
}

// add adds a waiting ticket, or replaces it.
func (w *queueState) add(t storedTicket) {
	if _, known := w.waiting[t.ID]; !known {
		for _, user := range t.Users() {
			w.ticketsByPlayer[user] = append(w.ticketsByPlayer[user], t.ID)
		}
	}
	w.waiting[t.ID] = t
}

// remove removes a ticket that no longer waits.
func (w *queueState) remove(id string) {
	t, known := w.waiting[id]
	if !known {
		return
	}
	delete(w.waiting, id)
	delete(w.suspended, id)
	delete(w.partyVerifiedAt, id)
	for _, user := range t.Users() {
		left := slices.DeleteFunc(w.ticketsByPlayer[user], func(other string) bool { return other == id })
		if len(left) == 0 {
			delete(w.ticketsByPlayer, user)
		} else {
			w.ticketsByPlayer[user] = left
		}
	}
}

// sharedPlayers returns, by ticket, the other waiting tickets that share a player with it.
func (w *queueState) sharedPlayers() map[string][]string {
	all := map[string][]string{}
	if len(w.ticketsByPlayer) == 0 {
		return all
	}
	for _, ids := range w.ticketsByPlayer {
		if len(ids) < 2 {
			continue
		}
		for _, id := range ids {
			for _, other := range ids {
				if other != id && !slices.Contains(all[id], other) {
					all[id] = append(all[id], other)
				}
			}
		}
	}
	return all
}

// suspend suspends the tickets of a proposal that have one of these players; it reports
// whether it suspended any.
func (w *queueState) suspend(p matching.Candidate, players []string) bool {
	held := false
	for _, id := range p.Tickets() {
		users := w.waiting[id].Users()
		if slices.ContainsFunc(players, func(user string) bool { return slices.Contains(users, user) }) {
			w.suspended[id] = true
			held = true
		}
	}
	return held
}
