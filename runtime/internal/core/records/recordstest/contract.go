package recordstest

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/anteroom/anteroom/runtime/internal/core/records"
)

// Contract checks that a store keeps the rules of a records.Store. lapse lets a duration pass on
// the store's clock.
func Contract(t *testing.T, store records.Store, lapse func(time.Duration)) {
	partition := func() records.Partition { return records.Partition(fmt.Sprintf("q%d", time.Now().UnixNano())) }
	t.Run("a step is all or nothing", func(t *testing.T) { allOrNothing(t, store, partition()) })
	t.Run("a table has a bound", func(t *testing.T) { bounded(t, store, partition()) })
	t.Run("one of many concurrent steps wins", func(t *testing.T) { oneWins(t, store, partition()) })
	t.Run("an expired lease is refused", func(t *testing.T) { fenced(t, store, partition(), lapse) })
	t.Run("a step with a key runs once", func(t *testing.T) { once(t, store, partition(), lapse) })
	t.Run("a change is read once", func(t *testing.T) { changed(t, store, partition()) })
}

func put(table, key, value string) records.Change {
	return records.Change{Table: table, Key: key, Value: []byte(value)}
}

func replace(table, key, was, value string) records.Change {
	return records.Change{Table: table, Key: key, Was: []byte(was), Value: []byte(value)}
}

func remove(table, key, was string) records.Change {
	return records.Change{Table: table, Key: key, Was: []byte(was)}
}

func apply(t *testing.T, store records.Store, b records.Partition, changes ...records.Change) {
	t.Helper()
	if err := store.Apply(t.Context(), b, records.Txn{Changes: changes}); err != nil {
		t.Fatal(err)
	}
}

func table(t *testing.T, store records.Store, b records.Partition, name string) map[string]string {
	t.Helper()
	records, err := store.All(t.Context(), b, name)
	if err != nil {
		t.Fatal(err)
	}
	n, err := store.Count(t.Context(), b, name)
	if err != nil || n != len(records) {
		t.Errorf("%d records, counted %d, %v", len(records), n, err)
	}
	return texts(records)
}

func texts(records []records.Record) map[string]string {
	all := map[string]string{}
	for _, r := range records {
		all[r.Key] = string(r.Value)
	}
	return all
}

func allOrNothing(t *testing.T, store records.Store, b records.Partition) {
	apply(t, store, b, put("tickets", "a", "1"), put("tickets", "b", "2"), put("users", "u", "a"))
	for name, last := range map[string]records.Change{
		"has another value": replace("tickets", "a", "x", "3"),
		"already exists":    put("tickets", "a", "3"),
		"does not exist":    replace("tickets", "c", "1", "3"),
	} {
		err := store.Apply(t.Context(), b, records.Txn{Changes: []records.Change{remove("tickets", "b", "2"), put("users", "v", "x"), last}})
		var conflict *records.ConflictError
		if !errors.As(err, &conflict) || conflict.Table != "tickets" || conflict.Key != last.Key {
			t.Errorf("%s: %v", name, err)
		}
	}
	if d := cmp.Diff(map[string]string{"a": "1", "b": "2"}, table(t, store, b, "tickets")); d != "" {
		t.Errorf("after refusals (-want +got):\n%s", d)
	}
	apply(t, store, b, replace("tickets", "a", "1", "4"), remove("tickets", "b", "2"),
		records.Change{Table: "users", Key: "u", Any: true, Value: []byte("new")}, records.Change{Table: "users", Key: "none", Any: true})
	if d := cmp.Diff(map[string]string{"a": "4"}, table(t, store, b, "tickets")); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	got, err := store.Get(t.Context(), b, "users", "u", "none")
	if d := cmp.Diff(map[string][]byte{"u": []byte("new")}, got); d != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, d)
	}
}

func bounded(t *testing.T, store records.Store, b records.Partition) {
	step := func(key string) error {
		return store.Apply(t.Context(), b, records.Txn{
			Changes: []records.Change{put("tickets", key, key), put("users", key, key)},
			Bounds:  []records.Bound{{Table: "tickets", Most: 2}},
		})
	}
	if err := errors.Join(step("a"), step("b")); err != nil {
		t.Fatal(err)
	}
	var full *records.FullError
	if err := step("c"); !errors.As(err, &full) || full.Table != "tickets" {
		t.Errorf("a third record: %v, want *FullError", err)
	}
	if d := cmp.Diff(map[string]string{"a": "a", "b": "b"}, table(t, store, b, "users")); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func oneWins(t *testing.T, store records.Store, b records.Partition) {
	apply(t, store, b, put("tickets", "a", "free"), put("tickets", "b", "free"))
	var all sync.WaitGroup
	errs := make([]error, 16)
	for i := range errs {
		all.Go(func() {
			errs[i] = store.Apply(t.Context(), b, records.Txn{Changes: []records.Change{
				replace("tickets", "a", "free", fmt.Sprint(i)), replace("tickets", "b", "free", fmt.Sprint(i)),
			}})
		})
	}
	all.Wait()
	won := 0
	for _, err := range errs {
		var conflict *records.ConflictError
		if err == nil {
			won++
		} else if !errors.As(err, &conflict) {
			t.Error(err)
		}
	}
	got := table(t, store, b, "tickets")
	if won != 1 || got["a"] != got["b"] {
		t.Errorf("%d steps succeeded, want 1: %v", won, got)
	}
}

func fenced(t *testing.T, store records.Store, b records.Partition, lapse func(time.Duration)) {
	const ttl = 5 * time.Second // the steps before its end may take long
	acquire := func(holder string) (records.Fence, bool) {
		t.Helper()
		f, held, err := store.Acquire(t.Context(), b, holder, ttl)
		if err != nil {
			t.Fatal(err)
		}
		return f, held
	}
	first, held := acquire("one")
	if _, other := acquire("two"); !held || other {
		t.Fatalf("held by one: %v, held by two: %v; want only one", held, other)
	}
	if again, held := acquire("one"); !held || again != first {
		t.Errorf("renewed: %+v, was %+v", again, first)
	}
	if holder, err := store.Holder(t.Context(), b); holder != "one" || err != nil {
		t.Errorf("held by %q, %v", holder, err)
	}
	step := func(f records.Fence, key string) error {
		return store.Apply(t.Context(), b, records.Txn{Changes: []records.Change{put("rounds", key, "x")}, Fence: &f})
	}
	if err := step(first, "a"); err != nil {
		t.Errorf("step of the holder: %v", err)
	}
	lapse(ttl + 100*time.Millisecond)
	if err := step(first, "b"); !errors.Is(err, records.ErrFenced) {
		t.Errorf("step after the lease's end: %v, want ErrFenced", err)
	}
	second, held := acquire("two")
	if !held || second.Token <= first.Token {
		t.Errorf("two: %+v, %v", second, held)
	}
	if err := step(first, "c"); !errors.Is(err, records.ErrFenced) {
		t.Errorf("step of the old holder: %v, want ErrFenced", err)
	}
	if err := step(second, "d"); err != nil {
		t.Errorf("step of the new holder: %v", err)
	}
	if err := store.Release(t.Context(), b, first); err != nil {
		t.Fatal(err)
	}
	if holder, _ := store.Holder(t.Context(), b); holder != "two" {
		t.Errorf("the old holder released the lease of %q", holder)
	}
	if err := store.Release(t.Context(), b, second); err != nil {
		t.Fatal(err)
	}
	if third, held := acquire("one"); !held || third.Token <= second.Token {
		t.Errorf("lease after the release: %+v, %v", third, held)
	}
}

func once(t *testing.T, store records.Store, b records.Partition, lapse func(time.Duration)) {
	const ttl = 5 * time.Second
	step := func(was, value, key string) error {
		return store.Apply(t.Context(), b, records.Txn{
			Changes: []records.Change{replace("t", "k", was, value)}, Once: &records.Once{Scope: "u", Key: key, TTL: ttl},
		})
	}
	made := func(want bool, b records.Partition, scope, key string) {
		t.Helper()
		if got, err := store.Committed(t.Context(), b, scope, key); err != nil || got != want {
			t.Errorf("step %s of %s in %s executed: %v, %v, want %v", key, scope, b, got, err, want)
		}
	}
	apply(t, store, b, put("t", "k", "1"))
	made(false, b, "u", "one")
	if err := step("1", "2", "one"); err != nil {
		t.Fatal(err)
	}
	var conflict *records.ConflictError
	if err := step("1", "3", "two"); !errors.As(err, &conflict) {
		t.Errorf("step from an old value: %v, want *ConflictError", err)
	}
	made(true, b, "u", "one")
	made(false, b, "u", "two")
	made(false, b, "v", "one")
	made(false, b+"x", "u", "one")
	for _, was := range []string{"1", "2"} {
		if err := step(was, "3", "one"); !errors.Is(err, records.ErrCommitted) {
			t.Errorf("same key, from %s: %v, want ErrCommitted", was, err)
		}
	}
	if d := cmp.Diff(map[string]string{"k": "2"}, table(t, store, b, "t")); d != "" {
		t.Errorf("records (-want +got):\n%s", d)
	}
	lapse(ttl + 100*time.Millisecond)
	made(false, b, "u", "one")
	if err := step("2", "3", "one"); err != nil {
		t.Errorf("same key after its TTL: %v", err)
	}
}

func changed(t *testing.T, store records.Store, b records.Partition) {
	apply(t, store, b, put("tickets", "a", "1"), put("tickets", "b", "1"))
	read := func(mark uint64) records.Changes {
		t.Helper()
		c, err := store.Changed(t.Context(), b, "tickets", mark)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	first := read(0)
	if d := cmp.Diff(map[string]string{"a": "1", "b": "1"}, texts(first.Records)); d != "" || !first.Full {
		t.Errorf("first read, Full %v (-want +got):\n%s", first.Full, d)
	}
	if again := read(first.Mark); len(again.Records) != 0 || again.Full || again.Mark != first.Mark {
		t.Errorf("read without a change: %+v", again)
	}
	apply(t, store, b, put("tickets", "c", "1"), remove("tickets", "a", "1"), put("users", "u", "x"))
	apply(t, store, b, replace("tickets", "b", "1", "2"), replace("tickets", "c", "1", "3"))
	next := read(first.Mark)
	if d := cmp.Diff(map[string]string{"a": "", "b": "2", "c": "3"}, texts(next.Records)); d != "" || next.Full {
		t.Errorf("second read, Full %v (-want +got):\n%s", next.Full, d)
	}
	if lost := read(next.Mark + 1000); !lost.Full || len(lost.Records) != 2 {
		t.Errorf("unknown mark: %+v, want the whole table", lost)
	}
}
