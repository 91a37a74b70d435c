package matchmaking

import (
	"context"
	"errors"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/anteroom/anteroom/runtime/internal/ledger"
)

// settle does what is left after a round, while its players are still claimed: the other
// copies of its tickets go or search on, after a match the other tickets of its players
// are cancelled, and then the players are free. It may be done again.
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

// settleThen is settle right after the step that ended a round. What it gives removes the
// round's record; where it fails, the queue's matcher settles the round later.
func (s *Service) settleThen(ctx context.Context, r Round) []ledger.Change {
	if err := s.settle(ctx, r); err != nil {
		s.Log.WarnContext(ctx, "what follows a proposal's end is done later", "queue", r.Queue, "proposal", r.ID, "error", err)
		return nil
	}
	return []ledger.Change{{Table: rounds, Key: r.ID, Any: true}}
}

// settleLate settles a round that ended a while ago, and whose server died over it.
func (s *Service) settleLate(ctx context.Context, r Round) error {
	if r.Done == nil || s.Now().Sub(time.UnixMilli(r.Done.At)) < claimGrace {
		return nil
	}
	if err := s.settle(ctx, r); err != nil {
		return err
	}
	return s.Ledger.Apply(ctx, book(r.Queue), ledger.Step{Changes: []ledger.Change{{Table: rounds, Key: r.ID, Any: true}}})
}

// settleCopies has the copies of a ticket in other queues follow the round's.
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
			err = errors.New("a ticket that is over is proposed in another queue")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// matchedElsewhere cancels the tickets that a player of a match had before, beside the one
// that was matched.
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
			err = settled(s.leave(ctx, t, p.ID, reasonMatchedElsewhere, reasonMatchedElsewhere, ledger.Step{}))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// note adds a ticket in several queues to what is left after a round.
func (e *ending) note(t Ticket, gone bool) {
	if len(t.Queues) > 1 {
		e.Tickets = append(e.Tickets, endedTicket{
			ID: t.ID, Queues: t.Queues, Gone: gone, Attempt: t.Attempt, EnqueuedAt: t.EnqueuedAt,
		})
	}
}
