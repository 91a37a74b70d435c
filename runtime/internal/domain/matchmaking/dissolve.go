package matchmaking

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/records"
	"github.com/anteroom/anteroom/runtime/wire"
)

// dissolve ends a proposal without a match. blame returns the players to blame, and the reason;
// no player is to blame when the hand-off failed. The tickets of blamed players are
// removed, and the others search again as the queue's policy says. base is the initial
// step.
func (s *Service) dissolve(
	ctx context.Context, queue, proposalID string, base records.Txn, blame func(Proposal) ([]string, string, error),
) error {
	q, err := s.queue(queue)
	if err != nil {
		q = Queue{Name: queue, ReadyCheck: ReadyCheck{Requeue: KeepPosition}}
	}
	var ended Proposal
	return s.commitThen(ctx, func() (records.Txn, []outboxMessage, error) {
		p, raw, err := s.readProposal(ctx, queue, proposalID)
		if err != nil {
			return records.Txn{}, nil, err
		}
		if raw == nil || p.Ended != nil {
			return records.Txn{}, nil, proposalNotFound()
		}
		blamed, reason, err := blame(p)
		if err != nil {
			return records.Txn{}, nil, err
		}
		d := dissolution{s: s, queue: q, proposal: p, blamed: blamed, reason: reason, step: base}
		err = d.endTickets(ctx)
		if err == nil {
			ended, err = d.endProposal(raw)
		}
		return d.step, d.messages, err
	}, queue, func() []records.Change {
		if ended.Ended != nil {
			return s.applySideEffectsOrLog(ctx, ended)
		}
		s.releasePlayersOrLog(ctx, ended)
		return nil
	})
}

// dissolution builds the step that ends a proposal without a match.
type dissolution struct {
	s           *Service
	queue       Queue
	proposal    Proposal
	blamed      []string
	reason      string
	step        records.Txn
	messages    []outboxMessage
	leaving     []Ticket
	sideEffects sideEffects
}

func (d *dissolution) endTickets(ctx context.Context) error {
	now := d.s.Now()
	found, err := d.s.Records.Get(ctx, partition(d.queue.Name), tickets, d.proposal.ticketIDs()...)
	if err != nil {
		return err
	}
	until := int64(0)
	if d.reason == reasonDeclined || d.reason == reasonTimedOut {
		until = ms(now.Add(d.queue.ReadyCheck.Cooldown))
	}
	for _, id := range d.proposal.ticketIDs() {
		var t Ticket
		if err := decode(found[id], &t); err != nil {
			return err
		}
		if found[id] == nil {
			continue
		}
		if err := d.endTicket(t, found[id], until, now); err != nil {
			return err
		}
	}
	return errors.Join(
		d.s.removeFromUsers(ctx, &d.step, d.queue.Name, d.leaving, d.blamed, until), d.s.releaseBackfill(ctx, &d.step, d.proposal))
}

// endTicket removes a ticket, or makes it search again.
func (d *dissolution) endTicket(t Ticket, raw []byte, until int64, now time.Time) error {
	blamed := slices.ContainsFunc(t.Users(), func(id string) bool { return slices.Contains(d.blamed, id) })
	next, searches := t.requeued(d.queue.ReadyCheck.Requeue, now)
	if len(d.blamed) == 0 {
		next.EnqueuedAt, searches = t.EnqueuedAt, true
	}
	searches = searches && !blamed
	d.sideEffects.add(next, !searches)
	change := records.Change{Table: tickets, Key: t.ID, Was: raw}
	view := next.In(wire.TicketSearching)
	if searches {
		value, err := json.Marshal(next)
		if err != nil {
			return fmt.Errorf("encode a ticket: %w", err)
		}
		change.Value = value
	} else {
		d.leaving = append(d.leaving, t)
		view.State = wire.TicketCanceled
	}
	d.step.Changes = append(d.step.Changes, change)
	left, order := "", orderSearching(next.Attempt)
	if !searches {
		left, order = t.ID, orderEnd
	}
	for _, user := range t.Users() {
		cancelled := wire.MMCancelled{TicketID: t.ID, Queue: d.queue.Name, Reason: d.reason, Requeued: searches}
		switch {
		case slices.Contains(d.blamed, user):
			cancelled.CooldownUntil = until
		case len(d.blamed) > 0 && !blamed:
			cancelled.Reason = reasonOthersDeclined
		}
		pushed, err := d.s.addMessage(&d.step,
			message{
				Users: []string{user}, Event: wire.EventMMCancelled, OrderKey: t.ID, Order: order, EndedTicket: left, HomeQueue: t.homeQueue(), Ticket: view,
			}, cancelled)
		if err != nil {
			return err
		}
		d.messages = append(d.messages, pushed)
	}
	return nil
}

// endProposal deletes the proposal. While tickets have copies in other queues, the proposal's record
// stays until they are updated.
func (d *dissolution) endProposal(was []byte) (Proposal, error) {
	change := records.Change{Table: proposals, Key: d.proposal.ID, Was: was}
	ended := d.proposal
	if len(d.sideEffects.Tickets) > 0 {
		d.sideEffects.At = ms(d.s.Now())
		ended = d.proposal.withSideEffects(d.sideEffects)
		var err error
		if change.Value, err = json.Marshal(ended); err != nil {
			return ended, fmt.Errorf("encode a proposal: %w", err)
		}
	}
	d.step.Changes = append(d.step.Changes, change)
	return ended, nil
}
