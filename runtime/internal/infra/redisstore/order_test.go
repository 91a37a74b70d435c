package redisstore_test

import (
	"errors"
	"testing"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
)

// order checks that events of a subject are refused unless they are newer than the stream's
// last event of it. Subjects and streams are independent.
func order(t *testing.T, b *backend) {
	of := func(id stream.ID, key string, value uint64) stream.Commit {
		c := numbered(id, 1)
		c.Order = &stream.Order{Key: key, Value: value, TTL: time.Hour}
		return c
	}
	outdated := func(c stream.Commit) {
		t.Helper()
		if _, err := b.Commit(t.Context(), c); !errors.Is(err, stream.ErrOutdated) {
			t.Errorf("value %d: %v, want ErrOutdated", c.Order.Value, err)
		}
	}
	made := of(room, "t", 7)
	made.Once = &stream.Once{Scope: "mm", Key: "k", TTL: time.Hour}
	put(t, b, made)
	outdated(of(room, "t", 6))
	outdated(of(room, "t", 7))
	if r, err := b.Commit(t.Context(), made); err != nil || !r.Repeated {
		t.Errorf("repeat of the first commit: %+v, %v", r, err)
	}
	put(t, b, of(room, "u", 1))
	put(t, b, of("lobby:other", "t", 1))
	put(t, b, of(room, "t", 1<<53-1))
	put(t, b, of(room, "t", 1<<53))
	outdated(of(room, "t", 1<<53-1))
	put(t, b, numbered(room, 5)) // without an order
	if now := load(t, b, room); now.Seq != 5 {
		t.Errorf("seq %d after 5 commits and refusals, want 5", now.Seq)
	}
	// The remembered order expires, and a refused commit does not extend it.
	brief := of(room, "v", 9)
	brief.Order.TTL = 200 * time.Millisecond
	put(t, b, brief)
	outdated(of(room, "v", 8))
	put(t, b, of(room, "v", 8))
}
