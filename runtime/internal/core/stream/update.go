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
	// updateTries is how many times Update tries before it returns ErrConflict.
	updateTries = 8
	// updatePause is the longest pause after the second conflict; it doubles with each
	// conflict.
	updatePause = 4 * time.Millisecond
)

// Codec converts a stream's document to a domain's state and back. Decode accepts the bytes
// of Encode of this and older versions.
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

// Change is the result of a pure function on a state: the next state, its events, and how
// to commit them. Without Events, Update commits nothing.
type Change[S any] struct {
	State  S
	Events []Event
	Retain Retention
	Rate   *Rate
	// Value, when not nil, replaces the Value of Update's Once.
	Value []byte
}

// Updated is the result of Update.
type Updated[S any] struct {
	// State is the state at At, whose Doc is empty. When Repeated is set, State was read
	// after the first commit: it includes that commit's effect and possibly later ones.
	// Value is then the value of the first commit.
	State S
	At    Snapshot
	Result
}

// Update is the way every domain changes a document. It loads the document, computes the
// next state with change, and commits it with the loaded seq. It starts over after a
// conflict.
//
// change is a pure function. It receives the snapshot's position, so that events can carry
// the version to which they lead. It is called again after each conflict, with a state that
// is decoded again, so it may modify s in place. Update returns its error unchanged.
//
//	up, err := stream.Update(ctx, store, id, stream.JSON[Lobby](), once,
//		func(at stream.Snapshot, l Lobby) (stream.Change[Lobby], error) {
//			next, events, err := l.Join(cmd, now)
//			return stream.Change[Lobby]{State: next, Events: events, Retain: keep}, err
//		})
//
// once may be nil. Otherwise a request that was already carried out gives the first Result
// with Repeated set, even where change refuses it now. For instance, a user who joins again
// under the same key is not "already a member".
//
// Errors: ErrNotFound when the stream has no document; ErrConflict after 8 tries with
// jittered pauses, at most a quarter second in all; *RateError; ErrUnavailable; errors of
// change and the codec.
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

// UpdateFrom is Update for a caller that has just read the stream's snapshot.
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

// loadLater loads after a random pause below limit, because the snapshot of the last
// conflict is outdated by then.
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

// unchanged ends an update that has nothing to commit. It returns the first result if once
// was committed, otherwise cause, or the loaded state.
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

// repeated ends an update whose commit already happened. It returns a state with that
// commit's effect, and loads it again if the state at hand is older.
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

// loaded pairs a result with the loaded state, decoded again because change may have
// modified the first copy.
func loaded[S any](at Snapshot, codec Codec[S], result Result) (Updated[S], error) {
	state, err := codec.Decode(at.Doc)
	at.Doc = nil
	return Updated[S]{State: state, At: at, Result: result}, err
}

// Recall reports whether once was committed, and with which result; false for a nil once.
// It sends a commit that can only be repeated, because no stream ever is at the seq that it
// expects. Error: ErrUnavailable.
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

// With returns a copy of the Once with another value, or the Once itself when value is nil.
// A nil Once stays nil.
func (o *Once) With(value []byte) *Once {
	if o == nil || value == nil {
		return o
	}
	with := *o
	with.Value = value
	return &with
}
