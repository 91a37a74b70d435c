package matchmaking

import (
	"context"
	"slices"

	"github.com/anteroom/anteroom/runtime/internal/core/records"
	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/wire"
)

// Cancel cancels a ticket. A ticket in a proposal counts as declined.
func (s *Service) Cancel(ctx context.Context, c request.Call, ticketID string) error {
	return s.treatRepeatAsSuccess(ctx, c, s.cancel(ctx, c, ticketID))
}

func (s *Service) cancel(ctx context.Context, c request.Call, ticketID string) error {
	queue, err := s.queueOfTicket(ctx, c.ID, ticketID)
	if err != nil {
		return err
	}
	t, exists, err := s.ticket(ctx, queue, ticketID)
	if err != nil {
		return err
	}
	if !exists || !t.Has(c.ID) {
		return ticketNotFound()
	}
	return s.withdrawTicket(ctx, t, c.ID, reasonCancelled, reasonDeclined, records.Txn{Once: s.once(c)})
}

// withdrawTicket removes a ticket from its queue with the reason searching. If the ticket is in a
// proposal, leave withdraws the player from the proposal with the reason proposed. It retries
// when the ticket changes between the two states. During the hand-off the ticket stays, and
// leave returns the proposal's refusal. base is the initial step.
func (s *Service) withdrawTicket(ctx context.Context, t Ticket, userID, searching, proposed string, base records.Txn) error {
	if len(t.Queues) > 1 {
		return s.withdrawAllCopies(ctx, t, userID, searching, proposed, base)
	}
	proposal := t.Proposal
	for range maxTries {
		if proposal != "" {
			err := s.withdrawFromProposal(ctx, t.Queue, proposal, userID, proposed, base)
			if wire.CodeOf(err) != wire.CodeNotFound {
				return err
			}
		}
		var err error
		if proposal, err = s.removeSearching(ctx, t.Queue, t.ID, searching, base); err != nil || proposal == "" {
			return err
		}
	}
	return tooManyConflicts()
}

// withdrawFromProposal dissolves an open proposal because of one of its players.
func (s *Service) withdrawFromProposal(ctx context.Context, queue, proposalID, userID, reason string, base records.Txn) error {
	return s.dissolve(ctx, queue, proposalID, base, func(r Proposal) ([]string, string, error) {
		if err := r.checkOpen(userID, s.Now()); err != nil {
			return nil, "", err
		}
		return []string{userID}, reason, nil
	})
}

// removeSearching deletes a searching ticket and pushes its end to its players. base is the initial
// step. A ticket in a proposal stays, and remove returns its proposal. Error: not_found for a
// ticket that is gone.
func (s *Service) removeSearching(ctx context.Context, queue, ticketID, reason string, base records.Txn) (proposal string, err error) {
	err = s.commit(ctx, func() (records.Txn, []outboxMessage, error) {
		t, raw, err := s.readTicket(ctx, queue, ticketID)
		if err == nil && raw == nil {
			err = ticketNotFound()
		}
		if proposal = t.Proposal; err != nil || proposal != "" {
			return records.Txn{}, nil, err
		}
		step := base
		step.Changes = []records.Change{{Table: tickets, Key: t.ID, Was: raw}}
		if err := s.removeFromUsers(ctx, &step, queue, []Ticket{t}, nil, 0); err != nil {
			return records.Txn{}, nil, err
		}
		end := wire.TicketCanceled
		if reason == reasonExpired {
			end = wire.TicketExpired
		}
		pushed, err := s.addMessage(&step, message{
			Users: t.Users(), Event: wire.EventMMCancelled, OrderKey: t.ID, Order: orderEnd, EndedTicket: t.ID, HomeQueue: t.homeQueue(), Ticket: t.In(end),
		}, wire.MMCancelled{TicketID: t.ID, Queue: queue, Reason: reason})
		return step, []outboxMessage{pushed}, err
	}, queue)
	return proposal, err
}

// removeFromUsers removes leaving tickets from their players' entries, and sets the cooldown of
// refusers.
func (s *Service) removeFromUsers(ctx context.Context, step *records.Txn, queue string, leaving []Ticket, refusers []string, until int64) error {
	var ids []string
	for _, t := range leaving {
		ids = append(ids, t.Users()...)
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	found, err := s.Records.Get(ctx, partition(queue), users, ids...)
	if err != nil {
		return err
	}
	for _, user := range ids {
		var e userRecord
		if err := decode(found[user], &e); err != nil {
			return err
		}
		for _, t := range leaving {
			e = e.without(t.ID)
		}
		if e.CooldownUntil <= ms(s.Now()) {
			e.CooldownUntil = 0
		}
		if slices.Contains(refusers, user) {
			e.CooldownUntil = max(e.CooldownUntil, until)
		}
		value, err := e.encode()
		if err != nil {
			return err
		}
		step.Changes = append(step.Changes, records.Change{Table: users, Key: user, Was: found[user], Value: value})
	}
	return nil
}

// onTicketEnd removes a ticket from its players' sets and searching status, which are
// outside the queue's records.
func (s *Service) onTicketEnd(ctx context.Context, queue, ticketID string, users []string) error {
	if err := s.index.Remove(ctx, indexEntry{queue, ticketID}, users); err != nil {
		return err
	}
	if s.Events == nil {
		return nil
	}
	return s.Events.Searching(ctx, ticketID, users, false)
}
