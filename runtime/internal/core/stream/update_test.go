package stream_test

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/internal/core/stream/streamtest"
)

// tally is a document for tests.
type tally struct{ N int }

var keep = stream.Retention{LogSize: 64, LogTTL: time.Minute, TTL: time.Hour}

const tallyID = stream.ID("lobby:tally")

var errFull = errors.New("full")

func create(t *testing.T, s stream.Store, id stream.ID) {
	t.Helper()
	none := uint64(0)
	_, err := s.Commit(t.Context(), stream.Commit{
		Stream: id, Expect: &none, Doc: []byte(`{"N":0}`), Events: []stream.Event{event("made")}, Retain: keep,
	})
	if err != nil {
		t.Fatal(err)
	}
}

func event(name string) stream.Event {
	return stream.Event{Name: name, Data: json.RawMessage(`{}`)}
}

// add is an update of a tally that refuses more than limit.
func add(ctx context.Context, s stream.Store, once *stream.Once, limit int) (stream.Updated[tally], error) {
	return stream.Update(ctx, s, tallyID, stream.JSON[tally](), once,
		func(_ stream.Snapshot, now tally) (stream.Change[tally], error) {
			if now.N == limit {
				return stream.Change[tally]{}, errFull
			}
			now.N++
			return stream.Change[tally]{State: now, Events: []stream.Event{event("added")}, Retain: keep}, nil
		})
}

func TestUpdateRetriesConflicts(t *testing.T) {
	m := streamtest.New()
	create(t, m, tallyID)
	const writers = 4
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			if _, err := add(t.Context(), m, nil, 100); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	now, err := m.Load(t.Context(), tallyID)
	if err != nil || string(now.Doc) != `{"N":4}` || now.Seq != writers+1 {
		t.Errorf("after %d updates: %s at %d, %v", writers, now.Doc, now.Seq, err)
	}
}

// moving is a store on which another writer always commits first.
type moving struct{ *streamtest.Memory }

func (m moving) Commit(ctx context.Context, c stream.Commit) (stream.Result, error) {
	other := c
	other.Expect, other.Once = nil, nil
	if _, err := m.Memory.Commit(ctx, other); err != nil {
		return stream.Result{}, err
	}
	return m.Memory.Commit(ctx, c)
}

func TestUpdateGivesUp(t *testing.T) {
	m := streamtest.New()
	create(t, m, tallyID)
	_, err := add(t.Context(), moving{m}, nil, 100)
	var conflict *stream.ConflictError
	if !errors.Is(err, stream.ErrConflict) || errors.As(err, &conflict) {
		t.Errorf("got %v, want ErrConflict itself", err)
	}
	now, _ := m.Load(t.Context(), tallyID)
	if now.Seq != 9 {
		t.Errorf("%d commits of the other writer, want 8", now.Seq-1)
	}
}

func TestUpdateOnce(t *testing.T) {
	m := streamtest.New()
	create(t, m, tallyID)
	once := &stream.Once{Scope: "u1", Key: "k1", Value: []byte("ack"), TTL: time.Minute}
	firstTime, err := add(t.Context(), m, once, 1)
	if err != nil || firstTime.State.N != 1 || firstTime.Repeated {
		t.Fatalf("first: %+v, %v", firstTime, err)
	}
	again, err := add(t.Context(), m, once, 1)
	if err != nil || !again.Repeated || again.Position != firstTime.Position || string(again.Value) != "ack" {
		t.Errorf("same key, change refuses: %+v, %v", again, err)
	}
	again, err = add(t.Context(), m, once, 5)
	if err != nil || !again.Repeated || again.Position != firstTime.Position || again.State.N != 1 {
		t.Errorf("same key, change accepts: %+v, %v", again, err)
	}
	other := &stream.Once{Scope: "u1", Key: "k2", TTL: time.Minute}
	if _, err := add(t.Context(), m, other, 1); !errors.Is(err, errFull) {
		t.Errorf("another key: %v, want the error of change", err)
	}
}

func TestUpdateWithoutEvents(t *testing.T) {
	m := streamtest.New()
	create(t, m, tallyID)
	up, err := stream.Update(t.Context(), m, tallyID, stream.JSON[tally](), nil,
		func(at stream.Snapshot, s tally) (stream.Change[tally], error) {
			return stream.Change[tally]{State: tally{N: 99}}, nil
		})
	if err != nil || up.State.N != 0 || up.Seq != 1 {
		t.Errorf("got %+v, %v", up, err)
	}
}

func TestUpdateNotFound(t *testing.T) {
	m := streamtest.New()
	if _, err := add(t.Context(), m, nil, 1); !errors.Is(err, stream.ErrNotFound) {
		t.Errorf("got %v", err)
	}
	_, err := m.Commit(t.Context(), stream.Commit{Stream: tallyID, Events: []stream.Event{event("x")}, Retain: keep})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := add(t.Context(), m, nil, 1); !errors.Is(err, stream.ErrNotFound) {
		t.Errorf("stream without a document: got %v, want ErrNotFound", err)
	}
}

// overtaken is a store in which another server commits under the same key between the load
// and the commit: its first Load returns the earlier state.
type overtaken struct {
	*streamtest.Memory
	first func()
}

func (o *overtaken) Load(ctx context.Context, id stream.ID) (stream.Snapshot, error) {
	snap, err := o.Memory.Load(ctx, id)
	if first := o.first; first != nil {
		o.first = nil
		first()
	}
	return snap, err
}

// A repeated update returns a state with the first commit's effect, although it had loaded
// an earlier state.
func TestUpdateRepeatedHasTheEffectOfTheFirst(t *testing.T) {
	for name, limit := range map[string]int{"change accepts": 9, "change refuses": 0} {
		t.Run(name, func(t *testing.T) {
			m := streamtest.New()
			create(t, m, tallyID)
			once := &stream.Once{Scope: "u1", Key: "k1", TTL: time.Minute}
			s := &overtaken{Memory: m, first: func() {
				if _, err := add(t.Context(), m, once, 9); err != nil {
					t.Error(err)
				}
			}}
			again, err := add(t.Context(), s, once, limit)
			if err != nil || !again.Repeated || again.State.N != 1 || again.At.Position != again.Position {
				t.Errorf("got %+v, %v; want the state with 1 at its position", again, err)
			}
		})
	}
}
