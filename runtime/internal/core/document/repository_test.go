package document_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/anteroom/anteroom/runtime/internal/core/document"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/internal/core/stream/streamtest"
)

var t0 = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// counter is a document with a number and an optional deadline, Due.
type counter struct {
	Version uint64 `json:"-"`
	N       int    `json:"n"`
	Due     int64  `json:"due,omitempty"`
	Text    string `json:"text,omitempty"`
}

type bench struct {
	*document.Repository[counter]
	memory *streamtest.Memory
}

func clock() time.Time { return t0 }

func newBench(soon func(*counter, counter) time.Duration) *bench {
	memory := streamtest.New(streamtest.WithClock(clock))
	return &bench{memory: memory, Repository: newKeeper(memory, memory, soon, false)}
}

// newKeeper makes the Repository of one process.
func newKeeper(
	memory *streamtest.Memory, store stream.Store, soon func(*counter, counter) time.Duration, pure bool,
) *document.Repository[counter] {
	return document.New(document.Type[counter]{
		Name: "counter",
		Pure: pure,
		At: func(c counter, at stream.Snapshot) counter {
			c.Version = at.Seq
			return c
		},
		NextDeadline: func(c counter, _ time.Time) (time.Time, bool) { return time.UnixMilli(c.Due), c.Due != 0 },
		CheckAfter:   soon,
		Retain: func(counter) stream.Retention {
			return stream.Retention{LogSize: 100, LogTTL: time.Hour, TTL: time.Hour}
		},
	}, store, memory.Deadlines(), clock)
}

var changed = []stream.Event{{Name: "counter:changed", Data: json.RawMessage("{}")}}

func add(n int) document.Transition[counter] {
	return func(c counter) (counter, []stream.Event, error) {
		c.N += n
		if n == 0 {
			return c, nil, nil
		}
		return c, changed, nil
	}
}

func TestChange(t *testing.T) {
	b := newBench(nil)
	for _, name := range []string{"none", "", "{bad}"} {
		if _, err := b.Change(t.Context(), name, nil, add(1)); !errors.Is(err, stream.ErrNotFound) {
			t.Errorf("%q: %v, want ErrNotFound", name, err)
		}
		if _, err := b.Load(t.Context(), name); !errors.Is(err, stream.ErrNotFound) {
			t.Errorf("load %q: %v, want ErrNotFound", name, err)
		}
	}
	made, err := b.Create(t.Context(), "a", nil, counter{N: 1}, changed)
	if err != nil || made.State.Version != 1 || !made.Changed() {
		t.Fatalf("%+v, %v", made, err)
	}
	if again, err := b.Create(t.Context(), "a", nil, counter{N: 9}, changed); err != nil || !again.Repeated || again.State.N != 1 {
		t.Errorf("created again: %+v, %v", again, err)
	}
	once := &stream.Once{Scope: "ann", Key: "k", TTL: time.Minute}
	out, err := b.Change(t.Context(), "a", once, add(2))
	if err != nil || out.State.N != 3 || out.Before.N != 1 || out.Seen != 1 || !out.Changed() {
		t.Errorf("%+v, %v", out, err)
	}
	again, err := b.Change(t.Context(), "a", once, add(2))
	if err != nil || again.State.N != 3 || !again.Repeated || again.Changed() {
		t.Errorf("repeated: %+v, %v", again, err)
	}
	if idle, err := b.Change(t.Context(), "a", nil, add(0)); err != nil || idle.Changed() || idle.State.Version != 2 {
		t.Errorf("nothing to do: %+v, %v", idle, err)
	}
	refused := errors.New("refused")
	if _, err := b.Change(t.Context(), "a", nil, func(c counter) (counter, []stream.Event, error) { return c, nil, refused }); !errors.Is(err, refused) {
		t.Errorf("refused: %v", err)
	}
	b.memory.SetDown(true)
	if _, err := b.Change(t.Context(), "a", nil, add(1)); !errors.Is(err, stream.ErrUnavailable) {
		t.Errorf("down: %v", err)
	}
}

func TestUpsert(t *testing.T) {
	b := newBench(nil)
	if out, err := b.Upsert(t.Context(), "a", nil, counter{N: 5}, add(0)); err != nil || out.State.N != 5 || out.Changed() {
		t.Errorf("nothing to do: %+v, %v", out, err)
	}
	if _, err := b.Load(t.Context(), "a"); !errors.Is(err, stream.ErrNotFound) {
		t.Errorf("created without events: %v, want ErrNotFound", err)
	}
	once := &stream.Once{Scope: "ann", Key: "k", TTL: time.Minute}
	for range 2 {
		if out, err := b.Upsert(t.Context(), "a", once, counter{N: 5}, add(1)); err != nil || out.State.N != 6 {
			t.Errorf("%+v, %v", out, err)
		}
	}
	if _, err := b.Upsert(t.Context(), "{bad}", nil, counter{}, add(1)); !errors.Is(err, stream.ErrNotFound) {
		t.Errorf("invalid name: %v, want ErrNotFound", err)
	}
	var all sync.WaitGroup
	errs := make([]error, 20)
	for i := range errs {
		all.Go(func() { _, errs[i] = b.Upsert(t.Context(), "many", nil, counter{}, add(1)) })
	}
	all.Wait()
	if c, err := b.Load(t.Context(), "many"); err != nil || errors.Join(errs...) != nil || c.N != len(errs) {
		t.Errorf("the document counts %d of %d, %v, %v", c.N, len(errs), err, errors.Join(errs...))
	}
}

// The deadline is scheduled before its state is committed, and only when it is earlier than
// the scheduled deadline.
func TestDeadlines(t *testing.T) {
	in := func(d time.Duration) int64 { return t0.Add(d).UnixMilli() }
	for name, tc := range map[string]struct {
		before, next int64
		soon         time.Duration
		want         time.Duration // 0: no deadline
	}{
		"none":                               {0, 0, 0, 0},
		"the first deadline":                 {0, in(time.Minute), 0, time.Minute},
		"an earlier deadline":                {in(time.Hour), in(time.Minute), 0, time.Minute},
		"a later deadline does not move it":  {in(time.Minute), in(time.Hour), 0, time.Minute},
		"follow-up work":                     {0, 0, time.Second, time.Second},
		"follow-up work before the deadline": {0, in(time.Minute), time.Second, time.Second},
		"follow-up work after the deadline":  {0, in(time.Millisecond), time.Second, time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(func(before *counter, _ counter) time.Duration {
				if before == nil {
					return 0
				}
				return tc.soon
			})
			if _, err := b.Create(t.Context(), "a", nil, counter{Due: tc.before}, changed); err != nil {
				t.Fatal(err)
			}
			_, err := b.Change(t.Context(), "a", nil, func(c counter) (counter, []stream.Event, error) {
				c.Due = tc.next
				return c, changed, nil
			})
			if err != nil {
				t.Fatal(err)
			}
			at, asked := b.memory.Deadlines().Due(b.ID("a"))
			if asked != (tc.want != 0) || asked && !at.Equal(t0.Add(tc.want)) {
				t.Errorf("scheduled %v, after %v; want after %v", asked, at.Sub(t0), tc.want)
			}
		})
	}
}

func TestManyAtOnce(t *testing.T) {
	b := newBench(nil)
	if _, err := b.Create(t.Context(), "a", nil, counter{}, changed); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for i := range 50 {
		all.Go(func() {
			if _, err := b.Change(context.WithoutCancel(t.Context()), "a", nil, add(1)); err != nil {
				t.Error(fmt.Errorf("%d: %w", i, err))
			}
		})
	}
	all.Wait()
	got, err := b.Load(t.Context(), "a")
	if d := cmp.Diff(counter{Version: 51, N: 50}, got); d != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, d)
	}
}

// hasty is a store that lets other pods process all due deadlines before each commit.
type hasty struct {
	stream.Store
	look func()
}

func (h hasty) Commit(ctx context.Context, c stream.Commit) (stream.Result, error) {
	h.look()
	return h.Store.Commit(ctx, c)
}

// A deadline that fires before its state is committed processes the previous state, so it
// is scheduled again.
func TestDeadlineFiresBeforeItsCommit(t *testing.T) {
	memory := streamtest.New(streamtest.WithClock(clock))
	deadlines := memory.Deadlines()
	wakeups := 0
	var k *document.Repository[counter]
	look := func() {
		_, err := deadlines.Tick(t.Context(), func(ctx context.Context, id stream.ID) (time.Time, error) {
			wakeups++
			c, err := k.Load(ctx, id.Name())
			if errors.Is(err, stream.ErrNotFound) || c.Due == 0 {
				return time.Time{}, nil
			}
			return time.UnixMilli(c.Due), err
		})
		if err != nil {
			t.Error(err)
		}
	}
	k = newKeeper(memory, hasty{memory, look}, nil, false)
	due := func(at int64) {
		t.Helper()
		early := wakeups
		look() // a deadline of the previous state does no harm
		switch got, asked := deadlines.Due(k.ID("a")); {
		case asked != (at != 0), asked && got.UnixMilli() != at:
			t.Errorf("scheduled %v, at %d; want %d", asked, got.UnixMilli(), at)
		case early == 0:
			t.Error("no deadline fired before the commit")
		}
		wakeups = 0
	}
	to := func(at int64) document.Transition[counter] {
		return func(c counter) (counter, []stream.Event, error) {
			c.Due = at
			return c, changed, nil
		}
	}
	now, later := t0.UnixMilli(), t0.Add(time.Hour).UnixMilli()
	if _, err := k.Create(t.Context(), "a", nil, counter{Due: now}, changed); err != nil {
		t.Fatal(err)
	}
	due(now)
	for _, next := range []int64{later, now, later - 1} {
		once := &stream.Once{Scope: "ann", Key: fmt.Sprint(next), TTL: time.Minute}
		if _, err := k.Change(t.Context(), "a", once, to(next)); err != nil {
			t.Fatal(err)
		}
		due(next)
	}
}
