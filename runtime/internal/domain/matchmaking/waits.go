package matchmaking

import (
	"slices"
	"time"
)

// Stats are the figures of a queue, written by its matcher.
type Stats struct {
	Depth int `json:"depth"`
	// OldestAt is the enqueue time of the oldest ticket; 0 without tickets.
	OldestAt int64 `json:"oldestAt,omitempty"`
	// WaitP50Ms and WaitP95Ms are percentiles of the waits of the tickets that were matched
	// within the last waitsPeriod; 0 when none was.
	WaitP50Ms int64 `json:"waitP50Ms,omitempty"`
	WaitP95Ms int64 `json:"waitP95Ms,omitempty"`
	// Matches is the number of matches of the last minute.
	Matches int `json:"matches"`
	// At is the time at which the stats were written.
	At int64 `json:"at"`
}

const (
	// waitsPeriod is the period of the waits; at most maxWaits are kept, the newest.
	waitsPeriod   = 10 * time.Minute
	maxWaits      = 4096
	matchesPeriod = time.Minute
	statsKey      = "now"
)

// waits are the waits of recently matched tickets.
type waits struct {
	tickets []wait
	matches []int64
}

type wait struct{ at, ms int64 }

func (w *waits) matched(at int64, tickets []Ticket) {
	w.matches = append(w.matches, at)
	w.matches = w.matches[max(len(w.matches)-maxWaits, 0):]
	for _, t := range tickets {
		w.tickets = append(w.tickets, wait{at, at - t.EnqueuedAt})
	}
	w.tickets = w.tickets[max(len(w.tickets)-maxWaits, 0):]
}

// stats computes the Stats.
func (w *waits) stats(waiting map[string]storedTicket, now time.Time) Stats {
	s := Stats{Depth: len(waiting), At: ms(now)}
	for _, t := range waiting {
		if s.OldestAt == 0 || t.EnqueuedAt < s.OldestAt {
			s.OldestAt = t.EnqueuedAt
		}
	}
	old := ms(now.Add(-waitsPeriod))
	w.tickets = slices.DeleteFunc(w.tickets, func(t wait) bool { return t.at < old })
	minute := ms(now.Add(-matchesPeriod))
	w.matches = slices.DeleteFunc(w.matches, func(at int64) bool { return at < minute })
	s.Matches = len(w.matches)
	if n := len(w.tickets); n > 0 {
		lasted := make([]int64, n)
		for i, t := range w.tickets {
			lasted[i] = t.ms
		}
		slices.Sort(lasted)
		s.WaitP50Ms, s.WaitP95Ms = lasted[n/2], lasted[n*95/100]
	}
	return s
}
