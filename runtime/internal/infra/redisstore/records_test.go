package redisstore_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/google/go-cmp/cmp"

	"github.com/anteroom/anteroom/runtime/internal/core/records"
	"github.com/anteroom/anteroom/runtime/internal/core/records/recordstest"
	"github.com/anteroom/anteroom/runtime/internal/infra/redisstore"
	"github.com/anteroom/anteroom/test/redistest"
)

func TestRecords(t *testing.T) {
	for name, start := range map[string]func(t *testing.T) (redisstore.Options, func(time.Duration)){
		"miniredis": func(t *testing.T) (redisstore.Options, func(time.Duration)) {
			m := miniredis.RunT(t)
			return redisstore.Options{Topology: redisstore.Standalone, Addresses: []string{m.Addr()}}, m.FastForward
		},
		"standalone": func(t *testing.T) (redisstore.Options, func(time.Duration)) {
			return standalone(redistest.Start(t)), passes
		},
		"cluster": func(t *testing.T) (redisstore.Options, func(time.Duration)) {
			return clustered(redistest.StartCluster(t)), passes
		},
		"sentinel": func(t *testing.T) (redisstore.Options, func(time.Duration)) {
			return watched(redistest.StartSentinel(t, 30*time.Second)), passes
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			options, lapse := start(t)
			recordstest.Contract(t, open(t, options).Records("tickets"), lapse)
		})
	}
}

// passes waits, because the clock of a real server cannot be set.
func passes(d time.Duration) { <-time.After(d) }

// Deleted records leave their keys in the set of versions, which is bounded.
func TestRecordsBoundsDeletedKeys(t *testing.T) {
	m := miniredis.RunT(t)
	store := open(t, redisstore.Options{Topology: redisstore.Standalone, Addresses: []string{m.Addr()}}).Records("tickets")
	apply := func(changes ...records.Change) {
		t.Helper()
		if err := store.Apply(t.Context(), "q", records.Txn{Changes: changes}); err != nil {
			t.Fatal(err)
		}
	}
	apply(records.Change{Table: "tickets", Key: "stays", Value: []byte("x")})
	before, err := store.Changed(t.Context(), "q", "tickets", 0)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 6000 {
		key := fmt.Sprint("t", i)
		apply(records.Change{Table: "tickets", Key: key, Value: []byte("x")}, records.Change{Table: "tickets", Key: key, Any: true})
	}
	after, err := store.Changed(t.Context(), "q", "tickets", before.Mark)
	if err != nil {
		t.Fatal(err)
	}
	want := []records.Record{{Key: "stays", Value: []byte("x")}}
	if d := cmp.Diff(want, after.Records); d != "" || !after.Full {
		t.Errorf("old mark: Full %v (-want +got):\n%s", after.Full, d)
	}
	last, err := store.Changed(t.Context(), "q", "tickets", after.Mark-3)
	if err != nil || last.Full {
		t.Errorf("recent mark: %+v, %v", last, err)
	}
}
