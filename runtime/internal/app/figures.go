package app

import (
	"context"
	"log/slog"
	"math"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/anteroom/anteroom/api/config/v1alpha1"
	"github.com/anteroom/anteroom/runtime/internal/domain/matchmaking"
)

const (
	// figuresEvery is how often the lobbies are counted, figuresWithin how long that
	// may take.
	figuresEvery  = 5 * time.Second
	figuresWithin = 2 * time.Second
)

// figures are how many lobbies live, how the queues are doing whose matcher this
// server is, and what it follows for its clients. Whoever asks does not wait for Redis.
type figures struct {
	types  func() []string
	living func(ctx context.Context, types []string) ([]int, error)
	queues func() map[string]matchmaking.Stats
	// streams are those that are followed, by kind.
	streams func() map[string]int
	log     *slog.Logger
	// counted is nil until the lobbies have been counted, and when they cannot be.
	counted atomic.Pointer[map[string]int32]
}

// run counts until ctx ends.
func (f *figures) run(ctx context.Context) {
	tick := time.NewTicker(figuresEvery)
	defer tick.Stop()
	for {
		f.count(ctx)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// count counts once.
func (f *figures) count(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, figuresWithin)
	defer cancel()
	types := f.types()
	counts, err := f.living(ctx, types)
	if err != nil {
		f.log.Debug("lobbies could not be counted", "error", err)
		f.counted.Store(nil)
		return
	}
	byType := make(map[string]int32, len(types))
	for i, t := range types {
		byType[t] = int32(min(counts[i], math.MaxInt32)) //nolint:gosec // it is bounded here
	}
	f.counted.Store(&byType)
}

// lobbies are the living lobbies by type; nil while they are unknown.
func (f *figures) lobbies() map[string]int32 {
	if counted := f.counted.Load(); counted != nil {
		return *counted
	}
	return nil
}

// status is how the queues are doing, at a time.
func (f *figures) status(now time.Time) map[string]v1alpha1.QueueStatus {
	all := map[string]v1alpha1.QueueStatus{}
	for name, s := range f.queues() {
		q := v1alpha1.QueueStatus{
			Depth:            int32(min(s.Depth, math.MaxInt32)), //nolint:gosec // it is bounded here
			WaitSecondsP50:   wholeSeconds(s.WaitP50Ms),
			WaitSecondsP95:   wholeSeconds(s.WaitP95Ms),
			MatchesPerMinute: float64(s.Matches),
		}
		if s.OldestAt > 0 {
			q.OldestTicketSeconds = max(wholeSeconds(now.UnixMilli()-s.OldestAt), 0)
		}
		all[name] = q
	}
	return all
}

// wholeSeconds rounds milliseconds up, so that a reported wait is never too short.
func wholeSeconds(ms int64) int64 { return (ms + 999) / 1000 }

var (
	lobbiesDesc = prometheus.NewDesc("anteroom_lobbies",
		"Living lobbies of the whole cluster by type; each server counts them.", []string{"type"}, nil)
	streamsDesc = prometheus.NewDesc("anteroom_streams",
		"Streams that this server follows for its clients, by kind.", []string{"kind"}, nil)
	queueDepthDesc = prometheus.NewDesc("anteroom_queue_depth",
		"Tickets that wait in a queue; its matcher tells.", []string{"queue"}, nil)
	queueOldestDesc = prometheus.NewDesc("anteroom_queue_oldest_ticket_seconds",
		"How long the first of the tickets that wait has waited.", []string{"queue"}, nil)
	queueWaitDesc = prometheus.NewDesc("anteroom_queue_wait_seconds",
		"Waits that the given share of the tickets matched in the last ten minutes did not exceed.", []string{"queue", "quantile"}, nil)
	queueMatchesDesc = prometheus.NewDesc("anteroom_queue_matches_per_minute",
		"Matches made in the last minute.", []string{"queue"}, nil)
)

// Describe implements prometheus.Collector.
func (*figures) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{lobbiesDesc, streamsDesc, queueDepthDesc, queueOldestDesc, queueWaitDesc, queueMatchesDesc} {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (f *figures) Collect(out chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, value float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	for lobbyType, n := range f.lobbies() {
		gauge(lobbiesDesc, float64(n), lobbyType)
	}
	for kind, n := range f.streams() {
		gauge(streamsDesc, float64(n), kind)
	}
	for name, q := range f.status(time.Now()) {
		gauge(queueDepthDesc, float64(q.Depth), name)
		gauge(queueOldestDesc, float64(q.OldestTicketSeconds), name)
		gauge(queueWaitDesc, float64(q.WaitSecondsP50), name, "0.5")
		gauge(queueWaitDesc, float64(q.WaitSecondsP95), name, "0.95")
		gauge(queueMatchesDesc, q.MatchesPerMinute, name)
	}
}
