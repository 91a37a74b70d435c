package document_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/document"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/internal/core/stream/streamtest"
)

// counted is a store that counts its reads.
type counted struct {
	stream.Store
	loads int
}

func (c *counted) Load(ctx context.Context, id stream.ID) (stream.Snapshot, error) {
	c.loads++
	return c.Store.Load(ctx, id)
}

// world is a store and two processes that keep pure counters in it.
type world struct {
	t          *testing.T
	memory     *streamtest.Memory
	one, other *document.Repository[counter]
	reads      *counted // the reads of one
}

func newWorld(t *testing.T) *world {
	t.Helper()
	memory := streamtest.New(streamtest.WithClock(clock))
	w := &world{t: t, memory: memory, reads: &counted{Store: memory}}
	w.one, w.other = newKeeper(memory, w.reads, nil, true), newKeeper(memory, memory, nil, true)
	w.create("a")
	w.change(w.one, add(1), 1)
	w.reads.loads = 0
	return w
}

func (w *world) create(name string) {
	w.t.Helper()
	if _, err := w.one.Create(w.t.Context(), name, nil, counter{}, changed); err != nil {
		w.t.Fatal(err)
	}
}

// change applies a rule and expects the state n, also in the store.
func (w *world) change(k *document.Repository[counter], rule document.Transition[counter], n int) {
	w.t.Helper()
	out, err := k.Change(w.t.Context(), "a", nil, rule)
	if err != nil || out.State.N != n || out.State.Version != out.At.Seq || out.Seen+1 != out.At.Seq {
		w.t.Fatalf("%+v, %v, want %d", out, err, n)
	}
	if now, err := k.Load(w.t.Context(), "a"); err != nil || now.N != n {
		w.t.Fatalf("the store has %+v, %v, want %d", now, err, n)
	}
}

func (w *world) wantLoads(n int) {
	w.t.Helper()
	if w.reads.loads != n {
		w.t.Errorf("the store was read %d times, want %d", w.reads.loads, n)
	}
}

func TestChangeStartsFromTheRecentState(t *testing.T) {
	w := newWorld(t)
	for n := range 3 {
		out, err := w.one.Change(t.Context(), "a", nil, add(1))
		if err != nil || out.Before.N != n+1 || out.State.N != n+2 || out.State.Version != uint64(n+3) {
			t.Fatalf("%+v, %v", out, err)
		}
	}
	w.wantLoads(0)
}

func TestChangeAfterAnotherProcess(t *testing.T) {
	w := newWorld(t)
	w.change(w.other, add(10), 11)
	w.change(w.one, add(1), 12)
	w.change(w.other, add(10), 22)
}

// The store's state may allow a change that the recent state refuses, or need a change that
// the recent state does not.
func TestRecentStateDoesNotRefuse(t *testing.T) {
	tooLittle := errors.New("too little")
	take := func(c counter) (counter, []stream.Event, error) {
		if c.N < 10 {
			return c, nil, tooLittle
		}
		c.N -= 10
		return c, changed, nil
	}
	w := newWorld(t)
	if _, err := w.one.Change(t.Context(), "a", nil, take); !errors.Is(err, tooLittle) {
		t.Fatalf("with 1: %v", err)
	}
	w.change(w.other, add(10), 11)
	w.change(w.one, take, 1)
	reset := func(c counter) (counter, []stream.Event, error) {
		if c.N == 1 {
			return c, nil, nil
		}
		c.N = 1
		return c, changed, nil
	}
	w.change(w.other, add(4), 5)
	w.change(w.one, reset, 1)
}

// A seq that occurs again in another epoch is not the remembered seq.
func TestRecentStateBelongsToItsEpoch(t *testing.T) {
	w := newWorld(t)
	w.memory.Flush()
	if _, err := w.one.Change(t.Context(), "a", nil, add(1)); !errors.Is(err, stream.ErrNotFound) {
		t.Errorf("lost document: %v, want ErrNotFound", err)
	}
	w = newWorld(t)
	w.memory.Flush()
	if _, err := w.other.Create(t.Context(), "a", nil, counter{N: 100}, changed); err != nil {
		t.Fatal(err)
	}
	w.change(w.other, add(1), 101) // at the seq that the first process remembers
	w.change(w.one, add(1), 102)
}

func TestRepeatedRequestOnTheRecentState(t *testing.T) {
	w := newWorld(t)
	once := &stream.Once{Scope: "ann", Key: "k", TTL: time.Minute}
	for i := range 2 {
		out, err := w.one.Change(t.Context(), "a", once, add(1))
		if err != nil || out.State.N != 2 || out.Repeated != (i == 1) {
			t.Fatalf("%+v, %v", out, err)
		}
	}
}

// Large documents are not remembered, and of many documents only some are.
func TestRecentStatesAreBounded(t *testing.T) {
	w := newWorld(t)
	large := func(c counter) (counter, []stream.Event, error) {
		c.Text = strings.Repeat("x", 9<<10)
		return c, changed, nil
	}
	for range 2 {
		if _, err := w.one.Change(t.Context(), "a", nil, large); err != nil {
			t.Fatal(err)
		}
	}
	w.wantLoads(1)

	const many = 4000
	for i := range many {
		w.create(fmt.Sprint("n", i))
	}
	for range 2 {
		w.reads.loads = 0
		for i := range many {
			if _, err := w.one.Change(t.Context(), fmt.Sprint("n", i), nil, add(1)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if w.reads.loads < many/4 || w.reads.loads == many {
		t.Errorf("of %d documents %d were read again, want some but not all", many, w.reads.loads)
	}
}
