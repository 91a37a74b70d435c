package matchmaking

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/anteroom/anteroom/runtime/internal/core/records"
	"github.com/anteroom/anteroom/runtime/wire"
)

// current returns the copy of a ticket that is in a proposal, if any, and otherwise t.
func (s *Service) current(ctx context.Context, t Ticket) (Ticket, error) {
	if t.Round != "" {
		return t, nil
	}
	for _, queue := range t.others() {
		other, there, err := s.ticket(ctx, queue, t.ID)
		if err != nil || there && other.Round != "" {
			return other, err
		}
	}
	return t, nil
}

// dropCopy removes the copy of a ticket from one of its queues, without a push. It keeps a
// copy that is in a proposal, and returns the copy's round then.
func (s *Service) dropCopy(ctx context.Context, queue, id string) (round string, err error) {
	err = s.retry(ctx, func() (records.Step, []posted, error) {
		t, raw, err := s.readTicket(ctx, queue, id)
		if round = t.Round; err != nil || raw == nil || round != "" {
			return records.Step{}, nil, err
		}
		step := records.Step{Changes: []records.Change{{Table: tickets, Key: id, Was: raw}}}
		return step, nil, s.strike(ctx, &step, queue, []Ticket{t}, nil, 0)
	}, queue)
	return round, err
}

// syncCopy gives a copy the attempt and the queue position of the ticket after a round of
// another queue.
func (s *Service) syncCopy(ctx context.Context, queue string, e endedTicket) error {
	return s.retry(ctx, func() (records.Step, []posted, error) {
		t, raw, err := s.readTicket(ctx, queue, e.ID)
		if err != nil || raw == nil || t.Round != "" || t.Attempt >= e.Attempt {
			return records.Step{}, nil, err
		}
		t.Attempt, t.EnqueuedAt = e.Attempt, e.EnqueuedAt
		value, err := json.Marshal(t)
		if err != nil {
			return records.Step{}, nil, fmt.Errorf("encode a ticket: %w", err)
		}
		return records.Step{Changes: []records.Change{{Table: tickets, Key: e.ID, Was: raw, Value: value}}}, nil, nil
	}, queue)
}

// level updates the first copy when another copy has a higher attempt: a server died before
// it updated all copies.
func (s *Service) level(ctx context.Context, t Ticket) error {
	for _, queue := range t.Queues[min(1, len(t.Queues)):] {
		other, there, err := s.ticket(ctx, queue, t.ID)
		if err == nil && there && other.Attempt > 0 {
			err = s.syncCopy(ctx, t.home(), endedTicket{ID: t.ID, Attempt: other.Attempt, EnqueuedAt: other.EnqueuedAt})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// existing reports whether the first copies of these tickets are in their queues and
// search. The first copy is entered last, so other copies may exist before it.
func (s *Service) existing(ctx context.Context, taken map[string]waiter) (bool, error) {
	homes := homesOf(taken)
	for queue, ids := range homes {
		found, err := s.Ledger.Get(ctx, book(queue), tickets, ids...)
		if err != nil {
			return false, err
		}
		for _, id := range ids {
			var t Ticket
			if err := decode(found[id], &t); err != nil || found[id] == nil || t.Round != "" {
				return false, err
			}
		}
	}
	return true, nil
}

// homesOf groups the tickets whose first copy is in another queue by that queue.
func homesOf(some map[string]waiter) map[string][]string {
	homes := map[string][]string{}
	for id, t := range some {
		if t.home() != t.Queue {
			homes[t.home()] = append(homes[t.home()], id)
		}
	}
	return homes
}

// dropOrphans removes copies without a first copy: a server died while it entered the
// ticket.
func (m *Matcher) dropOrphans(ctx context.Context, w *watch) error {
	var errs []error
	for queue, ids := range homesOf(w.waiting) {
		found, err := m.s.Ledger.Get(ctx, book(queue), tickets, ids...)
		if err != nil {
			return err
		}
		for _, id := range ids {
			if found[id] != nil || m.s.newborn(id) {
				continue
			}
			_, err := m.s.dropCopy(ctx, w.name, id)
			w.drop(id)
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// leaveAll is leave for a ticket in several queues. It removes the first copy last, with
// the push.
func (s *Service) leaveAll(ctx context.Context, t Ticket, userID, searching, proposed string, base records.Step) error {
	for range tries {
		if err := s.level(ctx, t); err != nil {
			return err
		}
		round, queue := "", ""
		for i := len(t.Queues) - 1; i > 0 && round == ""; i-- {
			var err error
			queue = t.Queues[i]
			if round, err = s.dropCopy(ctx, queue, t.ID); err != nil {
				return err
			}
		}
		if round == "" {
			var err error
			queue = t.home()
			if round, err = s.remove(ctx, queue, t.ID, searching, base); err != nil || round == "" {
				return err
			}
		}
		if err := s.withdraw(ctx, queue, round, userID, proposed, base); wire.CodeOf(err) != wire.CodeNotFound {
			return err
		}
	}
	return tooFast()
}
