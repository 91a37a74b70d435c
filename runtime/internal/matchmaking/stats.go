package matchmaking

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/ledger"
)

// Stats are what is known of a queue, as its matcher wrote it down.
type Stats struct {
	Depth int `json:"depth"`
	// OldestAt is since when the oldest ticket waits; 0 when none does.
	OldestAt int64 `json:"oldestAt,omitempty"`
	// WaitP50Ms and WaitP95Ms are waits that so many of the matched tickets did not
	// exceed within the last statsFor; 0 when none was matched.
	WaitP50Ms int64 `json:"waitP50Ms,omitempty"`
	WaitP95Ms int64 `json:"waitP95Ms,omitempty"`
	// Matches is how many were made within the last minute.
	Matches int `json:"matches"`
	// At is when this was written.
	At int64 `json:"at"`
}

const (
	// statsFor is how far back waits count; at most maxWaits of them are kept, the
	// newest.
	statsFor = 10 * time.Minute
	maxWaits = 4096
	perMin   = time.Minute
	statsKey = "now"
)

// waits are how long tickets waited that were matched lately.
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

// stats sums up.
func (w *waits) stats(waiting map[string]waiter, now time.Time) Stats {
	s := Stats{Depth: len(waiting), At: ms(now)}
	for _, t := range waiting {
		if s.OldestAt == 0 || t.EnqueuedAt < s.OldestAt {
			s.OldestAt = t.EnqueuedAt
		}
	}
	old := ms(now.Add(-statsFor))
	w.tickets = slices.DeleteFunc(w.tickets, func(t wait) bool { return t.at < old })
	minute := ms(now.Add(-perMin))
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

// Stats are a queue's figures, and who its matcher is; "" when it has none.
func (s *Service) Stats(ctx context.Context, queue string) (Stats, string, error) {
	var now Stats
	found, err := s.Ledger.Get(ctx, book(queue), stats, statsKey)
	if err != nil {
		return now, "", err
	}
	if err := decode(found[statsKey], &now); err != nil {
		return now, "", err
	}
	holder, err := s.Ledger.Holder(ctx, book(queue))
	return now, holder, err
}

// estimate is how long a ticket may wait, where the queue tells; 0 otherwise.
func (s *Service) estimate(ctx context.Context, queue string) int64 {
	q, known := s.Queues.Queue(queue)
	if !known || !q.Estimate {
		return 0
	}
	now, _, err := s.Stats(ctx, queue)
	if err != nil {
		return 0 // an estimate is not worth a refusal
	}
	return now.WaitP50Ms
}

// estimates is the shortest estimate of a ticket's queues; 0 when none tells.
func (s *Service) estimates(ctx context.Context, t Ticket) int64 {
	least := s.estimate(ctx, t.Queue)
	for _, queue := range t.others() {
		if n := s.estimate(ctx, queue); n > 0 && (least == 0 || n < least) {
			least = n
		}
	}
	return least
}

func (n Stats) change() (ledger.Change, error) {
	value, err := json.Marshal(n)
	if err != nil {
		return ledger.Change{}, fmt.Errorf("encode the figures of a queue: %w", err)
	}
	return ledger.Change{Table: stats, Key: statsKey, Any: true, Value: value}, nil
}

// Estimates are told to those who wait so often, to so many at once; the others ask by
// mm:status.
const (
	estimateEvery = 5 * time.Second
	mostTold      = 500
)

// tell lets those who wait know how long it may take, where the queue gives estimates.
func (m *Matcher) tell(ctx context.Context, w *watch, q Queue) error {
	now := m.s.Now()
	if !q.Estimate || w.written.WaitP50Ms == 0 || now.Sub(w.toldAt) < estimateEvery {
		return nil
	}
	w.toldAt = now
	told := 0
	for _, t := range w.waiting {
		if told++; told > mostTold {
			break
		}
		view := t.View()
		view.EstimateMs = w.written.WaitP50Ms
		if err := m.s.cast(ctx, view); err != nil {
			return err
		}
	}
	return nil
}

// write puts the queue's figures down when they have changed.
func (m *Matcher) write(ctx context.Context, w *watch) error {
	m.mu.Lock()
	now := w.waits.stats(w.waiting, m.s.Now())
	m.mu.Unlock()
	same := w.written
	same.At = now.At
	if now == same {
		return nil
	}
	change, err := now.change()
	if err != nil {
		return err
	}
	if err := m.s.Ledger.Apply(ctx, book(w.name), ledger.Step{Fence: w.fence, Changes: []ledger.Change{change}}); err != nil {
		return err
	}
	w.written = now
	return nil
}
