package matchmaking

import (
	"context"
	"time"
)

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

// Estimates are pushed to waiting tickets every estimateEvery, to at most estimatesPerPass of them;
// the other clients read mm:status.
const (
	estimateEvery    = 5 * time.Second
	estimatesPerPass = 500
)

// pushEstimates pushes the estimates to waiting tickets, where the queue gives estimates.
func (m *Matcher) pushEstimates(ctx context.Context, state *queueState, q Queue) error {
	now := m.s.Now()
	if !q.Estimate || state.writtenStats.WaitP50Ms == 0 || now.Sub(state.estimatesPushedAt) < estimateEvery {
		return nil
	}
	state.estimatesPushedAt = now
	pushed := 0
	for _, t := range state.waiting {
		if pushed++; pushed > estimatesPerPass {
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
