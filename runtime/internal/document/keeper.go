// Package document carries pure rules to the documents of streams: it loads a
// document, applies a rule, commits what comes of it by compare-and-set, and
// schedules the looks that the new state will need.
package document

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/stream"
)

// Kind says how documents of one kind are kept.
type Kind[S any] struct {
	// Name is the kind of their streams.
	Name string
	// At gives a state its place in its stream, which the document does not hold.
	At func(s S, at stream.Snapshot) S
	// NextLook is when a state wants to be looked at if nothing happens before;
	// false when never.
	NextLook func(s S, now time.Time) (time.Time, bool)
	// Soon, when not nil, is how long after a change what follows from it needs a look,
	// in case it fails at first; 0 for never. Before is nil for a new document.
	Soon func(before *S, next S) time.Duration
	// Retain is how long a state is kept.
	Retain func(s S) stream.Retention
	// Pure says that no rule, and nobody who is given a state, changes it in place, and
	// that a state is as good as what its JSON decodes to. Then the next change of a
	// document begins with what the last one made of it, in place of reading it.
	Pure bool
}

// Keeper keeps the documents of a kind. Make it with [New]; it is safe for
// concurrent use.
type Keeper[S any] struct {
	kind      Kind[S]
	store     stream.Store
	deadlines stream.Deadlines
	now       func() time.Time
	queues    [64]*queue[S]
}

// New makes a Keeper.
func New[S any](kind Kind[S], store stream.Store, deadlines stream.Deadlines, now func() time.Time) *Keeper[S] {
	k := &Keeper[S]{kind: kind, store: store, deadlines: deadlines, now: now}
	for i := range k.queues {
		k.queues[i] = newQueue[S]()
	}
	return k
}

// Rule is a command that is ready to be applied: it gives the state after it and
// the events that tell of it, at most 16. Without events nothing has changed.
type Rule[S any] func(S) (S, []stream.Event, error)

// Outcome is what a rule led to.
type Outcome[S any] struct {
	// State is the state after the rule. After a repeated request it was read after the
	// first one's commit, and has that commit's effect and possibly later ones.
	State S
	// At is where the rule left the stream, and TS when, in milliseconds since the
	// epoch.
	At stream.Position
	TS int64
	// Before is the state that the rule was applied to, and Seen its seq; nothing and 0
	// for a new document.
	Before S
	Seen   uint64
	// Repeated says that the request had been carried out before.
	Repeated bool
	// Value is the Value of the request's Once; of the first one's when Repeated.
	Value []byte
}

// Changed tells whether the rule has changed anything now.
func (o Outcome[S]) Changed() bool { return !o.Repeated && o.At.Seq != o.Seen }

// ID is the stream of a document.
func (k *Keeper[S]) ID(name string) stream.ID { return stream.ID(k.kind.Name + ":" + name) }

// Load reads a document. Error: stream.ErrNotFound, also for a name that cannot be
// one.
func (k *Keeper[S]) Load(ctx context.Context, name string) (S, error) {
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

// Decode reads a document from a snapshot of its stream, which has one.
func (k *Keeper[S]) Decode(snap stream.Snapshot) (S, error) {
	var s S
	if err := json.Unmarshal(snap.Doc, &s); err != nil {
		return s, fmt.Errorf("decode a %s: %w", k.kind.Name, err)
	}
	return k.kind.At(s, snap), nil
}

// Create commits the first state of a document. A document of that name that is
// there already is given as it is, with Repeated set: ids are given to requests, so
// it was made by the same one. once, which may be nil, is as for Change.
func (k *Keeper[S]) Create(ctx context.Context, name string, once *stream.Once, s S, events []stream.Event) (Outcome[S], error) {
	looks, err := k.schedule(ctx, name, nil, s)
	if err != nil {
		return Outcome[S]{}, err
	}
	doc, err := json.Marshal(s)
	if err != nil {
		return Outcome[S]{}, fmt.Errorf("encode a %s: %w", k.kind.Name, err)
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
		return Outcome[S]{State: there, At: result.Position, TS: result.TS, Repeated: true, Value: result.Value}, err
	case err != nil:
		return Outcome[S]{}, err
	}
	k.askAgain(ctx, name, looks)
	return Outcome[S]{State: k.kind.At(s, stream.Snapshot{Position: result.Position}), At: result.Position, TS: result.TS}, nil
}

// rounds is how often the tries of stream.Update are gone through: where users of
// several processes come all at once, those of one round are sometimes not enough.
const rounds = 4

// Change applies a rule to a document. Errors: those of the rule as they are;
// stream.ErrNotFound, stream.ErrConflict, stream.ErrUnavailable.
func (k *Keeper[S]) Change(ctx context.Context, name string, once *stream.Once, rule Rule[S]) (Outcome[S], error) {
	id := k.ID(name)
	if id.Validate() != nil {
		return Outcome[S]{}, fmt.Errorf("%s: %w", k.kind.Name, stream.ErrNotFound)
	}
	c := &changing[S]{keeper: k, name: name, id: id, once: once, rule: rule}
	out, err := c.inTurn(ctx)
	switch {
	case err != nil:
	case out.Repeated:
		k.askFor(ctx, name, out.State)
	case out.Changed():
		k.askAgain(ctx, name, c.looks)
	}
	return out, err
}

// births is how often Upsert looks again: another may make the document, or it may
// lapse, in between.
const births = 4

// Upsert is Change, but begins with empty where there is no document. It is made when
// the rule gives events. Error, beside those of Change and the rule:
// stream.ErrNotFound for a name that cannot be one.
func (k *Keeper[S]) Upsert(ctx context.Context, name string, once *stream.Once, empty S, rule Rule[S]) (Outcome[S], error) {
	for range births {
		out, err := k.Change(ctx, name, once, rule)
		if !errors.Is(err, stream.ErrNotFound) || k.ID(name).Validate() != nil {
			return out, err
		}
		next, events, err := rule(empty)
		if err != nil || len(events) == 0 {
			return Outcome[S]{State: empty}, err
		}
		out, err = k.Create(ctx, name, once, next, events)
		if err != nil || !out.Repeated {
			return out, err
		}
	}
	return Outcome[S]{}, fmt.Errorf("%s: %w", k.ID(name), stream.ErrConflict)
}
