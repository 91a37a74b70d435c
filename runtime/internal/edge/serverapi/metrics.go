package serverapi

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/anteroom/anteroom/runtime/wire"
)

// metrics count what back ends ask for. Labels are bounded: paths are those of the
// routes, codes those of package wire, targets the kinds there are.
type metrics struct {
	requests  *prometheus.CounterVec
	durations *prometheus.HistogramVec
	events    *prometheus.CounterVec
	emissions *prometheus.CounterVec
}

func newMetrics(registry prometheus.Registerer) *metrics {
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "anteroom_api_requests_total", Help: "Requests to the server API answered, by path and error code or ok.",
		}, []string{"path", "code"}),
		durations: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "anteroom_api_request_duration_seconds",
			Help:    "Time from taking a request to the server API up to its answer.",
			Buckets: []float64{.001, .005, .025, .1, .5, 1, 5, 10},
		}, []string{"path"}),
		events: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "anteroom_api_events_total", Help: "Events that back ends have emitted, by kind of target.",
		}, []string{"target"}),
	}
	m.emissions = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "anteroom_emitter_events_total", Help: "Events of the stock Redis emitters that this server got, by the code they were dropped with, or ok.",
	}, []string{"code"})
	registry.MustRegister(m.requests, m.durations, m.events, m.emissions)
	return m
}

func (m *metrics) request(path string, code wire.Code, took time.Duration) {
	if code == "" {
		code = "ok"
	}
	m.requests.WithLabelValues(path, string(code)).Inc()
	m.durations.WithLabelValues(path).Observe(took.Seconds())
}
