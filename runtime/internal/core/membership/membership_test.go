package membership_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/oklog/ulid/v2"

	"github.com/anteroom/anteroom/runtime/internal/core/membership"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/internal/core/stream/streamtest"
	"github.com/anteroom/anteroom/runtime/wire"
)

var t0 = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func entry(group string, at time.Time) membership.Membership {
	return membership.Membership{Group: group, ID: ulid.MustNew(ulid.Timestamp(at), ulid.DefaultEntropy()).String()}
}

func TestFullSetDropsStaleEntries(t *testing.T) {
	stand := map[string]bool{}
	b := membership.Store{
		Sets: streamtest.New(streamtest.WithClock(func() time.Time { return t0 })), TTL: time.Hour,
		Now:    func() time.Time { return t0 },
		Exists: func(_ context.Context, _ string, s membership.Membership) (bool, error) { return stand[s.Group], nil },
	}
	enter := func(s membership.Membership) bool {
		t.Helper()
		in, err := b.Add(t.Context(), "set", s, 2, "ann")
		if err != nil {
			t.Fatal(err)
		}
		return in
	}
	old := t0.Add(-time.Minute)
	stand["a"] = true
	if !enter(entry("a", old)) || !enter(entry("gone", old)) {
		t.Fatal("Add refused two entries of two")
	}
	if !enter(entry("young", t0)) {
		t.Error("an entry without a membership was kept in a full set")
	}
	if enter(entry("b", old)) {
		t.Error("a new entry was removed before its commit could follow")
	}
}

func TestVisit(t *testing.T) {
	memory := streamtest.New()
	b := membership.Store{Sets: memory, TTL: time.Hour, Now: time.Now}
	for _, group := range []string{"a", "b"} {
		if _, err := b.Add(t.Context(), "set", entry(group, t0), 9, "ann"); err != nil {
			t.Fatal(err)
		}
	}
	var visited []string
	broken := errors.New("broken")
	err := b.Visit(t.Context(), "set", "lobby", []stream.ID{"lobby:c", "lobby:a", "chat:x"}, func(group string) error {
		visited = append(visited, group)
		return map[string]error{"a": wire.Refuse(wire.CodeNotFound, "gone"), "b": broken}[group]
	})
	if d := cmp.Diff([]string{"a", "b", "c"}, visited); d != "" || !errors.Is(err, broken) || wire.CodeOf(err) != "" {
		t.Errorf("%v (-want +got):\n%s", err, d)
	}
}
