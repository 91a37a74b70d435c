package document

import (
	"context"
	"errors"
	"fmt"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
)

// transaction is one call of Change.
type transaction[S any] struct {
	keeper *Repository[S]
	// queue is the queue that this call holds.
	lane *lane[S]
	name string
	id   stream.ID
	once *stream.Once
	rule Transition[S]

	// before and seen are the state and snapshot to which the rule was last applied. size
	// is the length of the resulting document in bytes, and wakeups are its deadlines.
	before  S
	seen    stream.Snapshot
	size    int
	wakeups wakeups
}

// inTurn makes the change while this call holds the document's queue.
func (c *transaction[S]) inTurn(ctx context.Context) (out Result[S], err error) {
	if c.lane, err = c.keeper.enter(ctx, c.id); err != nil {
		return out, err
	}
	defer c.lane.leave()
	out, done, err := c.fromRecent(ctx)
	if !done {
		out, err = c.fromStore(ctx)
	}
	return out, err
}

// fromRecent applies the rule to the state that this process committed last, without a read
// of the store. The commit succeeds only if the stream is still at that seq and epoch. done
// is false when the caller must use the store: the recent state may be outdated, so it
// cannot justify an error or a change without events.
func (c *transaction[S]) fromRecent(ctx context.Context) (out Result[S], done bool, err error) {
	last, ok := c.lane.recall(c.name)
	if !ok {
		return out, false, nil
	}
	change, err := c.apply(ctx, last.state, stream.Snapshot{Position: last.at})
	if err != nil || len(change.Events) == 0 {
		return out, false, err
	}
	doc, err := c.codec().Encode(change.State)
	if err != nil {
		return out, true, fmt.Errorf("encode %s: %w", c.id, err)
	}
	result, err := c.keeper.store.Commit(ctx, stream.Commit{
		Stream: c.id, Expect: &last.at.Seq, Epoch: last.at.Epoch, Doc: doc,
		Events: change.Events, Retain: change.Retain, Once: c.once,
	})
	if err != nil {
		c.lane.forget(c.name)
	}
	var conflict *stream.ConflictError
	switch {
	case errors.As(err, &conflict):
		out, err = c.outcome(stream.UpdateFrom(ctx, c.keeper.store, c.id, conflict.Current, c.codec(), c.once, c.step(ctx)))
		return out, !errors.Is(err, stream.ErrConflict), err
	case err != nil:
		return out, true, err
	case result.Repeated:
		return out, false, nil
	}
	out, err = c.outcome(stream.Updated[S]{State: change.State, At: stream.Snapshot{Position: result.Position}, Result: result}, nil)
	return out, true, err
}

// fromStore applies the rule to the state in the store.
func (c *transaction[S]) fromStore(ctx context.Context) (out Result[S], err error) {
	for range rounds {
		out, err = c.outcome(stream.Update(ctx, c.keeper.store, c.id, c.codec(), c.once, c.step(ctx)))
		if !errors.Is(err, stream.ErrConflict) {
			break
		}
	}
	return out, err
}

func (c *transaction[S]) step(ctx context.Context) func(stream.Snapshot, S) (stream.Change[S], error) {
	return func(at stream.Snapshot, s S) (stream.Change[S], error) { return c.apply(ctx, s, at) }
}

// apply applies the rule to a state at its position. It schedules the deadline of the next
// state before that state is committed.
func (c *transaction[S]) apply(ctx context.Context, s S, at stream.Snapshot) (stream.Change[S], error) {
	c.before, c.seen = c.keeper.kind.At(s, at), at
	next, events, err := c.rule(c.before)
	if err != nil || len(events) == 0 {
		return stream.Change[S]{State: next}, err
	}
	if c.wakeups, err = c.keeper.schedule(ctx, c.name, &c.before, next); err != nil {
		return stream.Change[S]{}, err
	}
	return stream.Change[S]{State: next, Events: events, Retain: c.keeper.kind.Retain(next)}, nil
}

// codec records the size of each document that it encodes.
func (c *transaction[S]) codec() stream.Codec[S] {
	codec := stream.JSON[S]()
	encode := codec.Encode
	codec.Encode = func(s S) ([]byte, error) {
		doc, err := encode(s)
		c.size = len(doc)
		return doc, err
	}
	return codec
}

// outcome converts the result of an update and remembers the new state for the next change.
func (c *transaction[S]) outcome(up stream.Updated[S], err error) (Result[S], error) {
	if err != nil {
		return Result[S]{}, err
	}
	out := Result[S]{
		State: c.keeper.kind.At(up.State, up.At), At: up.Position, TS: up.TS,
		Before: c.before, Seen: c.seen.Seq, Repeated: up.Repeated, Value: up.Value,
	}
	switch {
	case !out.Changed():
	case c.keeper.kind.Pure && c.size <= recentSize:
		c.lane.remember(c.name, recent[S]{state: up.State, at: up.At.Position})
	default:
		c.lane.forget(c.name)
	}
	return out, nil
}
