package matchmaking

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/records"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/wire"
)

const (
	// parallelHandoffs bounds the concurrent hand-offs of a queue.
	parallelHandoffs = 64
	// defaultHandoffWait is how long an pass waits for the hand-offs of its matches. Slower
	// hand-offs continue during the next passes.
	defaultHandoffWait = 200 * time.Millisecond
)

// runHandoffs starts the hand-offs of proposals and waits for them up to m.handoffWait. It returns
// the errors of all finished hand-offs, including earlier ones. The others continue until
// ctx ends or the queue's timeout.
func (m *Matcher) runHandoffs(ctx context.Context, state *queueState, q Queue, ready []storedProposal) error {
	patience := time.NewTimer(m.handoffWait)
	defer patience.Stop()
	for _, r := range ready {
		if state.handoffs.start(r.ID) {
			h := handoff{m: m, state: state, queue: q, proposal: r, fence: state.fence}
			m.handoffs.Go(func() { state.handoffs.finish(r.ID, h.runInSlot(ctx)) })
		}
	}
	var errs []error
	for {
		all, err := state.handoffs.allFinished(ready)
		errs = append(errs, err)
		if all {
			return errors.Join(errs...)
		}
		select {
		case <-state.handoffs.finished:
		case <-patience.C:
			return errors.Join(errs...)
		}
	}
}

// handoff is the hand-off of one proposal, under the lease with which it began.
type handoff struct {
	m        *Matcher
	state    *queueState
	queue    Queue
	proposal storedProposal
	fence    *records.Fence
}

// runInSlot waits for a slot and then calls run.
func (h handoff) runInSlot(ctx context.Context) error {
	select {
	case h.state.handoffs.slots <- struct{}{}:
	case <-ctx.Done():
		return nil
	}
	defer func() { <-h.state.handoffs.slots }()
	ctx, cancel := context.WithTimeout(ctx, max(h.queue.Handoff.Timeout, leaseTTL))
	defer cancel()
	return h.run(ctx)
}

// run makes the place and assigns the tickets to it. When the place cannot be made in time,
// the tickets search again. For a backfill they do so at once when the lobby refuses them.
func (h handoff) run(ctx context.Context) error {
	s := h.m.s
	place, err := s.Handoffs.Place(ctx, h.queue, h.proposal.Proposal)
	var refusal *wire.Error
	var unplaced *UnplacedError
	if errors.As(err, &unplaced) {
		return ignoreRefusal(s.dissolve(ctx, h.queue.Name, h.proposal.ID, records.Txn{Fence: h.fence}, func(Proposal) ([]string, string, error) {
			return unplaced.Users, reasonInLobby, nil
		}))
	}
	gone := h.proposal.Backfill != "" && errors.As(err, &refusal)
	if err != nil && !gone && h.proposal.Deadline > ms(s.Now()) {
		s.Log.WarnContext(ctx, "place of a match not made; will retry", "queue", h.queue.Name, "match", h.proposal.ID, "error", err)
		return nil
	}
	// A place that was made at the last moment is still pushed to the players.
	ctx, cancel := context.WithTimeout(stream.Detached(ctx), leaseTTL)
	defer cancel()
	if err != nil {
		failed := s.dissolve(ctx, h.queue.Name, h.proposal.ID, records.Txn{Fence: h.fence}, func(Proposal) ([]string, string, error) {
			return nil, reasonHandoffFailed, nil
		})
		if gone {
			return failed
		}
		return errors.Join(err, failed)
	}
	return h.assign(ctx, place)
}

// assign ends the proposal's tickets and pushes the place to their players.
func (h handoff) assign(ctx context.Context, place Place) error {
	var done []Ticket
	stored := h.proposal.tickets
	var ended Proposal
	err := h.m.s.commitThen(ctx, func() (step records.Txn, messages []outboxMessage, err error) {
		if stored == nil {
			if stored, err = h.m.s.ticketsOfProposal(ctx, h.proposal.Proposal); err != nil {
				return step, nil, err
			}
		}
		ended = h.proposal.afterMatch(stored, h.m.s.Now())
		value, err := json.Marshal(ended)
		if err != nil {
			return step, nil, fmt.Errorf("encode a proposal: %w", err)
		}
		step = records.Txn{Fence: h.fence, Changes: []records.Change{{Table: proposals, Key: h.proposal.ID, Was: h.proposal.raw, Value: value}}}
		messages, done, err = h.m.endTickets(ctx, &step, h.proposal.Proposal, stored, place)
		stored = nil // a retry reads the tickets again
		return step, messages, err
	}, h.queue.Name, func() []records.Change { return h.m.s.applySideEffectsOrLog(ctx, ended) })
	if err != nil {
		return err
	}
	h.m.mu.Lock()
	defer h.m.mu.Unlock()
	h.state.waits.matched(ms(h.m.s.Now()), done)
	return nil
}

// endTickets adds the end of a proposal's tickets to the step.
func (m *Matcher) endTickets(
	ctx context.Context, step *records.Txn, p Proposal, stored map[string]storedTicket, place Place,
) (messages []outboxMessage, done []Ticket, err error) {
	for _, id := range p.ticketIDs() {
		t, exists := stored[id]
		var view *wire.MMTicket
		if exists {
			view = t.In(wire.TicketAssigned)
		}
		for _, push := range p.matchedPushes(id, place) {
			msg, err := m.s.addMessage(step,
				message{Users: push.userIDs, Event: wire.EventMMMatched, OrderKey: id, Order: orderEnd, EndedTicket: id, HomeQueue: t.homeQueue(), Ticket: view}, push.matched)
			if err != nil {
				return nil, nil, err
			}
			messages = append(messages, msg)
		}
		if exists {
			step.Changes = append(step.Changes, records.Change{Table: tickets, Key: id, Was: t.raw})
			done = append(done, t.Ticket)
		}
	}
	return messages, done, errors.Join(m.s.removeFromUsers(ctx, step, p.Queue, done, nil, 0), m.s.releaseBackfill(ctx, step, p))
}
