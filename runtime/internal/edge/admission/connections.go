// Package admission decides which connections a server accepts: it bounds the connections of
// each port, and refuses handshakes while the server is starting, full or short of memory.
package admission

import (
	"net"
	"net/http"
	"slices"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
)

// Bounds of the connections of a port, without WebSockets, which the engine counts. An idle
// connection takes about 23 KiB.
const (
	// clientConns bounds the connections of clients without a session. Each polling session
	// adds pollerConns.
	clientConns = 2048
	pollerConns = 4
	APIConns    = 1024
	AdminConns  = 256
	// PeerConns bounds the connections of other servers' forwarded requests, polls included.
	PeerConns = 16384
)

// ClientConns returns the bound of the client port for a number of polling sessions.
func ClientConns(polling int) int { return clientConns + pollerConns*polling }

// Limit counts the connections of a port from the accept until they end or become a WebSocket.
// It closes connections beyond its bound before it reads from them.
type Limit struct {
	port string
	// most returns the bound; it is called for each connection.
	most    func() int
	open    atomic.Int64
	refused atomic.Uint64
}

// count is the ConnState of the port's server.
func (p *Limit) count(c net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		if p.open.Add(1) > int64(p.most()) {
			p.refused.Add(1)
			_ = c.Close() // its read fails, and the server ends it
		}
	case http.StateHijacked, http.StateClosed:
		p.open.Add(-1)
	}
}

// Limits are the limits of all ports. As a collector it exports counts and bounds.
type Limits []*Limit

// Add makes the limit of a port.
func (all *Limits) Add(port string, most func() int) *Limit {
	p := &Limit{port: port, most: most}
	*all = append(*all, p)
	return p
}

// Guard applies the limit to a server. A connection ends after an answer whose status is final.
func (p *Limit) Guard(server *http.Server, final func(status int) bool) *http.Server {
	server.ConnState = p.count
	server.Handler = ending(server.Handler, final)
	return server
}

var (
	openDesc = prometheus.NewDesc("anteroom_http_connections",
		"TCP connections that are open and no WebSockets, by port: client, api, admin or peer.", []string{"port"}, nil)
	mostDesc = prometheus.NewDesc("anteroom_http_connections_limit",
		"How many of them there may be; of client, it grows with the sessions that poll.", []string{"port"}, nil)
	beyondDesc = prometheus.NewDesc("anteroom_http_connections_refused_total",
		"Connections closed at once, because there were as many as may be.", []string{"port"}, nil)
)

// Describe implements prometheus.Collector.
func (Limits) Describe(out chan<- *prometheus.Desc) {
	out <- openDesc
	out <- mostDesc
	out <- beyondDesc
}

// Collect implements prometheus.Collector.
func (all Limits) Collect(out chan<- prometheus.Metric) {
	for _, p := range all {
		out <- prometheus.MustNewConstMetric(openDesc, prometheus.GaugeValue, float64(p.open.Load()), p.port)
		out <- prometheus.MustNewConstMetric(mostDesc, prometheus.GaugeValue, float64(p.most()), p.port)
		out <- prometheus.MustNewConstMetric(beyondDesc, prometheus.CounterValue, float64(p.refused.Load()), p.port)
	}
}

// Fixed returns a constant bound.
func Fixed(n int) func() int { return func() int { return n } }

// Failed reports whether a status is an error: the client of such an answer has no session.
func Failed(status int) bool { return status >= http.StatusBadRequest }

// Unauthorized reports whether a status refuses the caller.
func Unauthorized(status int) bool {
	return slices.Contains([]int{http.StatusUnauthorized, http.StatusForbidden}, status)
}

// ending closes a connection after a final answer, so that a refused client keeps none open.
func ending(next http.Handler, final func(status int) bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(&lastWord{w, final}, r)
	})
}

// lastWord is a ResponseWriter that says Connection: close with final answers.
type lastWord struct {
	http.ResponseWriter
	final func(status int) bool
}

// WriteHeader implements http.ResponseWriter.
func (w *lastWord) WriteHeader(status int) {
	if w.final(status) {
		w.Header().Set("Connection", "close")
	}
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap is for http.ResponseController: a connection can still become a WebSocket.
func (w *lastWord) Unwrap() http.ResponseWriter { return w.ResponseWriter }
