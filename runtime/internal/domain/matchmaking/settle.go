package matchmaking

import (
	"context"
	"errors"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/anteroom/anteroom/runtime/internal/core/records"
)

// settle does the remaining work after a round, while its players are still claimed. The
// copies of its tickets in other queues are removed or search again. After a match it
// cancels the other tickets of its players. Then it frees the players. It is idempotent.
func (s *Service) settle(ctx context.Context, r Round) error {
	var errs []error
	for _, e := range r.Done.Tickets {
		errs = append(errs, s.settleCopies(ctx, r.Queue, e))
	}
	if r.Done.Assigned {
		for _, p := range r.players() {
			errs = append(errs, s.matchedElsewhere(ctx, r, p))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	return s.free(ctx, r)
}

// settleThen is settle right after the step that ended a round. It returns the change that
// deletes the round's record. When it fails, the queue's matcher settles the round later.
func (s *Service) settleThen(ctx context.Context, r Round) []records.Change {
	if err := s.settle(ctx, r); err != nil {
		s.Log.WarnContext(ctx, "ended proposal not settled; the matcher will retry", "queue", r.Queue, "proposal", r.ID, "error", err)
		return nil
	}
	return []records.Change{{Table: rounds, Key: r.ID, Any: true}}
}

// settleLate settles an ended round whose server died before it did so.
func (s *Service) settleLate(ctx context.Context, r Round) error {
	if r.Done == nil || s.Now().Sub(time.UnixMilli(r.Done.At)) < claimGrace {
		return nil
	}
	if err := s.settle(ctx, r); err != nil {
		return err
	}
	return s.Ledger.Apply(ctx, book(r.Queue), records.Step{Changes: []records.Change{{Table: rounds, Key: r.ID, Any: true}}})
}

// settleCopies updates the copies of a ticket in other queues after a round.
func (s *Service) settleCopies(ctx context.Context, queue string, e endedTicket) error {
	for _, other := range e.Queues {
		if other == queue {
			continue
		}
		if !e.Gone {
			if err := s.syncCopy(ctx, other, e); err != nil {
				return err
			}
			continue
		}
		round, err := s.dropCopy(ctx, other, e.ID)
		if err == nil && round != "" {
			err = errors.New("an ended ticket is in a proposal of another queue")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// matchedElsewhere cancels the other tickets that a matched player had at the time of the
// match.
func (s *Service) matchedElsewhere(ctx context.Context, r Round, p SidePlayer) error {
	places, err := s.of(ctx, p.ID)
	if err != nil {
		return err
	}
	for _, at := range places {
		id, err := ulid.ParseStrict(at.ticket)
		if at.ticket == p.Ticket || err == nil && ms(id.Timestamp()) > r.Done.At {
			continue
		}
		t, there, err := s.ticket(ctx, at.queue, at.ticket)
		if err == nil && there && t.Has(p.ID) {
			err = settled(s.leave(ctx, t, p.ID, reasonMatchedElsewhere, reasonMatchedElsewhere, records.Step{}))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// note adds a ticket in several queues to the remaining work after a round.
func (e *ending) note(t Ticket, gone bool) {
	if len(t.Queues) > 1 {
		e.Tickets = append(e.Tickets, endedTicket{
			ID: t.ID, Queues: t.Queues, Gone: gone, Attempt: t.Attempt, EnqueuedAt: t.EnqueuedAt,
		})
	}
}
