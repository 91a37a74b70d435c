package matchmaking

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/records"
	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/wire"
)

// Reasons of mm:cancelled.
const (
	reasonCancelled      = "cancelled"
	reasonExpired        = "expired"
	reasonDeclined       = "declined"
	reasonTimedOut       = "timed_out"
	reasonOthersDeclined = "others_declined"
	reasonPartyChanged   = "party_changed"
	reasonQueueRemoved   = "queue_removed"
	reasonHandoffFailed  = "handoff_failed"
	// reasonInLobby: a player joined another lobby of the match's type while it searched.
	reasonInLobby = "in_lobby"
	// reasonMatchedElsewhere: a player was matched by another ticket.
	reasonMatchedElsewhere = "matched_elsewhere"
)

// queueOfTicket returns the queue of a user's ticket.
func (s *Service) queueOfTicket(ctx context.Context, userID, ticketID string) (queue string, err error) {
	all, err := s.of(ctx, userID)
	if err != nil {
		return "", err
	}
	for _, e := range all {
		if e.ticket == ticketID {
			return e.queue, nil
		}
	}
	return "", ticketNotFound()
}

// treatRepeatAsSuccess ends a request. A repeated request may be refused because its first attempt
// has succeeded, so unlessMade returns nil when the key's step was made in one of these
// queues, or in any queue when none is named.
func (s *Service) treatRepeatAsSuccess(ctx context.Context, c request.Call, err error, queues ...string) error {
	var refusal *wire.Error
	if c.Key == "" || !errors.As(err, &refusal) {
		return err
	}
	if len(queues) == 0 {
		for _, q := range s.Queues.Queues() {
			queues = append(queues, q.Name)
		}
	}
	for _, name := range queues {
		made, failed := s.Records.Made(ctx, partition(name), c.ID, c.Key)
		if failed != nil || made {
			return failed
		}
	}
	return err
}

// Cancel cancels a ticket. A ticket in a proposal counts as declined.
func (s *Service) Cancel(ctx context.Context, c request.Call, ticketID string) error {
	return s.treatRepeatAsSuccess(ctx, c, s.cancel(ctx, c, ticketID))
}

func (s *Service) cancel(ctx context.Context, c request.Call, ticketID string) error {
	queue, err := s.queueOfTicket(ctx, c.ID, ticketID)
	if err != nil {
		return err
	}
	t, there, err := s.ticket(ctx, queue, ticketID)
	if err != nil {
		return err
	}
	if !there || !t.Has(c.ID) {
		return ticketNotFound()
	}
	return s.withdrawTicket(ctx, t, c.ID, reasonCancelled, reasonDeclined, records.Step{Once: s.once(c)})
}

func ticketNotFound() error { return wire.Refuse(wire.CodeNotFound, "there is no such ticket") }

// withdrawTicket removes a ticket from its queue with the reason searching. If the ticket is in a
// proposal, leave withdraws the player from the proposal with the reason proposed. It retries
// when the ticket changes between the two states. During the hand-off the ticket stays, and
// leave returns the proposal's refusal. base is the initial step.
func (s *Service) withdrawTicket(ctx context.Context, t Ticket, userID, searching, proposed string, base records.Step) error {
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

// removeSearching deletes a searching ticket and pushes its end to its players. base is the initial
// step. A ticket in a proposal stays, and remove returns its proposal. Error: not_found for a
// ticket that is gone.
func (s *Service) removeSearching(ctx context.Context, queue, ticketID, reason string, base records.Step) (proposal string, err error) {
	err = s.commit(ctx, func() (records.Step, []outboxMessage, error) {
		t, raw, err := s.readTicket(ctx, queue, ticketID)
		if err == nil && raw == nil {
			err = ticketNotFound()
		}
		if proposal = t.Proposal; err != nil || proposal != "" {
			return records.Step{}, nil, err
		}
		step := base
		step.Changes = []records.Change{{Table: tickets, Key: t.ID, Was: raw}}
		if err := s.removeFromUsers(ctx, &step, queue, []Ticket{t}, nil, 0); err != nil {
			return records.Step{}, nil, err
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
func (s *Service) removeFromUsers(ctx context.Context, step *records.Step, queue string, leaving []Ticket, refusers []string, until int64) error {
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
		change, err := e.change(user, found[user])
		if err != nil {
			return err
		}
		step.Changes = append(step.Changes, change)
	}
	return nil
}

// onTicketEnd removes a ticket from its players' sets and searching status, which are not in the
// book.
func (s *Service) onTicketEnd(ctx context.Context, queue, ticketID string, users []string) error {
	for _, user := range users {
		if err := s.Sets.Remove(ctx, setOf(user), entry(queue, ticketID)); err != nil {
			return fmt.Errorf("remove a ticket from its players' sets: %w", err)
		}
	}
	if s.Searching == nil {
		return nil
	}
	return s.Searching(ctx, ticketID, users, false)
}

// Accept records that the caller accepts a proposal.
func (s *Service) Accept(ctx context.Context, c request.Call, proposalID string) error {
	return s.treatRepeatAsSuccess(ctx, c, s.accept(ctx, c, proposalID))
}

func (s *Service) accept(ctx context.Context, c request.Call, proposalID string) error {
	queue, err := s.queueOfProposal(ctx, c.ID, proposalID)
	if err != nil {
		return err
	}
	q, err := s.queue(queue)
	if err != nil {
		return err
	}
	return s.commit(ctx, func() (records.Step, []outboxMessage, error) {
		r, raw, err := s.readProposal(ctx, queue, proposalID)
		if err != nil {
			return records.Step{}, nil, err
		}
		if raw == nil || r.Ended != nil {
			return records.Step{}, nil, proposalNotFound()
		}
		next, err := r.Accept(q, c.ID, s.Now())
		if err != nil || len(next.Accepted) == len(r.Accepted) {
			return records.Step{}, nil, err
		}
		return s.acceptStep(ctx, next, raw, s.once(c))
	}, queue)
}

// acceptStep is the step after an mm:accept: it pushes the number of accepted players. After
// the last one it also pushes the tickets as accepted.
func (s *Service) acceptStep(ctx context.Context, r Proposal, was []byte, once *records.Once) (records.Step, []outboxMessage, error) {
	value, err := json.Marshal(r)
	if err != nil {
		return records.Step{}, nil, fmt.Errorf("encode a proposal: %w", err)
	}
	step := records.Step{Once: once, Changes: []records.Change{{Table: proposals, Key: r.ID, Was: was, Value: value}}}
	views := map[string]*wire.MMTicket{}
	if r.InHandoff {
		are, err := s.ticketsOfProposal(ctx, r)
		if err != nil {
			return records.Step{}, nil, err
		}
		for id, t := range are {
			views[id] = t.In(wire.TicketAccepted)
		}
	}
	messages, err := s.pushProposal(&step, r, views)
	return step, messages, err
}

// pushProposal pushes the state of a proposal to all its players, with the tickets whose state
// changes.
func (s *Service) pushProposal(step *records.Step, r Proposal, views map[string]*wire.MMTicket) ([]outboxMessage, error) {
	var messages []outboxMessage
	for _, id := range r.ticketIDs() {
		pushed, err := s.addMessage(step, message{
			Users: r.playersOf(id), Event: wire.EventMMProposal, Ticket: views[id],
			OrderKey: id, Order: orderProposed(r.Attempts[id], len(r.Accepted)),
		}, r.proposalView(id))
		if err != nil {
			return nil, err
		}
		messages = append(messages, pushed)
	}
	return messages, nil
}

func (r Proposal) playersOf(ticket string) []string {
	var ids []string
	for _, p := range r.players() {
		if p.Ticket == ticket {
			ids = append(ids, p.ID)
		}
	}
	return ids
}

// Decline declines a proposal.
func (s *Service) Decline(ctx context.Context, c request.Call, proposalID string) error {
	queue, err := s.queueOfProposal(ctx, c.ID, proposalID)
	if err == nil {
		err = s.decline(ctx, c, queue, proposalID)
	}
	return s.treatRepeatAsSuccess(ctx, c, err)
}

func (s *Service) decline(ctx context.Context, c request.Call, queue, proposalID string) error {
	return s.withdrawFromProposal(ctx, queue, proposalID, c.ID, reasonDeclined, records.Step{Once: s.once(c)})
}

// withdrawFromProposal dissolves an open proposal because of one of its players.
func (s *Service) withdrawFromProposal(ctx context.Context, queue, proposalID, userID, reason string, base records.Step) error {
	return s.dissolve(ctx, queue, proposalID, base, func(r Proposal) ([]string, string, error) {
		if err := r.checkOpen(userID, s.Now()); err != nil {
			return nil, "", err
		}
		return []string{userID}, reason, nil
	})
}

// dissolve ends a proposal without a match. who returns the players to blame, and the reason;
// no player is to blame when the hand-off failed. The tickets of blamed players are
// removed, and the others search again as the queue's policy says. base is the initial
// step.
func (s *Service) dissolve(
	ctx context.Context, queue, proposalID string, base records.Step, who func(Proposal) ([]string, string, error),
) error {
	q, err := s.queue(queue)
	if err != nil {
		q = Queue{Name: queue, ReadyCheck: ReadyCheck{Requeue: KeepPosition}}
	}
	var over Proposal
	return s.commitThen(ctx, func() (records.Step, []outboxMessage, error) {
		r, raw, err := s.readProposal(ctx, queue, proposalID)
		if err != nil {
			return records.Step{}, nil, err
		}
		if raw == nil || r.Ended != nil {
			return records.Step{}, nil, proposalNotFound()
		}
		blamed, reason, err := who(r)
		if err != nil {
			return records.Step{}, nil, err
		}
		d := dissolution{s: s, queue: q, proposal: r, blamed: blamed, reason: reason, step: base}
		err = d.endTickets(ctx)
		if err == nil {
			over, err = d.endProposal(raw)
		}
		return d.step, d.messages, err
	}, queue, func() []records.Change {
		if over.Ended != nil {
			return s.applySideEffectsOrLog(ctx, over)
		}
		s.releasePlayersOrLog(ctx, over)
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
	step        records.Step
	messages    []outboxMessage
	leaving     []Ticket
	sideEffects sideEffects
}

// end deletes the proposal. While tickets have copies in other queues, the proposal's record
// stays until they are updated.
func (d *dissolution) endProposal(was []byte) (Proposal, error) {
	change := records.Change{Table: proposals, Key: d.proposal.ID, Was: was}
	over := d.proposal
	if len(d.sideEffects.Tickets) > 0 {
		d.sideEffects.At = ms(d.s.Now())
		over = d.proposal.withSideEffects(d.sideEffects)
		var err error
		if change.Value, err = json.Marshal(over); err != nil {
			return over, fmt.Errorf("encode a proposal: %w", err)
		}
	}
	d.step.Changes = append(d.step.Changes, change)
	return over, nil
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
	next, on := t.requeued(d.queue.ReadyCheck.Requeue, now)
	if len(d.blamed) == 0 {
		next.EnqueuedAt, on = t.EnqueuedAt, true
	}
	on = on && !blamed
	d.sideEffects.add(next, !on)
	change := records.Change{Table: tickets, Key: t.ID, Was: raw}
	view := next.In(wire.TicketSearching)
	if on {
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
	if !on {
		left, order = t.ID, orderEnd
	}
	for _, user := range t.Users() {
		news := wire.MMCancelled{TicketID: t.ID, Queue: d.queue.Name, Reason: d.reason, Requeued: on}
		switch {
		case slices.Contains(d.blamed, user):
			news.CooldownUntil = until
		case len(d.blamed) > 0 && !blamed:
			news.Reason = reasonOthersDeclined
		}
		pushed, err := d.s.addMessage(&d.step,
			message{
				Users: []string{user}, Event: wire.EventMMCancelled, OrderKey: t.ID, Order: order, EndedTicket: left, HomeQueue: t.homeQueue(), Ticket: view,
			}, news)
		if err != nil {
			return err
		}
		d.messages = append(d.messages, pushed)
	}
	return nil
}
