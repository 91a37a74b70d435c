package matchmaking

import (
	"context"
	"errors"

	"github.com/anteroom/anteroom/runtime/internal/core/records"
	"github.com/anteroom/anteroom/runtime/wire"
)

// Pass runs one pass of a queue, if this process has or gets its lease. Slow hand-offs
// continue until ctx ends.
func (m *Matcher) Pass(ctx context.Context, queue string) error {
	m.mu.Lock()
	state := m.queues[queue]
	if state == nil {
		state = newQueueState(queue)
		m.queues[queue] = state
	}
	m.mu.Unlock()
	passCtx, cancel := context.WithTimeout(ctx, leaseTTL)
	defer cancel()
	fence, held, err := m.s.Records.Acquire(passCtx, partition(queue), m.s.Pod, leaseTTL)
	if err != nil {
		return err
	}
	if !held {
		state.fence, state.mark = nil, 0
		return nil
	}
	if state.fence == nil || *state.fence != fence {
		m.mu.Lock()
		state.fence, state.mark, state.waits = &fence, 0, waits{}
		m.mu.Unlock()
	}
	if err := m.readTickets(passCtx, state); err != nil {
		return err
	}
	q, inForce := m.s.Queues.Queue(queue)
	if !inForce {
		return errors.Join(m.emptyRemovedQueue(passCtx, state), m.s.deliverAbandoned(passCtx, queue))
	}
	expired := errors.Join(m.expireTickets(passCtx, state, q), m.verifyParties(passCtx, state))
	ready, advanced := m.advanceProposals(passCtx, state)
	made, matched := m.makeMatches(passCtx, state, q)
	handedOff := m.runHandoffs(ctx, state, q, append(ready, made...))
	return errors.Join(
		expired, advanced, matched, handedOff, m.pushEstimates(passCtx, state, q), m.s.deliverAbandoned(passCtx, queue), m.writeStats(passCtx, state),
	)
}

// readTickets updates the waiting tickets from the queue's records.
func (m *Matcher) readTickets(ctx context.Context, state *queueState) error {
	now := m.s.Now()
	if now.Sub(state.readAt) >= fullReadEvery {
		state.mark = 0
	}
	changes, err := m.s.Records.Changed(ctx, partition(state.name), tickets, state.mark)
	if err != nil {
		return err
	}
	if changes.Full || state.waiting == nil {
		state.waiting, state.ticketsByPlayer, state.readAt = map[string]storedTicket{}, map[string][]string{}, now
	}
	state.mark = changes.Mark
	for _, r := range changes.Records {
		var t Ticket
		if err := decode(r.Value, &t); err != nil {
			return err
		}
		if r.Value == nil || t.Proposal != "" {
			state.remove(r.Key)
		} else {
			state.add(storedTicket{t, r.Value})
		}
	}
	if !changes.Full {
		return nil
	}
	return errors.Join(m.dropOrphans(ctx, state), m.s.expireVoids(ctx, state.name))
}

// expireTickets removes the tickets that are over.
func (m *Matcher) expireTickets(ctx context.Context, state *queueState, q Queue) error {
	var errs []error
	for id, t := range state.waiting {
		if reason := t.endReason(q, m.s.Now()); reason != "" {
			state.remove(id)
			errs = append(errs, m.cancelTicket(ctx, state, t.Ticket, reason))
		}
	}
	return errors.Join(errs...)
}

// cancelTicket removes a searching ticket. It does nothing to a ticket that is in a proposal or
// gone.
func (m *Matcher) cancelTicket(ctx context.Context, state *queueState, t Ticket, reason string) error {
	if err := m.s.syncFirstCopy(ctx, t); err != nil {
		return err
	}
	for _, queue := range t.Queues[min(1, len(t.Queues)):] {
		if proposal, err := m.s.dropCopy(ctx, queue, t.ID); err != nil || proposal != "" {
			return err
		}
	}
	var step records.Txn
	if t.homeQueue() == state.name {
		step.Fence = state.fence
	}
	_, err := m.s.removeSearching(ctx, t.homeQueue(), t.ID, reason, step)
	if wire.CodeOf(err) == wire.CodeNotFound {
		return nil
	}
	return err
}

// advanceProposals advances the proposals. It dissolves proposals that not all players accepted in time, and
// returns the proposals that are ready for their hand-off.
func (m *Matcher) advanceProposals(ctx context.Context, state *queueState) (ready []storedProposal, err error) {
	running := state.handoffs.runningIDs() // read before the proposals, so that a hand-off that just ended is not started again
	all, err := m.s.Records.All(ctx, partition(state.name), proposals)
	if err != nil {
		return nil, err
	}
	var overdue []string
	var endedProposals []Proposal
	for _, record := range all {
		if running[record.Key] {
			continue
		}
		p := storedProposal{raw: record.Value}
		if err := decode(record.Value, &p.Proposal); err != nil {
			return nil, err
		}
		switch {
		case p.Ended != nil:
			endedProposals = append(endedProposals, p.Proposal)
		case p.InHandoff:
			ready = append(ready, p)
		case p.Deadline <= ms(m.s.Now()):
			overdue = append(overdue, p.ID)
		}
	}
	ended := forEach(endedProposals, func(_ int, p Proposal) error { return m.s.applyLateSideEffects(ctx, p) })
	return ready, errors.Join(ended, forEach(overdue, func(_ int, id string) error {
		return ignoreRefusal(m.s.dissolve(ctx, state.name, id, records.Txn{Fence: state.fence}, func(now Proposal) ([]string, string, error) {
			if now.InHandoff || now.Deadline > ms(m.s.Now()) {
				return nil, "", wire.Precondition(wire.ReasonProposalClosed, "all have accepted")
			}
			return now.pendingPlayers(), reasonTimedOut, nil
		}))
	}))
}

// emptyRemovedQueue cancels the tickets and proposals of a queue that was removed.
func (m *Matcher) emptyRemovedQueue(ctx context.Context, state *queueState) error {
	var errs []error
	for id, t := range state.waiting {
		err := m.cancelTicket(ctx, state, t.Ticket, reasonQueueRemoved)
		if err == nil {
			state.remove(id)
		}
		errs = append(errs, err)
	}
	open, err := m.s.Records.All(ctx, partition(state.name), proposals)
	errs = append(errs, err)
	for _, r := range open {
		var now Proposal
		if err := decode(r.Value, &now); err != nil || now.Ended != nil {
			errs = append(errs, err, m.s.applyLateSideEffects(ctx, now))
			continue
		}
		errs = append(errs, ignoreRefusal(m.s.dissolve(ctx, state.name, r.Key, records.Txn{Fence: state.fence}, func(Proposal) ([]string, string, error) {
			return nil, reasonQueueRemoved, nil
		})))
	}
	_, err = m.openBackfills(ctx, state, Queue{Name: state.name})
	return errors.Join(append(errs, err)...)
}
