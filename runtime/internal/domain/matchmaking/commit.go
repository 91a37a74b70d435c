package matchmaking

import (
	"context"
	"errors"

	"golang.org/x/sync/errgroup"

	"github.com/anteroom/anteroom/runtime/internal/core/records"
	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/wire"
)

// tries bounds the tries of a step after conflicts.
const maxTries = 8

// commit applies a step and sends its messages. After a conflict it builds the step again. An
// empty step changes nothing.
func (s *Service) commit(ctx context.Context, next func() (records.Txn, []outboxMessage, error), queue string) error {
	return s.commitThen(ctx, next, queue, func() []records.Change { return nil })
}

// commitThen is retry, and calls then after the step. The changes of then are applied
// together with the deletion of the messages.
func (s *Service) commitThen(
	ctx context.Context, next func() (records.Txn, []outboxMessage, error), queue string, then func() []records.Change,
) error {
	for range maxTries {
		step, messages, err := next()
		if err != nil || len(step.Changes) == 0 {
			return err
		}
		err = s.Records.Apply(ctx, partition(queue), step)
		var conflict *records.ConflictError
		var full *records.FullError
		switch {
		case errors.As(err, &conflict):
			continue
		case errors.As(err, &full):
			return wire.Exhausted("", "this queue is full")
		case errors.Is(err, records.ErrCommitted):
			return nil
		case err != nil:
			return err
		}
		s.deliverOrLog(ctx, queue, messages, then()...)
		return nil
	}
	return tooManyConflicts()
}

func tooManyConflicts() error {
	return wire.Refuse(wire.CodeUnavailable, "the queue changes too fast right now")
}

// once returns the Once of a request; nil for a request without a key.
func (s *Service) once(c request.Call) *records.Once {
	if c.Key == "" {
		return nil
	}
	return &records.Once{Scope: c.ID, Key: c.Key, TTL: s.IdempotencyTTL}
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
		made, failed := s.Records.Committed(ctx, partition(name), c.ID, c.Key)
		if failed != nil || made {
			return failed
		}
	}
	return err
}

// ignoreRefusal ignores a refusal, which means that the proposal has ended or advanced concurrently.
func ignoreRefusal(err error) error {
	var refusal *wire.Error
	if errors.As(err, &refusal) {
		return nil
	}
	return err
}

// parallelSteps bounds the concurrent steps on the proposals of a queue.
const parallelSteps = 64

// forEach calls do for all elements, up to parallelSteps concurrently, and continues after
// errors.
func forEach[T any](all []T, do func(i int, one T) error) error {
	var group errgroup.Group
	group.SetLimit(parallelSteps)
	errs := make([]error, len(all))
	for i, one := range all {
		group.Go(func() error {
			errs[i] = do(i, one)
			return nil
		})
	}
	_ = group.Wait()
	return errors.Join(errs...)
}
