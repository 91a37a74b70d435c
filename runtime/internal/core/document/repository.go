// Package document applies pure rules to the documents of streams. It loads a document,
// applies a rule, commits the result by compare-and-set, and schedules the deadline of the
// new state.
package document

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
)

// Type defines how the documents of one kind are stored.
type Type[S any] struct {
	// Name is the kind of the documents' streams.
	Name string
	// At adds the stream's position to a state, because the document does not contain it.
	At func(s S, at stream.Snapshot) S
	// NextDeadline returns the state's next deadline; false when the state has none.
	NextDeadline func(s S, now time.Time) (time.Time, bool)
	// CheckAfter, when not nil, returns the delay after which the follow-up work of a change is
	// checked, in case its first attempt fails; 0 means never. before is nil for a new
	// document.
	CheckAfter func(before *S, next S) time.Duration
	// Retain returns the retention of a state's stream.
	Retain func(s S) stream.Retention
	// Pure says that neither rules nor callers modify a state in place, and that a state
	// equals its JSON after decoding. A change then starts from the state that this process
	// committed last, without a read.
	Pure bool
}

// Repository stores the documents of a kind. Make it with [New]; it is safe for concurrent use.
type Repository[S any] struct {
	kind      Type[S]
	store     stream.Store
	deadlines stream.Deadlines
	now       func() time.Time
	queues    [64]*lane[S]
}

// New makes a Repository.
func New[S any](kind Type[S], store stream.Store, deadlines stream.Deadlines, now func() time.Time) *Repository[S] {
	k := &Repository[S]{kind: kind, store: store, deadlines: deadlines, now: now}
	for i := range k.queues {
		k.queues[i] = newQueue[S]()
	}
	return k
}

// Transition is a pure command: it returns the next state and its events, at most 16. Without
// events nothing is committed.
type Transition[S any] func(S) (S, []stream.Event, error)

// Result is the result of a rule.
type Result[S any] struct {
	// State is the state after the rule. After a repeated request it was read after the
	// first request's commit; it includes that commit's effect and possibly later ones.
	State S
	// At is the stream's position after the rule. TS is the commit time, in milliseconds
	// since the epoch.
	At stream.Position
	TS int64
	// Before is the state to which the rule was applied, and Seen its seq; the zero state
	// and 0 for a new document.
	Before S
	Seen   uint64
	// Repeated says that the request had already been carried out.
	Repeated bool
	// Value is the Value of the request's Once; when Repeated, of the first request's Once.
	Value []byte
}

// Changed reports whether this call changed the document.
func (o Result[S]) Changed() bool { return !o.Repeated && o.At.Seq != o.Seen }

// ID returns the stream of a document.
func (k *Repository[S]) ID(name string) stream.ID { return stream.ID(k.kind.Name + ":" + name) }

// Load reads a document. Error: stream.ErrNotFound, also for an invalid name.
func (k *Repository[S]) Load(ctx context.Context, name string) (S, error) {
	var none S
	id := k.ID(name)
	if id.Validate() != nil {
		return none, fmt.Errorf("%s: %w", k.kind.Name, stream.ErrNotFound)
	}
	snap, err := k.store.Load(ctx, id)
	if err == nil && snap.Doc == nil {
		err = fmt.Errorf("%s: %w", id, stream.ErrNotFound)
	}
	if err != nil {
		return none, err
	}
	return k.Decode(snap)
}

// Decode decodes a document from a snapshot that has one.
func (k *Repository[S]) Decode(snap stream.Snapshot) (S, error) {
	var s S
	if err := json.Unmarshal(snap.Doc, &s); err != nil {
		return s, fmt.Errorf("decode a %s: %w", k.kind.Name, err)
	}
	return k.kind.At(s, snap), nil
}

// Create commits the first state of a document. When the document already exists, Create
// returns it with Repeated set: ids belong to requests, so the same request created it.
// once, which may be nil, is as for Change.
func (k *Repository[S]) Create(ctx context.Context, name string, once *stream.Once, s S, events []stream.Event) (Result[S], error) {
	wakeups, err := k.schedule(ctx, name, nil, s)
	if err != nil {
		return Result[S]{}, err
	}
	doc, err := json.Marshal(s)
	if err != nil {
		return Result[S]{}, fmt.Errorf("encode a %s: %w", k.kind.Name, err)
	}
	var nothing uint64
	result, err := k.store.Commit(ctx, stream.Commit{
		Stream: k.ID(name), Expect: &nothing, Doc: doc, Events: events, Retain: k.kind.Retain(s), Once: once,
	})
	switch {
	case result.Repeated || errors.Is(err, stream.ErrConflict):
		there, err := k.Load(ctx, name)
		if err == nil {
			k.askFor(ctx, name, there)
		}
		return Result[S]{State: there, At: result.Position, TS: result.TS, Repeated: true, Value: result.Value}, err
	case err != nil:
		return Result[S]{}, err
	}
	k.reschedule(ctx, name, wakeups)
	return Result[S]{State: k.kind.At(s, stream.Snapshot{Position: result.Position}), At: result.Position, TS: result.TS}, nil
}

// rounds is how many times Change calls stream.Update. When many users of several processes
// change a document at once, the tries of one call are sometimes not enough.
const rounds = 4

// Change applies a rule to a document. Errors: those of the rule, unchanged;
// stream.ErrNotFound, stream.ErrConflict, stream.ErrUnavailable.
func (k *Repository[S]) Change(ctx context.Context, name string, once *stream.Once, rule Transition[S]) (Result[S], error) {
	id := k.ID(name)
	if id.Validate() != nil {
		return Result[S]{}, fmt.Errorf("%s: %w", k.kind.Name, stream.ErrNotFound)
	}
	c := &transaction[S]{keeper: k, name: name, id: id, once: once, rule: rule}
	out, err := c.inTurn(ctx)
	switch {
	case err != nil:
	case out.Repeated:
		k.askFor(ctx, name, out.State)
	case out.Changed():
		k.reschedule(ctx, name, c.wakeups)
	}
	return out, err
}

// births is the number of Upsert's tries, because the document may be created or expire
// between its steps.
const births = 4

// Upsert is Change, but applies the rule to empty when the document does not exist, and
// creates the document if the rule returns events. Errors: those of Change and the rule;
// stream.ErrNotFound for an invalid name.
func (k *Repository[S]) Upsert(ctx context.Context, name string, once *stream.Once, empty S, rule Transition[S]) (Result[S], error) {
	for range births {
		out, err := k.Change(ctx, name, once, rule)
		if !errors.Is(err, stream.ErrNotFound) || k.ID(name).Validate() != nil {
			return out, err
		}
		next, events, err := rule(empty)
		if err != nil || len(events) == 0 {
			return Result[S]{State: empty}, err
		}
		out, err = k.Create(ctx, name, once, next, events)
		if err != nil || !out.Repeated {
			return out, err
		}
	}
	return Result[S]{}, fmt.Errorf("%s: %w", k.ID(name), stream.ErrConflict)
}
