// Package headroom keeps the last of Redis' memory for requests that end something. A
// Redis with the policy noeviction refuses every write once it is full: then nobody
// can leave, cancel or close, and leases lapse. Servers therefore refuse requests in an
// order before that: at [AddsUntil] requests that add objects, at [UpdatesUntil] requests that
// change them. Requests that read, end or free something are never refused.
package headroom

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/anteroom/anteroom/runtime/wire"
)

// The shares of Redis' memory, in percent, from which a class of requests is refused.
const (
	AddsUntil    = 90
	UpdatesUntil = 97
)

const (
	// readWithin bounds one reading.
	readWithin = 2 * time.Second
	// Memory is read each restEvery, and each closeEvery from closePercent on.
	restEvery, closeEvery = 5 * time.Second, time.Second
	closePercent          = 60
	// retryAfter is the wait that refused clients are given.
	retryAfter = 5 * time.Second
)

// Memory is the memory of the fullest primary, in bytes. Limit is 0 where Redis has no
// limit, or evicts keys at its limit instead of refusing writes.
type Memory struct{ Used, Limit uint64 }

// Percent is the used share of the limit; 0 without a limit.
func (m Memory) Percent() int {
	if m.Limit == 0 {
		return 0
	}
	return int(float64(m.Used) / float64(m.Limit) * 100)
}

// Watch reads Redis' memory again and again, and refuses requests by it. It is safe for
// concurrent use.
type Watch struct {
	read    func(context.Context) (Memory, error)
	log     *slog.Logger
	last    atomic.Pointer[Memory]
	refused *prometheus.CounterVec
}

// NewWatch makes a Watch. Read gives the memory; until it first succeeded nothing is refused.
func NewWatch(read func(context.Context) (Memory, error), log *slog.Logger) *Watch {
	w := &Watch{read: read, log: log, refused: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "anteroom_redis_full_refusals_total",
		Help: "Requests that were refused to keep the last of Redis' memory, by class: adds from 90 %, updates from 97 %.",
	}, []string{"class"})}
	for _, c := range []Class{Adds, Updates} {
		w.refused.WithLabelValues(string(c))
	}
	return w
}

// Run reads until ctx ends.
func (w *Watch) Run(ctx context.Context) {
	for {
		w.Check(ctx)
		pause := restEvery
		if w.Percent() >= closePercent {
			pause = closeEvery
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}

// Check reads once. A reading that fails changes nothing: a Redis without an answer has no
// writes to refuse either.
func (w *Watch) Check(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, readWithin)
	defer cancel()
	now, err := w.read(ctx)
	if err != nil {
		w.log.Debug("the memory of Redis was not read", "error", err)
		return
	}
	before := w.Percent()
	w.last.Store(&now)
	w.report(before, now)
}

// report logs that a bound was crossed.
func (w *Watch) report(before int, now Memory) {
	for _, bound := range []int{AddsUntil, UpdatesUntil} {
		switch percent := now.Percent(); {
		case before < bound && percent >= bound:
			w.log.Warn("Redis is nearly full; requests are refused", "percent", percent, "used", now.Used, "limit", now.Limit,
				"refused", refusedFrom(bound))
		case before >= bound && percent < bound:
			w.log.Info("Redis has room again", "percent", percent, "served", refusedFrom(bound))
		}
	}
}

func refusedFrom(bound int) Class {
	if bound == AddsUntil {
		return Adds
	}
	return Updates
}

// Memory is the last reading; zero before the first.
func (w *Watch) Memory() Memory {
	if last := w.last.Load(); last != nil {
		return *last
	}
	return Memory{}
}

// Percent is the used share of the limit by the last reading.
func (w *Watch) Percent() int { return w.Memory().Percent() }

// Admit refuses a request of a class while too little memory is left for it. The error is a
// *wire.Error with the code unavailable, which a client may try again.
func (w *Watch) Admit(c Class) error {
	percent := w.Percent()
	if bound, bounded := bounds[c]; !bounded || percent < bound {
		return nil
	}
	w.refused.WithLabelValues(string(c)).Inc()
	refusal := wire.Refuse(wire.CodeUnavailable, fmt.Sprintf(
		"Redis is %d %% full; until it has room, this server takes only requests that read or end something", percent))
	refusal.RetryAfterMs = retryAfter.Milliseconds()
	return refusal
}

// Request is Admit for a client's request. An event outside [Requests] counts as Adds.
func (w *Watch) Request(event string) error { return w.Admit(classOf(Requests, event)) }

// Route is Admit for a request of the server API, as in "POST /v1/lobbies". A route outside
// [Routes] counts as Adds.
func (w *Watch) Route(route string) error { return w.Admit(classOf(Routes, route)) }

func classOf(table map[string]Class, name string) Class {
	if c, listed := table[name]; listed {
		return c
	}
	return Adds
}

var (
	usedDesc = prometheus.NewDesc("anteroom_redis_memory_used_bytes",
		"Memory in use of the fullest Redis primary, as this server read it last.", nil, nil)
	limitDesc = prometheus.NewDesc("anteroom_redis_memory_limit_bytes",
		"Its maxmemory: from 90 % on servers refuse requests that add objects, from 97 % those that change them. 0 is no limit.", nil, nil)
)

// Describe implements prometheus.Collector.
func (w *Watch) Describe(out chan<- *prometheus.Desc) {
	out <- usedDesc
	out <- limitDesc
	w.refused.Describe(out)
}

// Collect implements prometheus.Collector.
func (w *Watch) Collect(out chan<- prometheus.Metric) {
	m := w.Memory()
	out <- prometheus.MustNewConstMetric(usedDesc, prometheus.GaugeValue, float64(m.Used))
	out <- prometheus.MustNewConstMetric(limitDesc, prometheus.GaugeValue, float64(m.Limit))
	w.refused.Collect(out)
}
