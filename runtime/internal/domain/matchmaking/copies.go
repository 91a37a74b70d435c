package matchmaking

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/anteroom/anteroom/runtime/internal/core/records"
	"github.com/anteroom/anteroom/runtime/wire"
)

// currentCopy returns the copy of a ticket that is in a proposal, if any, and otherwise t.
func (s *Service) currentCopy(ctx context.Context, t Ticket) (Ticket, error) {
	if t.Proposal != "" {
		return t, nil
	}
	for _, queue := range t.otherQueues() {
		other, there, err := s.ticket(ctx, queue, t.ID)
		if err != nil || there && other.Proposal != "" {
			return other, err
		}
	}
	return t, nil
}

// dropCopy removes the copy of a ticket from one of its queues, without a push. It keeps a
// copy that is in a proposal, and returns the copy's proposal then.
func (s *Service) dropCopy(ctx context.Context, queue, id string) (proposal string, err error) {
	err = s.commit(ctx, func() (records.Txn, []outboxMessage, error) {
		t, raw, err := s.readTicket(ctx, queue, id)
		if proposal = t.Proposal; err != nil || raw == nil || proposal != "" {
			return records.Txn{}, nil, err
		}
		step := records.Txn{Changes: []records.Change{{Table: tickets, Key: id, Was: raw}}}
		return step, nil, s.removeFromUsers(ctx, &step, queue, []Ticket{t}, nil, 0)
	}, queue)
	return proposal, err
}

// syncCopy gives a copy the attempt and the queue position of the ticket after a proposal of
// another queue.
func (s *Service) syncCopy(ctx context.Context, queue string, e endedTicket) error {
	return s.commit(ctx, func() (records.Txn, []outboxMessage, error) {
		t, raw, err := s.readTicket(ctx, queue, e.ID)
		if err != nil || raw == nil || t.Proposal != "" || t.Attempt >= e.Attempt {
			return records.Txn{}, nil, err
		}
		t.Attempt, t.EnqueuedAt = e.Attempt, e.EnqueuedAt
		value, err := json.Marshal(t)
		if err != nil {
			return records.Txn{}, nil, fmt.Errorf("encode a ticket: %w", err)
		}
		return records.Txn{Changes: []records.Change{{Table: tickets, Key: e.ID, Was: raw, Value: value}}}, nil, nil
	}, queue)
}

// syncFirstCopy updates the first copy when another copy has a higher attempt: a server died before
// it updated all copies.
func (s *Service) syncFirstCopy(ctx context.Context, t Ticket) error {
	for _, queue := range t.Queues[min(1, len(t.Queues)):] {
		other, there, err := s.ticket(ctx, queue, t.ID)
		if err == nil && there && other.Attempt > 0 {
			err = s.syncCopy(ctx, t.homeQueue(), endedTicket{ID: t.ID, Attempt: other.Attempt, EnqueuedAt: other.EnqueuedAt})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// firstCopiesSearch reports whether the first copies of these tickets are in their queues and
// search. The first copy is committed last, so other copies may exist before it.
func (s *Service) firstCopiesSearch(ctx context.Context, taken map[string]storedTicket) (bool, error) {
	homes := byHomeQueue(taken)
	for queue, ids := range homes {
		found, err := s.Records.Get(ctx, partition(queue), tickets, ids...)
		if err != nil {
			return false, err
		}
		for _, id := range ids {
			var t Ticket
			if err := decode(found[id], &t); err != nil || found[id] == nil || t.Proposal != "" {
				return false, err
			}
		}
	}
	return true, nil
}

// dropOrphans removes copies without a first copy: a server died while it added the
// ticket.
func (m *Matcher) dropOrphans(ctx context.Context, state *queueState) error {
	var errs []error
	for queue, ids := range byHomeQueue(state.waiting) {
		found, err := m.s.Records.Get(ctx, partition(queue), tickets, ids...)
		if err != nil {
			return err
		}
		for _, id := range ids {
			if found[id] != nil || m.s.index.withinGracePeriod(id) {
				continue
			}
			_, err := m.s.dropCopy(ctx, state.name, id)
			state.remove(id)
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// withdrawAllCopies is leave for a ticket in several queues. It removes the first copy last, with
// the push.
func (s *Service) withdrawAllCopies(ctx context.Context, t Ticket, userID, searching, proposed string, base records.Txn) error {
	for range maxTries {
		if err := s.syncFirstCopy(ctx, t); err != nil {
			return err
		}
		proposal, queue := "", ""
		for i := len(t.Queues) - 1; i > 0 && proposal == ""; i-- {
			var err error
			queue = t.Queues[i]
			if proposal, err = s.dropCopy(ctx, queue, t.ID); err != nil {
				return err
			}
		}
		if proposal == "" {
			var err error
			queue = t.homeQueue()
			if proposal, err = s.removeSearching(ctx, queue, t.ID, searching, base); err != nil || proposal == "" {
				return err
			}
		}
		if err := s.withdrawFromProposal(ctx, queue, proposal, userID, proposed, base); wire.CodeOf(err) != wire.CodeNotFound {
			return err
		}
	}
	return tooManyConflicts()
}
