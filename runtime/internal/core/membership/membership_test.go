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

func stay(group string, at time.Time) membership.Stay {
	return membership.Stay{Group: group, Enrolment: ulid.MustNew(ulid.Timestamp(at), ulid.DefaultEntropy()).String()}
}

func TestFullSetDropsStaleEntries(t *testing.T) {
	stand := map[string]bool{}
	b := membership.Book{
		Sets: streamtest.New(streamtest.WithClock(func() time.Time { return t0 })), TTL: time.Hour,
		Now:    func() time.Time { return t0 },
		Stands: func(_ context.Context, _ string, s membership.Stay) (bool, error) { return stand[s.Group], nil },
	}
	enter := func(s membership.Stay) bool {
		t.Helper()
		in, err := b.Enter(t.Context(), "set", s, 2, "ann")
		if err != nil {
			t.Fatal(err)
		}
		return in
	}
	old := t0.Add(-time.Minute)
	stand["a"] = true
	if !enter(stay("a", old)) || !enter(stay("gone", old)) {
		t.Fatal("Enter refused two entries of two")
	}
	if !enter(stay("young", t0)) {
		t.Error("an entry without a membership was kept in a full set")
	}
	if enter(stay("b", old)) {
		t.Error("a new entry was removed before its commit could follow")
	}
}

func TestVisit(t *testing.T) {
	memory := streamtest.New()
	b := membership.Book{Sets: memory, TTL: time.Hour, Now: time.Now}
	for _, group := range []string{"a", "b"} {
		if _, err := b.Enter(t.Context(), "set", stay(group, t0), 9, "ann"); err != nil {
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
