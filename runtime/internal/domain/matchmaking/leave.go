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

// find returns the queue of a user's ticket.
func (s *Service) find(ctx context.Context, userID, ticketID string) (queue string, err error) {
	all, err := s.of(ctx, userID)
	if err != nil {
		return "", err
	}
	for _, e := range all {
		if e.ticket == ticketID {
			return e.queue, nil
		}
	}
	return "", noTicket()
}

// unlessMade ends a request. A repeated request may be refused because its first attempt
// has succeeded, so unlessMade returns nil when the key's step was made in one of these
// queues, or in any queue when none is named.
func (s *Service) unlessMade(ctx context.Context, c request.Call, err error, queues ...string) error {
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
		made, failed := s.Ledger.Made(ctx, book(name), c.ID, c.Key)
		if failed != nil || made {
			return failed
		}
	}
	return err
}

// Cancel cancels a ticket. A ticket in a proposal counts as declined.
func (s *Service) Cancel(ctx context.Context, c request.Call, ticketID string) error {
	return s.unlessMade(ctx, c, s.cancel(ctx, c, ticketID))
}

func (s *Service) cancel(ctx context.Context, c request.Call, ticketID string) error {
	queue, err := s.find(ctx, c.ID, ticketID)
	if err != nil {
		return err
	}
	t, there, err := s.ticket(ctx, queue, ticketID)
	if err != nil {
		return err
	}
	if !there || !t.Has(c.ID) {
		return noTicket()
	}
	return s.leave(ctx, t, c.ID, reasonCancelled, reasonDeclined, records.Step{Once: s.once(c)})
}

func noTicket() error { return wire.Refuse(wire.CodeNotFound, "there is no such ticket") }

// leave removes a ticket from its queue with the reason searching. If the ticket is in a
// proposal, leave withdraws the player from the round with the reason proposed. It retries
// when the ticket changes between the two states. During the hand-off the ticket stays, and
// leave returns the round's refusal. base is the initial step.
func (s *Service) leave(ctx context.Context, t Ticket, userID, searching, proposed string, base records.Step) error {
	if len(t.Queues) > 1 {
		return s.leaveAll(ctx, t, userID, searching, proposed, base)
	}
	round := t.Round
	for range tries {
		if round != "" {
			err := s.withdraw(ctx, t.Queue, round, userID, proposed, base)
			if wire.CodeOf(err) != wire.CodeNotFound {
				return err
			}
		}
		var err error
		if round, err = s.remove(ctx, t.Queue, t.ID, searching, base); err != nil || round == "" {
			return err
		}
	}
	return tooFast()
}

// remove deletes a searching ticket and pushes its end to its players. base is the initial
// step. A ticket in a proposal stays, and remove returns its round. Error: not_found for a
// ticket that is gone.
func (s *Service) remove(ctx context.Context, queue, ticketID, reason string, base records.Step) (round string, err error) {
	err = s.retry(ctx, func() (records.Step, []posted, error) {
		t, raw, err := s.readTicket(ctx, queue, ticketID)
		if err == nil && raw == nil {
			err = noTicket()
		}
		if round = t.Round; err != nil || round != "" {
			return records.Step{}, nil, err
		}
		step := base
		step.Changes = []records.Change{{Table: tickets, Key: t.ID, Was: raw}}
		if err := s.strike(ctx, &step, queue, []Ticket{t}, nil, 0); err != nil {
			return records.Step{}, nil, err
		}
		end := wire.TicketCanceled
		if reason == reasonExpired {
			end = wire.TicketExpired
		}
		told, err := s.post(&step, letter{
			Users: t.Users(), Event: wire.EventMMCancelled, About: t.ID, Order: orderEnd, Left: t.ID, Home: t.home(), Ticket: t.In(end),
		}, wire.MMCancelled{TicketID: t.ID, Queue: queue, Reason: reason})
		return step, []posted{told}, err
	}, queue)
	return round, err
}

// strike removes leaving tickets from their players' entries, and sets the cooldown of
// refusers.
func (s *Service) strike(ctx context.Context, step *records.Step, queue string, leaving []Ticket, refusers []string, until int64) error {
	var ids []string
	for _, t := range leaving {
		ids = append(ids, t.Users()...)
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	found, err := s.Ledger.Get(ctx, book(queue), users, ids...)
	if err != nil {
		return err
	}
	for _, user := range ids {
		var e entries
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

// forget removes a ticket from its players' sets and searching status, which are not in the
// book.
func (s *Service) forget(ctx context.Context, queue, ticketID string, users []string) error {
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
	return s.unlessMade(ctx, c, s.accept(ctx, c, proposalID))
}

func (s *Service) accept(ctx context.Context, c request.Call, proposalID string) error {
	queue, err := s.roundOf(ctx, c.ID, proposalID)
	if err != nil {
		return err
	}
	q, err := s.queue(queue)
	if err != nil {
		return err
	}
	return s.retry(ctx, func() (records.Step, []posted, error) {
		r, raw, err := s.readRound(ctx, queue, proposalID)
		if err != nil {
			return records.Step{}, nil, err
		}
		if raw == nil || r.Done != nil {
			return records.Step{}, nil, noProposal()
		}
		next, err := r.Accept(q, c.ID, s.Now())
		if err != nil || len(next.Accepted) == len(r.Accepted) {
			return records.Step{}, nil, err
		}
		return s.accepted(ctx, next, raw, s.once(c))
	}, queue)
}

// accepted is the step after an mm:accept: it pushes the number of accepted players. After
// the last one it also pushes the tickets as accepted.
func (s *Service) accepted(ctx context.Context, r Round, was []byte, once *records.Once) (records.Step, []posted, error) {
	value, err := json.Marshal(r)
	if err != nil {
		return records.Step{}, nil, fmt.Errorf("encode a round: %w", err)
	}
	step := records.Step{Once: once, Changes: []records.Change{{Table: rounds, Key: r.ID, Was: was, Value: value}}}
	stand := map[string]*wire.MMTicket{}
	if r.Handing {
		are, err := s.inRound(ctx, r)
		if err != nil {
			return records.Step{}, nil, err
		}
		for id, t := range are {
			stand[id] = t.In(wire.TicketAccepted)
		}
	}
	letters, err := s.propose(&step, r, stand)
	return step, letters, err
}

// propose pushes the state of a round to all its players, with the tickets whose state
// changes.
func (s *Service) propose(step *records.Step, r Round, stand map[string]*wire.MMTicket) ([]posted, error) {
	var letters []posted
	for _, id := range r.tickets() {
		told, err := s.post(step, letter{
			Users: r.playersOf(id), Event: wire.EventMMProposal, Ticket: stand[id],
			About: id, Order: orderProposed(r.Attempts[id], len(r.Accepted)),
		}, r.proposal(id))
		if err != nil {
			return nil, err
		}
		letters = append(letters, told)
	}
	return letters, nil
}

func (r Round) playersOf(ticket string) []string {
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
	queue, err := s.roundOf(ctx, c.ID, proposalID)
	if err == nil {
		err = s.refuse(ctx, c, queue, proposalID)
	}
	return s.unlessMade(ctx, c, err)
}

func (s *Service) refuse(ctx context.Context, c request.Call, queue, roundID string) error {
	return s.withdraw(ctx, queue, roundID, c.ID, reasonDeclined, records.Step{Once: s.once(c)})
}

// withdraw dissolves an open round because of one of its players.
func (s *Service) withdraw(ctx context.Context, queue, roundID, userID, reason string, base records.Step) error {
	return s.dissolve(ctx, queue, roundID, base, func(r Round) ([]string, string, error) {
		if err := r.open(userID, s.Now()); err != nil {
			return nil, "", err
		}
		return []string{userID}, reason, nil
	})
}

// dissolve ends a round without a match. who returns the players to blame, and the reason;
// no player is to blame when the hand-off failed. The tickets of blamed players are
// removed, and the others search again as the queue's policy says. base is the initial
// step.
func (s *Service) dissolve(
	ctx context.Context, queue, roundID string, base records.Step, who func(Round) ([]string, string, error),
) error {
	q, err := s.queue(queue)
	if err != nil {
		q = Queue{Name: queue, ReadyCheck: ReadyCheck{Requeue: KeepPosition}}
	}
	var over Round
	return s.retryThen(ctx, func() (records.Step, []posted, error) {
		r, raw, err := s.readRound(ctx, queue, roundID)
		if err != nil {
			return records.Step{}, nil, err
		}
		if raw == nil || r.Done != nil {
			return records.Step{}, nil, noProposal()
		}
		blamed, reason, err := who(r)
		if err != nil {
			return records.Step{}, nil, err
		}
		d := dissolution{s: s, q: q, r: r, blamed: blamed, reason: reason, step: base}
		err = d.run(ctx)
		if err == nil {
			over, err = d.end(raw)
		}
		return d.step, d.letters, err
	}, queue, func() []records.Change {
		if over.Done != nil {
			return s.settleThen(ctx, over)
		}
		s.freeLater(ctx, over)
		return nil
	})
}

// dissolution builds the step that ends a round without a match.
type dissolution struct {
	s       *Service
	q       Queue
	r       Round
	blamed  []string
	reason  string
	step    records.Step
	letters []posted
	leaving []Ticket
	ending  ending
}

// end deletes the round. While tickets have copies in other queues, the round's record
// stays until they are updated.
func (d *dissolution) end(was []byte) (Round, error) {
	change := records.Change{Table: rounds, Key: d.r.ID, Was: was}
	over := d.r
	if len(d.ending.Tickets) > 0 {
		d.ending.At = ms(d.s.Now())
		over = d.r.ended(d.ending)
		var err error
		if change.Value, err = json.Marshal(over); err != nil {
			return over, fmt.Errorf("encode a round: %w", err)
		}
	}
	d.step.Changes = append(d.step.Changes, change)
	return over, nil
}

func (d *dissolution) run(ctx context.Context) error {
	now := d.s.Now()
	found, err := d.s.Ledger.Get(ctx, book(d.q.Name), tickets, d.r.tickets()...)
	if err != nil {
		return err
	}
	until := int64(0)
	if d.reason == reasonDeclined || d.reason == reasonTimedOut {
		until = ms(now.Add(d.q.ReadyCheck.Cooldown))
	}
	for _, id := range d.r.tickets() {
		var t Ticket
		if err := decode(found[id], &t); err != nil {
			return err
		}
		if found[id] == nil {
			continue
		}
		if err := d.ticket(t, found[id], until, now); err != nil {
			return err
		}
	}
	return errors.Join(
		d.s.strike(ctx, &d.step, d.q.Name, d.leaving, d.blamed, until), d.s.release(ctx, &d.step, d.r))
}

// ticket removes a ticket, or makes it search again.
func (d *dissolution) ticket(t Ticket, raw []byte, until int64, now time.Time) error {
	blamed := slices.ContainsFunc(t.Users(), func(id string) bool { return slices.Contains(d.blamed, id) })
	next, on := t.returned(d.q.ReadyCheck.Requeue, now)
	if len(d.blamed) == 0 {
		next.EnqueuedAt, on = t.EnqueuedAt, true
	}
	on = on && !blamed
	d.ending.note(next, !on)
	change := records.Change{Table: tickets, Key: t.ID, Was: raw}
	stands := next.In(wire.TicketSearching)
	if on {
		value, err := json.Marshal(next)
		if err != nil {
			return fmt.Errorf("encode a ticket: %w", err)
		}
		change.Value = value
	} else {
		d.leaving = append(d.leaving, t)
		stands.State = wire.TicketCanceled
	}
	d.step.Changes = append(d.step.Changes, change)
	left, order := "", orderSearching(next.Attempt)
	if !on {
		left, order = t.ID, orderEnd
	}
	for _, user := range t.Users() {
		news := wire.MMCancelled{TicketID: t.ID, Queue: d.q.Name, Reason: d.reason, Requeued: on}
		switch {
		case slices.Contains(d.blamed, user):
			news.CooldownUntil = until
		case len(d.blamed) > 0 && !blamed:
			news.Reason = reasonOthersDeclined
		}
		told, err := d.s.post(&d.step,
			letter{
				Users: []string{user}, Event: wire.EventMMCancelled, About: t.ID, Order: order, Left: left, Home: t.home(), Ticket: stands,
			}, news)
		if err != nil {
			return err
		}
		d.letters = append(d.letters, told)
	}
	return nil
}
