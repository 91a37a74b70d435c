package matchmaking

import (
	"slices"

	"github.com/anteroom/anteroom/runtime/internal/domain/matchmaking/matching"
)

// put adds a waiting ticket, or replaces it.
func (w *watch) put(t waiter) {
	if _, known := w.waiting[t.ID]; !known {
		for _, user := range t.Users() {
			w.of[user] = append(w.of[user], t.ID)
		}
	}
	w.waiting[t.ID] = t
}

// drop removes a ticket that no longer waits.
func (w *watch) drop(id string) {
	t, known := w.waiting[id]
	if !known {
		return
	}
	delete(w.waiting, id)
	delete(w.held, id)
	delete(w.verified, id)
	for _, user := range t.Users() {
		left := slices.DeleteFunc(w.of[user], func(other string) bool { return other == id })
		if len(left) == 0 {
			delete(w.of, user)
		} else {
			w.of[user] = left
		}
	}
}

// apart returns, by ticket, the other waiting tickets that share a player with it.
func (w *watch) apart() map[string][]string {
	all := map[string][]string{}
	if len(w.of) == 0 {
		return all
	}
	for _, ids := range w.of {
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

// hold suspends the tickets of a proposal that have one of these players; it reports
// whether it suspended any.
func (w *watch) hold(p matching.Proposal, players []string) bool {
	held := false
	for _, id := range p.Tickets() {
		users := w.waiting[id].Users()
		if slices.ContainsFunc(players, func(user string) bool { return slices.Contains(users, user) }) {
			w.held[id] = true
			held = true
		}
	}
	return held
}
