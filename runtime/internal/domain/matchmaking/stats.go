package matchmaking

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/records"
)

// Stats are the figures of a queue, written by its matcher.
type Stats struct {
	Depth int `json:"depth"`
	// OldestAt is the enqueue time of the oldest ticket; 0 without tickets.
	OldestAt int64 `json:"oldestAt,omitempty"`
	// WaitP50Ms and WaitP95Ms are percentiles of the waits of the tickets that were matched
	// within the last statsFor; 0 when none was.
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

func (state *waits) matched(at int64, tickets []Ticket) {
	state.matches = append(state.matches, at)
	state.matches = state.matches[max(len(state.matches)-maxWaits, 0):]
	for _, t := range tickets {
		state.tickets = append(state.tickets, wait{at, at - t.EnqueuedAt})
	}
	state.tickets = state.tickets[max(len(state.tickets)-maxWaits, 0):]
}

// stats computes the Stats.
func (state *waits) stats(waiting map[string]storedTicket, now time.Time) Stats {
	s := Stats{Depth: len(waiting), At: ms(now)}
	for _, t := range waiting {
		if s.OldestAt == 0 || t.EnqueuedAt < s.OldestAt {
			s.OldestAt = t.EnqueuedAt
		}
	}
	old := ms(now.Add(-waitsPeriod))
	state.tickets = slices.DeleteFunc(state.tickets, func(t wait) bool { return t.at < old })
	minute := ms(now.Add(-matchesPeriod))
	state.matches = slices.DeleteFunc(state.matches, func(at int64) bool { return at < minute })
	s.Matches = len(state.matches)
	if n := len(state.tickets); n > 0 {
		lasted := make([]int64, n)
		for i, t := range state.tickets {
			lasted[i] = t.ms
		}
		slices.Sort(lasted)
		s.WaitP50Ms, s.WaitP95Ms = lasted[n/2], lasted[n*95/100]
	}
	return s
}

// Stats returns a queue's figures, and the pod that is its matcher; "" for none.
func (s *Service) Stats(ctx context.Context, queue string) (Stats, string, error) {
	var now Stats
	found, err := s.Records.Get(ctx, partition(queue), stats, statsKey)
	if err != nil {
		return now, "", err
	}
	if err := decode(found[statsKey], &now); err != nil {
		return now, "", err
	}
	holder, err := s.Records.Holder(ctx, partition(queue))
	return now, holder, err
}

// estimate returns the expected wait of a ticket in milliseconds; 0 when the queue gives
// none.
func (s *Service) estimate(ctx context.Context, queue string) int64 {
	q, known := s.Queues.Queue(queue)
	if !known || !q.Estimate {
		return 0
	}
	now, _, err := s.Stats(ctx, queue)
	if err != nil {
		return 0 // a missing estimate does not fail the request
	}
	return now.WaitP50Ms
}

// estimates returns the shortest estimate of a ticket's queues; 0 when none gives one.
func (s *Service) estimates(ctx context.Context, t Ticket) int64 {
	least := s.estimate(ctx, t.Queue)
	for _, queue := range t.otherQueues() {
		if n := s.estimate(ctx, queue); n > 0 && (least == 0 || n < least) {
			least = n
		}
	}
	return least
}

func (n Stats) change() (records.Change, error) {
	value, err := json.Marshal(n)
	if err != nil {
		return records.Change{}, fmt.Errorf("encode the figures of a queue: %w", err)
	}
	return records.Change{Table: stats, Key: statsKey, Any: true, Value: value}, nil
}

// Estimates are pushed to waiting tickets every estimateEvery, to at most mostTold of them;
// the other clients read mm:status.
const (
	estimateEvery     = 5 * time.Second
	maxEstimatePushes = 500
)

// tell pushes the estimates to waiting tickets, where the queue gives estimates.
func (m *Matcher) pushEstimates(ctx context.Context, state *queueState, q Queue) error {
	now := m.s.Now()
	if !q.Estimate || state.writtenStats.WaitP50Ms == 0 || now.Sub(state.estimatesPushedAt) < estimateEvery {
		return nil
	}
	state.estimatesPushedAt = now
	pushed := 0
	for _, t := range state.waiting {
		if pushed++; pushed > maxEstimatePushes {
			break
		}
		view := t.View()
		view.EstimateMs = state.writtenStats.WaitP50Ms
		if err := m.s.castTicket(ctx, view); err != nil {
			return err
		}
	}
	return nil
}

// writeStats stores the queue's figures when they have changed.
func (m *Matcher) writeStats(ctx context.Context, state *queueState) error {
	m.mu.Lock()
	now := state.waits.stats(state.waiting, m.s.Now())
	m.mu.Unlock()
	same := state.writtenStats
	same.At = now.At
	if now == same {
		return nil
	}
	change, err := now.change()
	if err != nil {
		return err
	}
	if err := m.s.Records.Apply(ctx, partition(state.name), records.Step{Fence: state.fence, Changes: []records.Change{change}}); err != nil {
		return err
	}
	state.writtenStats = now
	return nil
}
