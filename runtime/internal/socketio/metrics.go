package socketio

import (
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/anteroom/anteroom/runtime/internal/engineio"
)

// register makes the metrics of a server: what its engine counts, read when they
// are asked for, and the warnings of clients that read too slowly.
func register(reg prometheus.Registerer, engine *engineio.Server, backlogs *atomic.Uint64) {
	stat := func(read func(engineio.Stats) float64) func() float64 {
		return func() float64 { return read(engine.Stats()) }
	}
	gauge := func(name, help string, read func(engineio.Stats) float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, stat(read))
	}
	counter := func(name, help string, read func(engineio.Stats) float64) prometheus.Collector {
		return prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help}, stat(read))
	}
	reg.MustRegister(
		gauge("anteroom_transports", "Engine.IO sessions that are open, connected or not.",
			func(s engineio.Stats) float64 { return float64(s.Sessions) }),
		gauge("anteroom_websockets", "WebSocket connections that are open.",
			func(s engineio.Stats) float64 { return float64(s.Conns) }),
		counter("anteroom_handshakes_total", "Engine.IO sessions that were opened.",
			func(s engineio.Stats) float64 { return float64(s.Opened) }),
		counter("anteroom_transport_refusals_total", "Requests that the engine refused.",
			func(s engineio.Stats) float64 { return float64(s.Refused) }),
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
