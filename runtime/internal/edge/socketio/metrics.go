package socketio

import (
	"errors"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/anteroom/anteroom/runtime/internal/edge/engineio"
)

// newCuts counts clients that are cut before their CONNECT is answered.
func newCuts() *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "anteroom_cuts_before_connect_total",
		Help: "Clients cut before CONNECT was answered: for the connectTimeout, too many packets or namespaces, " +
			"an early event, a packet that is none, or by the transport (a message that is too large, a connection that failed).",
	}, []string{"reason"})
}

// cutReason is the metric's word for what a client was cut for.
func cutReason(err error) string {
	switch {
	case errors.Is(err, errLate):
		return "timeout"
	case errors.Is(err, errFlood):
		return "flood"
	case errors.Is(err, errStrays):
		return "namespaces"
	case errors.Is(err, errEarly):
		return "event"
	case errors.Is(err, errTransport):
		return "transport"
	default:
		return "packet"
	}
}

// register makes the metrics of a server: what its engine counts, read when they
// are asked for, the warnings of clients that read too slowly, and the cuts.
func register(reg prometheus.Registerer, engine *engineio.Server, backlogs *atomic.Uint64, vectors ...prometheus.Collector) {
	stat := func(read func(engineio.Stats) float64) func() float64 {
		return func() float64 { return read(engine.Stats()) }
	}
	gauge := func(name, help string, read func(engineio.Stats) float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, stat(read))
	}
	counter := func(name, help string, read func(engineio.Stats) float64) prometheus.Collector {
		return prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help}, stat(read))
	}
	reg.MustRegister(vectors...)
	reg.MustRegister(
		gauge("anteroom_transports", "Engine.IO sessions that are open, connected or not.",
			func(s engineio.Stats) float64 { return float64(s.Sessions) }),
		gauge("anteroom_websockets", "WebSocket connections that are open.",
			func(s engineio.Stats) float64 { return float64(s.Conns) }),
		counter("anteroom_handshakes_total", "Engine.IO sessions that were opened.",
			func(s engineio.Stats) float64 { return float64(s.Opened) }),
		counter("anteroom_slow_consumers_total", "Clients cut because more than outboundBytes waited for them.",
			func(s engineio.Stats) float64 { return float64(s.SlowConsumers) }),
		counter("anteroom_outbound_frames_total", "Frames written to WebSockets.",
			func(s engineio.Stats) float64 { return float64(s.Frames) }),
		counter("anteroom_outbound_bytes_total", "Bytes written to WebSockets.",
			func(s engineio.Stats) float64 { return float64(s.Bytes) }),
		counter("anteroom_outbound_writes_total", "System calls that wrote to WebSockets.",
			func(s engineio.Stats) float64 { return float64(s.Writes) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "anteroom_outbound_backlogs_total",
			Help: "Times that more than half of outboundBytes waited for a client.",
		}, func() float64 { return float64(backlogs.Load()) }),
	)
}
