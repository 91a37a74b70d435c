package app

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"testing"
	"time"

	"github.com/anteroom/anteroom/api/config/v1alpha1"
	"github.com/anteroom/anteroom/runtime/internal/domain/matchmaking"
)

func TestFigures(t *testing.T) {
	counts, fault := []int{3, 0}, error(nil)
	now := time.UnixMilli(100_000)
	f := &figures{
		types:  func() []string { return []string{"duel", "party"} },
		living: func(context.Context, []string) ([]int, error) { return counts, fault },
		queues: func() map[string]matchmaking.Stats {
			return map[string]matchmaking.Stats{
				"ranked": {Depth: 7, OldestAt: 87_500, WaitP50Ms: 1, WaitP95Ms: 30_000, Matches: 2},
				"empty":  {},
			}
		},
		streams: func() map[string]int { return nil }, log: slog.New(slog.DiscardHandler),
	}
	if f.lobbies() != nil {
		t.Error("lobbies are told before they are counted")
	}
	f.count(t.Context())
	if got := f.lobbies(); !maps.Equal(got, map[string]int32{"duel": 3, "party": 0}) {
		t.Errorf("lobbies are %v", got)
	}
	want := map[string]v1alpha1.QueueStatus{
		"ranked": {Depth: 7, OldestTicketSeconds: 13, WaitSecondsP50: 1, WaitSecondsP95: 30, MatchesPerMinute: 2}, "empty": {},
	}
	if got := f.status(now); !maps.Equal(got, want) {
		t.Errorf("queues are %v", got)
	}
	fault = errors.New("away")
	if f.count(t.Context()); f.lobbies() != nil {
		t.Error("what cannot be counted any more is still told")
	}
}

func TestStatusCountsLobbies(t *testing.T) {
	r := startReady(t, nil, "duel", "quiet")
	ada, _ := r.user("ada")
	if a := ada.ask("lobby:create", map[string]any{"type": "duel", "visibility": "private"}); !a.OK {
		t.Fatal(a.Error)
	}
	r.until("counted", func() bool {
		_, body := r.get(r.admin + v1alpha1.StatusPath)
		var s v1alpha1.ServerStatus
		return json.Unmarshal([]byte(body), &s) == nil && maps.Equal(s.Lobbies, map[string]int32{"duel": 1, "quiet": 0})
	})
}
