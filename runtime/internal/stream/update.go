package stream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"time"
)

const (
	// updateTries is how often Update tries before it gives ErrConflict.
	updateTries = 8
	// updatePause is the longest pause after the second conflict; it doubles.
	updatePause = 4 * time.Millisecond
)

// Codec turns a stream's document into a domain's state and back. Decode gets
// the bytes that Encode made, by this or an older version.
type Codec[S any] struct {
	Decode func(doc []byte) (S, error)
	Encode func(state S) ([]byte, error)
}

// JSON is the Codec of states that are kept as JSON.
func JSON[S any]() Codec[S] {
	return Codec[S]{
		Decode: func(doc []byte) (S, error) {
			var s S
			err := json.Unmarshal(doc, &s)
			return s, err
		},
		Encode: func(s S) ([]byte, error) { return json.Marshal(s) },
	}
}

// Change is what a pure function makes of a state: the next state, the events
// that tell of it, and how it is to be committed. A Change without Events means
// that there is nothing to do.
type Change[S any] struct {
	State  S
	Events []Event
	Retain Retention
	Rate   *Rate
	// Value, when not nil, is remembered under Update's Once in place of its own.
	Value []byte
}

// Updated is what Update did.
type Updated[S any] struct {
	// State is the state at At, which leaves the document out. When Repeated is set it was read after the
	// first commit: it has that commit's effect, and possibly later ones; Value tells
	// what the first commit made.
	State S
	At    Snapshot
	Result
}

// Update is the way every domain changes a document: load it, compute the next
// state with change, commit that with the seq it was loaded at, and start over
// when another commit came first.
//
// change is a pure function. It is called with the place of the state in the
// stream, so that the events can carry the version they lead to, and it is called
// again after each conflict. Its error ends the update and is returned as it is.
// It must not keep or change s's parts in place unless they are decoded anew,
// which they are for each call.
//
//	up, err := stream.Update(ctx, store, id, stream.JSON[Lobby](), once,
//		func(at stream.Snapshot, l Lobby) (stream.Change[Lobby], error) {
//			next, events, err := l.Join(cmd, now)
//			return stream.Change[Lobby]{State: next, Events: events, Retain: keep}, err
//		})
//
// once may be nil. When it is not, a request that was already carried out gives
// the first Result with Repeated set, even where change refuses it now (a user who
// joins again under the same key is not "already a member").
//
// Errors: ErrNotFound when the stream has no document; ErrConflict after 8 tries
// with jittered pauses in between, at most a quarter second in all; *RateError; ErrUnavailable;
// those of change and the codec.
func Update[S any](
	ctx context.Context, store Store, id ID, codec Codec[S], once *Once,
	change func(at Snapshot, s S) (Change[S], error),
) (Updated[S], error) {
	at, err := store.Load(ctx, id)
	if err != nil {
		return Updated[S]{}, err
	}
	return UpdateFrom(ctx, store, id, at, codec, once, change)
}

// UpdateFrom is Update for callers who have just been told where the stream is.
func UpdateFrom[S any](
	ctx context.Context, store Store, id ID, at Snapshot, codec Codec[S], once *Once,
	change func(at Snapshot, s S) (Change[S], error),
) (_ Updated[S], err error) {
	for try := range updateTries {
		if try > 1 {
			if at, err = loadLater(ctx, store, id, updatePause<<(try-2)); err != nil {
				return Updated[S]{}, err
			}
		}
		up, err := updateAt(ctx, store, id, at, codec, once, change)
		var conflict *ConflictError
		if !errors.As(err, &conflict) {
			return up, err
		}
		at = conflict.Current
	}
	return Updated[S]{}, fmt.Errorf("%s after %d tries: %w", id, updateTries, ErrConflict)
}

// loadLater loads after a random pause below limit: what the last conflict told
// is old by then.
func loadLater(ctx context.Context, store Store, id ID, limit time.Duration) (Snapshot, error) {
	timer := time.NewTimer(rand.N(limit))
	defer timer.Stop()
	select {
	case <-timer.C:
		return store.Load(ctx, id)
	case <-ctx.Done():
		return Snapshot{}, ctx.Err()
	}
}

// updateAt is one try of Update.
func updateAt[S any](
	ctx context.Context, store Store, id ID, at Snapshot, codec Codec[S], once *Once,
	change func(at Snapshot, s S) (Change[S], error),
) (Updated[S], error) {
	if at.Doc == nil {
		return Updated[S]{}, fmt.Errorf("%s: %w", id, ErrNotFound)
	}
	state, err := codec.Decode(at.Doc)
	if err != nil {
		return Updated[S]{}, fmt.Errorf("decode %s: %w", id, err)
	}
	next, err := change(at, state)
	if err != nil || len(next.Events) == 0 {
		return unchanged(ctx, store, id, at, codec, once, err)
	}
	doc, err := codec.Encode(next.State)
	if err != nil {
		return Updated[S]{}, fmt.Errorf("encode %s: %w", id, err)
	}
	result, err := store.Commit(ctx, Commit{
		Stream: id, Expect: &at.Seq, Epoch: at.Epoch, Doc: doc, Events: next.Events, Retain: next.Retain,
		Once: once.With(next.Value), Rate: next.Rate,
	})
	if err != nil {
		return Updated[S]{}, err
	}
	if result.Repeated {
		return repeated(ctx, store, id, at, codec, result)
	}
	return Updated[S]{State: next.State, At: Snapshot{Position: result.Position}, Result: result}, nil
}

// unchanged ends an update that has nothing to commit: with the first result if
// once knows the request, otherwise with cause, or the state as it is.
func unchanged[S any](
	ctx context.Context, store Store, id ID, at Snapshot, codec Codec[S], once *Once, cause error,
) (Updated[S], error) {
	first, known, err := Recall(ctx, store, id, once)
	if err != nil {
		return Updated[S]{}, err
	}
	if known {
		return repeated(ctx, store, id, at, codec, first)
	}
	if cause != nil {
		return Updated[S]{}, cause
	}
	return loaded(at, codec, Result{Position: at.Position, TS: at.TS})
}

// repeated ends an update whose commit had been made before, with a state that has the
// effect of that commit: the one at hand may be from before it.
func repeated[S any](ctx context.Context, store Store, id ID, at Snapshot, codec Codec[S], first Result) (_ Updated[S], err error) {
	if at.Epoch != first.Epoch || at.Seq < first.Seq {
		if at, err = store.Load(ctx, id); err != nil {
			return Updated[S]{}, err
		}
		if at.Doc == nil {
			return Updated[S]{}, fmt.Errorf("%s: %w", id, ErrNotFound)
		}
	}
	return loaded(at, codec, first)
}

// loaded pairs a result with the state as it was loaded, decoded again because
// change may have written into the first one.
func loaded[S any](at Snapshot, codec Codec[S], result Result) (Updated[S], error) {
	state, err := codec.Decode(at.Doc)
	at.Doc = nil
	return Updated[S]{State: state, At: at, Result: result}, err
}

// Recall asks whether once was committed, and with what result; false when it was not, or
// is nil. It is a commit that can only be repeated, because no stream is ever at the seq
// that it expects. Error: ErrUnavailable.
func Recall(ctx context.Context, store Store, id ID, once *Once) (Result, bool, error) {
	if once == nil {
		return Result{}, false, nil
	}
	never := uint64(math.MaxInt64)
	result, err := store.Commit(ctx, Commit{
		Stream: id, Expect: &never, Once: once,
		Events: []Event{{Name: "recall", Data: json.RawMessage("{}")}},
		Retain: Retention{LogSize: 1, LogTTL: time.Second, TTL: time.Second},
	})
	if errors.Is(err, ErrConflict) {
		return Result{}, false, nil
	}
	return result, err == nil, err
}

// With gives the same Once with another value, unless that is nil. A nil Once stays nil.
func (o *Once) With(value []byte) *Once {
	if o == nil || value == nil {
		return o
	}
	with := *o
	with.Value = value
	return &with
}
