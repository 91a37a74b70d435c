package matchmaking

import (
	"context"
	"errors"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/anteroom/anteroom/runtime/internal/core/records"
)

// applySideEffects does the remaining work after a proposal, while its players are still claimed. The
// copies of its tickets in other queues are removed or search again. After a match it
// cancels the other tickets of its players. Then it frees the players. It is idempotent.
func (s *Service) applySideEffects(ctx context.Context, p Proposal) error {
	var errs []error
	for _, e := range p.Ended.Tickets {
		errs = append(errs, s.updateCopies(ctx, p.Queue, e))
	}
	if p.Ended.Assigned {
		for _, player := range p.players() {
			errs = append(errs, s.cancelOtherTickets(ctx, p, player))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	return s.releasePlayers(ctx, p)
}

// applySideEffectsOrLog runs applySideEffects right after the commit that ended a proposal. It returns the change that
// deletes the proposal's record. When it fails, the queue's matcher settles the proposal later.
func (s *Service) applySideEffectsOrLog(ctx context.Context, p Proposal) []records.Change {
	if err := s.applySideEffects(ctx, p); err != nil {
		s.Log.WarnContext(ctx, "ended proposal not settled; the matcher will retry", "queue", p.Queue, "proposal", p.ID, "error", err)
		return nil
	}
	return []records.Change{{Table: proposals, Key: p.ID, Any: true}}
}

// applyLateSideEffects applies the side effects of an ended proposal whose server died before it applied them.
func (s *Service) applyLateSideEffects(ctx context.Context, p Proposal) error {
	if p.Ended == nil || s.Now().Sub(time.UnixMilli(p.Ended.At)) < claimGrace {
		return nil
	}
	if err := s.applySideEffects(ctx, p); err != nil {
		return err
	}
	return s.Records.Apply(ctx, partition(p.Queue), records.Txn{Changes: []records.Change{{Table: proposals, Key: p.ID, Any: true}}})
}

// updateCopies updates the copies of a ticket in other queues after a proposal.
func (s *Service) updateCopies(ctx context.Context, queue string, e endedTicket) error {
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
		proposal, err := s.dropCopy(ctx, other, e.ID)
		if err == nil && proposal != "" {
			err = errors.New("an ended ticket is in a proposal of another queue")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// cancelOtherTickets cancels the other tickets that a matched player had at the time of the
// match.
func (s *Service) cancelOtherTickets(ctx context.Context, p Proposal, player TeamPlayer) error {
	entries, err := s.index.Entries(ctx, player.ID)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		id, err := ulid.ParseStrict(entry.ticket)
		if entry.ticket == player.Ticket || err == nil && ms(id.Timestamp()) > p.Ended.At {
			continue
		}
		t, exists, err := s.ticket(ctx, entry.queue, entry.ticket)
		if err == nil && exists && t.Has(player.ID) {
			err = ignoreRefusal(s.withdrawTicket(ctx, t, player.ID, reasonMatchedElsewhere, reasonMatchedElsewhere, records.Txn{}))
		}
		if err != nil {
			return err
		}
	}
	return nil
}
