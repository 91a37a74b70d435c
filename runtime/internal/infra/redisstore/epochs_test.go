package redisstore_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/internal/core/stream/streamtest"
	"github.com/anteroom/anteroom/test/redistest"
)

// restarting returns, for each kind of store, a store whose restart loses nothing.
var restarting = map[string]func(t *testing.T) (store stream.Store, restart func()){
	"memory": func(*testing.T) (stream.Store, func()) {
		m := streamtest.New()
		return m, m.Restart
	},
	"restart with AOF": func(t *testing.T) (stream.Store, func()) {
		s := redistest.Start(t, redistest.AppendOnly())
		return open(t, standalone(s)).Store(), func() {
			s.Kill()
			s.Restart()
		}
	},
	"failover by Sentinel": func(t *testing.T) (stream.Store, func()) {
		s := redistest.StartSentinel(t, 3*time.Second)
		return open(t, watched(s)).Store(), func() {
			s.AwaitInStep()
			old := s.Primary()
			old.Kill()
			s.AwaitNewPrimary(old)
			old.Restart()
			streamtest.Eventually(t, "the old primary is a replica in sync", func() bool {
				out, err := old.Do("INFO", "replication")
				return err == nil && strings.Contains(out, "master_link_status:up")
			})
		}
	},
}

// A stream knows the ends of its earlier epochs, and the epoch of its last event.
func TestEarlierEpochs(t *testing.T) {
	for name, start := range restarting {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store, restart := start(t)
			for n := range 5 {
				put(t, store, numbered(room, n))
			}
			first := load(t, store, room)
			if first.Past != nil || first.CommittedIn() != first.Epoch {
				t.Fatalf("before the restart: %+v", first)
			}
			restart()
			second := load(t, store, room)
			if second.Epoch == first.Epoch || second.CommittedIn() != first.Epoch {
				t.Fatalf("after a restart: %+v, before it %+v", second, first)
			}
			if d := cmp.Diff([]stream.Position{first.Position}, second.Past); d != "" {
				t.Errorf("past after a restart (-want +got):\n%s", d)
			}
			clamps(t, second, first.Epoch, map[uint64]uint64{0: 0, 3: 3, 5: 5, 6: 5})
			clamps(t, second, second.Epoch, map[uint64]uint64{3: 3, 5: 5, 6: 5})
			if _, known := second.Clamp(stream.Position{Epoch: "other", Seq: 1}); known {
				t.Error("Clamp knows an epoch that never existed")
			}
			restart()
			never := uint64(99)
			var conflict *stream.ConflictError
			streamtest.Eventually(t, "a conflict", func() bool {
				c := numbered(room, 9)
				c.Expect = &never
				_, err := store.Commit(t.Context(), c)
				return errors.As(err, &conflict)
			})
			third := conflict.Current
			if len(third.Past) != 2 || third.CommittedIn() != first.Epoch || number(third.Doc) != 4 {
				t.Errorf("after two restarts without a commit: %+v", third)
			}
			clamps(t, third, first.Epoch, map[uint64]uint64{4: 4, 7: 5})
			put(t, store, numbered(room, 6))
			after := load(t, store, room)
			if after.Seq != 6 || after.CommittedIn() != third.Epoch || len(after.Past) != 2 {
				t.Errorf("after a commit: %+v", after)
			}
			clamps(t, after, first.Epoch, map[uint64]uint64{4: 4, 6: 5})
		})
	}
}

// clamps compares the results of Clamp for the seqs of an epoch.
func clamps(t *testing.T, now stream.Snapshot, epoch string, want map[uint64]uint64) {
	t.Helper()
	for seq, in := range want {
		if got, known := now.Clamp(stream.Position{Epoch: epoch, Seq: seq}); !known || got != in {
			t.Errorf("seq %d of epoch %s: %d, %v, want %d", seq, epoch, got, known, in)
		}
	}
}
