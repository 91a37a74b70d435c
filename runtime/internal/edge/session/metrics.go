package session

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/anteroom/anteroom/runtime/wire"
)

// Metrics count what sessions do. Labels are bounded: events are those that have
// a handler, codes and close reasons are those of package wire.
type Metrics struct {
	connections prometheus.Gauge
	refusals    *prometheus.CounterVec
	closes      *prometheus.CounterVec
	requests    *prometheus.CounterVec
	durations   *prometheus.HistogramVec
	leftOuts    prometheus.Counter
	inFlight    prometheus.Gauge
	crowded     prometheus.Counter
	left        prometheus.Counter
	answerBytes prometheus.Histogram
}

// NewMetrics makes the metrics and registers them. Registering twice with the
// same registry is a mistake of the program and panics.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	m := &Metrics{
		connections: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "anteroom_sessions", Help: "Sessions that are open.",
		}),
		refusals: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "anteroom_session_refusals_total", Help: "Connects that were refused, by error code.",
		}, []string{"code"}),
		closes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "anteroom_session_closes_total",
			Help: "Sessions that ended, by close reason, or client, or transport when that was lost.",
		}, []string{"reason"}),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "anteroom_requests_total", Help: "Requests answered, by event and error code or ok.",
		}, []string{"event", "code"}),
		durations: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "anteroom_request_duration_seconds",
			Help:    "Time from taking a request up to its answer.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, []string{"event"}),
		leftOuts: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "anteroom_left_out_patches_total",
			Help: "Patches that were not sent to clients that read too slowly; a snapshot takes their place.",
		}),
	}
	m.addBudgets()
	reg.MustRegister(m.connections, m.refusals, m.closes, m.requests, m.durations, m.leftOuts,
		m.inFlight, m.crowded, m.left, m.answerBytes)
	return m
}

// addBudgets makes the metrics of what answers may cost.
func (m *Metrics) addBudgets() {
	m.inFlight = prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "anteroom_resume_bytes_in_flight",
		Help: "Bytes that resumes under way may take; they are at most 16 MiB, and resumes beyond wait.",
	})
	m.crowded = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "anteroom_resumes_crowded_total", Help: "Resumes refused because their turn did not come in time.",
	})
	m.left = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "anteroom_resumed_streams_left_total",
		Help: "Streams that had no room, or not for all of their events, in the answer to a resume.",
	})
	m.answerBytes = prometheus.NewHistogram(prometheus.HistogramOpts{
		Name: "anteroom_answer_bytes", Help: "Sizes of answers to requests.",
		Buckets: []float64{256, 1 << 10, 4 << 10, 16 << 10, 64 << 10, 256 << 10, 512 << 10, 1 << 20, 4 << 20},
	})
}

func (m *Metrics) leftOut() { m.leftOuts.Inc() }

func (m *Metrics) opened() { m.connections.Inc() }

func (m *Metrics) refused(code wire.Code) { m.refusals.WithLabelValues(string(code)).Inc() }

func (m *Metrics) closed(reason wire.CloseReason, byClient bool) {
	m.connections.Dec()
	label := string(reason)
	if label == "" {
		label = "transport"
		if byClient {
			label = "client"
		}
	}
	m.closes.WithLabelValues(label).Inc()
}

// request counts an answer; took is 0 for a request that was refused unread.
func (m *Metrics) request(event string, code wire.Code, took time.Duration) {
	label := string(code)
	if label == "" {
		label = "ok"
	}
	m.requests.WithLabelValues(event, label).Inc()
	if took > 0 {
		m.durations.WithLabelValues(event).Observe(took.Seconds())
	}
}
