package redisstore_test

import (
	"errors"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
)

// contract is the behaviour of every implementation of the ports.
var contract = map[string]func(t *testing.T, b *backend){
	"commit and load":             commitAndLoad,
	"a commit keeps the document": keepsDocument,
	"expected seq":                expectedSeq,
	"concurrent commits":          concurrentCommits,
	"concurrent updates":          concurrentUpdates,
	"once":                        once,
	"once under contention":       onceContended,
	"rate":                        rate,
	"bar":                         bar,
	"order":                       order,
	"cast":                        cast,
	"catch up":                    catchUp,
	"catch up beyond the log":     catchUpBeyond,
	"page":                        page,
	"retention":                   retention,
	"invalid commits":             invalidCommits,
	"control":                     control,
	"flush":                       flush,
	"attach under load":           attachUnderLoad,
	"many streams":                manyStreams,
	"names":                       names,
	"sets":                        sets,
	"replies":                     replies,
	"fences":                      fences,
	"buckets":                     buckets,
	"attempts":                    attempts,
	"deadlines":                   deadlines,
	"deadlines of a dead pod":     deadTaker,
}

func TestContract(t *testing.T) {
	for _, name := range slices.Sorted(maps.Keys(backends)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fresh := backends[name](t)
			for _, rule := range slices.Sorted(maps.Keys(contract)) {
				t.Run(rule, func(t *testing.T) { contract[rule](t, fresh(t)) })
			}
		})
	}
}

const room = stream.ID("lobby:room")

func commitAndLoad(t *testing.T, b *backend) {
	if _, err := b.Load(t.Context(), room); !errors.Is(err, stream.ErrNotFound) {
		t.Fatalf("before the first commit: %v, want ErrNotFound", err)
	}
	first, err := b.Commit(t.Context(), numbered(room, 1))
	if err != nil || first.Seq != 1 || first.Epoch == "" || first.TS == 0 || first.Repeated {
		t.Fatalf("first: %+v, %v", first, err)
	}
	c := numbered(room, 2)
	c.Events = []stream.Event{event(21), event(22), event(2)}
	second, err := b.Commit(t.Context(), c)
	if err != nil || second.Seq != 4 || second.Epoch != first.Epoch || second.TS < first.TS {
		t.Fatalf("second: %+v, %v", second, err)
	}
	now, err := b.Load(t.Context(), room)
	want := stream.Snapshot{Position: second.Position, TS: second.TS, Doc: []byte(`{"n":2}`)}
	if diff := cmp.Diff(want, now); diff != "" || err != nil {
		t.Errorf("load: %v\n%s", err, diff)
	}
}

func keepsDocument(t *testing.T, b *backend) {
	put(t, b, numbered(room, 1))
	c := numbered(room, 2)
	c.Doc = nil
	put(t, b, c)
	if now := load(t, b, room); number(now.Doc) != 1 || now.Seq != 2 {
		t.Errorf("got %s at seq %d, want document 1 at seq 2", now.Doc, now.Seq)
	}
	c.Stream = "chat:room"
	put(t, b, c)
	if now := load(t, b, c.Stream); now.Doc != nil {
		t.Errorf("stream without a document: document %q", now.Doc)
	}
}

func expectedSeq(t *testing.T, b *backend) {
	expect := func(seq uint64) stream.Commit {
		c := numbered(room, int(seq)+1)
		c.Expect = &seq
		return c
	}
	var conflict *stream.ConflictError
	_, err := b.Commit(t.Context(), expect(3))
	if !errors.As(err, &conflict) || !cmp.Equal(conflict.Current, stream.Snapshot{}) {
		t.Fatalf("Expect 3 without a stream: %v, want *ConflictError", err)
	}
	first, err := b.Commit(t.Context(), expect(0))
	if err != nil {
		t.Fatal(err)
	}
	for _, seq := range []uint64{0, 2, 1 << 62} {
		_, err = b.Commit(t.Context(), expect(seq))
		if !errors.As(err, &conflict) || !errors.Is(err, stream.ErrConflict) {
			t.Fatalf("Expect %d at seq 1: %v, want *ConflictError", seq, err)
		}
		want := stream.Snapshot{Position: first.Position, TS: first.TS, Doc: []byte(`{"n":1}`)}
		if diff := cmp.Diff(want, conflict.Current); diff != "" {
			t.Errorf("current: %s", diff)
		}
	}
	if r, err := b.Commit(t.Context(), expect(1)); err != nil || r.Seq != 2 {
		t.Errorf("Expect 1 at seq 1: %+v, %v", r, err)
	}
	of := func(epoch string) stream.Commit {
		c := expect(2)
		c.Epoch = epoch
		return c
	}
	if _, err := b.Commit(t.Context(), of("another")); !errors.As(err, &conflict) || conflict.Current.Epoch != first.Epoch {
		t.Errorf("Expect 2 of another epoch at seq 2: %v, want *ConflictError", err)
	}
	if r, err := b.Commit(t.Context(), of(first.Epoch)); err != nil || r.Seq != 3 {
		t.Errorf("Expect 2 of the epoch at seq 2: %+v, %v", r, err)
	}
}

// writers runs f concurrently n times and waits for all.
func writers(n int, f func(writer int)) {
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { f(i) })
	}
	wg.Wait()
}

func concurrentCommits(t *testing.T, b *backend) {
	const each, count = 25, 8
	seen := make([][]uint64, count)
	writers(count, func(w int) {
		for range each {
			r, err := b.Commit(t.Context(), numbered(room, w))
			if err != nil {
				t.Error(err)
				return
			}
			seen[w] = append(seen[w], r.Seq)
		}
	})
	all := slices.Concat(seen...)
	slices.Sort(all)
	for i, seq := range all {
		if seq != uint64(i+1) {
			t.Fatalf("seqs are not dense: %v", all)
		}
	}
	if len(all) != each*count {
		t.Errorf("%d commits", len(all))
	}
}

func concurrentUpdates(t *testing.T, b *backend) {
	put(t, b, numbered(room, 0))
	type tally struct {
		N int `json:"n"`
	}
	const each, count = 10, 3
	writers(count, func(int) {
		for range each {
			_, err := stream.Update(t.Context(), b, room, stream.JSON[tally](), nil,
				func(_ stream.Snapshot, s tally) (stream.Change[tally], error) {
					s.N++
					return stream.Change[tally]{State: s, Events: []stream.Event{event(s.N)}, Retain: keep}, nil
				})
			if err != nil {
				t.Error(err)
			}
		}
	})
	if now := load(t, b, room); number(now.Doc) != each*count || now.Seq != each*count+1 {
		t.Errorf("got %s at %d", now.Doc, now.Seq)
	}
}

func once(t *testing.T, b *backend) {
	c := numbered(room, 1)
	c.Once = &stream.Once{Scope: "ann", Key: "k", Value: []byte("ack\nof 1"), TTL: time.Minute}
	first := put(t, b, c)
	put(t, b, numbered(room, 2))
	zero := uint64(0)
	again := numbered(room, 3)
	again.Expect, again.Once = &zero, &stream.Once{Scope: "ann", Key: "k", Value: []byte("other"), TTL: time.Minute}
	got, err := b.Commit(t.Context(), again)
	first.Repeated = true
	if diff := cmp.Diff(first, got); diff != "" || err != nil {
		t.Errorf("again: %v\n%s", err, diff)
	}
	other := numbered(room, 4)
	other.Once = &stream.Once{Scope: "bob", Key: "k", TTL: time.Minute}
	if r := put(t, b, other); r.Repeated || r.Seq != 3 || r.Value != nil {
		t.Errorf("same key of another user: %+v", r)
	}
	elsewhere := c
	elsewhere.Stream = "lobby:elsewhere"
	if r := put(t, b, elsewhere); r.Repeated {
		t.Errorf("same key on another stream: %+v", r)
	}
}

func onceContended(t *testing.T, b *backend) {
	c := numbered(room, 1)
	c.Once = &stream.Once{Scope: "ann", Key: "k", Value: []byte("v"), TTL: time.Minute}
	writers(8, func(int) {
		if r, err := b.Commit(t.Context(), c); err != nil || r.Seq != 1 || string(r.Value) != "v" {
			t.Errorf("%+v, %v", r, err)
		}
	})
	if now := load(t, b, room); now.Seq != 1 {
		t.Errorf("the commit happened %d times, want once", now.Seq)
	}
}

func rate(t *testing.T, b *backend) {
	c := numbered(room, 1)
	c.Rate = &stream.Rate{Key: "ann", Events: 3, Per: time.Hour}
	for range 3 {
		put(t, b, c)
	}
	_, err := b.Commit(t.Context(), c)
	var limit *stream.RateError
	if !errors.As(err, &limit) || limit.RetryAfter <= 19*time.Minute || limit.RetryAfter > 20*time.Minute {
		t.Fatalf("fourth commit: %v, want *RateError of about 20 minutes", err)
	}
	c.Rate = &stream.Rate{Key: "bob", Events: 3, Per: time.Hour}
	put(t, b, c)
	if now := load(t, b, room); now.Seq != 4 {
		t.Errorf("seq %d after 4 commits and a refusal, want 4", now.Seq)
	}
	// A refusal costs nothing, and the budget refills with time.
	c.Rate = &stream.Rate{Key: "eve", Events: 1, Per: 50 * time.Millisecond}
	put(t, b, c)
	put(t, b, c)
}

func invalidCommits(t *testing.T, b *backend) {
	cases := map[string]func(c *stream.Commit){
		"no kind":         func(c *stream.Commit) { c.Stream = "room" },
		"braces":          func(c *stream.Commit) { c.Stream = "chat:{x}" },
		"no events":       func(c *stream.Commit) { c.Events = nil },
		"too many events": func(c *stream.Commit) { c.Events = make([]stream.Event, 17) },
		"event name":      func(c *stream.Commit) { c.Events[0].Name = "a b" },
		"event data":      func(c *stream.Commit) { c.Events[0].Data = []byte("1") },
		"no log":          func(c *stream.Commit) { c.Retain.LogSize = 0 },
		"no TTL":          func(c *stream.Commit) { c.Retain.TTL = 0 },
		"once":            func(c *stream.Commit) { c.Once = &stream.Once{} },
		"rate":            func(c *stream.Commit) { c.Rate = &stream.Rate{} },
		"order":           func(c *stream.Commit) { c.Order = &stream.Order{Key: "t", TTL: time.Hour} },
		"bar":             func(c *stream.Commit) { c.Bar = &stream.Bar{} },
	}
	for name, spoil := range cases {
		c := numbered(room, 1)
		spoil(&c)
		if _, err := b.Commit(t.Context(), c); err == nil {
			t.Errorf("%s: Commit accepted it", name)
		}
	}
	if _, err := b.Load(t.Context(), room); !errors.Is(err, stream.ErrNotFound) {
		t.Errorf("an invalid commit was written: %v, want ErrNotFound", err)
	}
}
