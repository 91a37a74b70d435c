package app

import (
	"net"
	"net/http"
	"slices"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
)

// How many connections a port takes that are no WebSockets, which the engine counts. One
// takes some 23 KiB while it is idle.
const (
	// clientPorch is for those of clients without a session; pollers have pollerConns each.
	clientPorch = 2048
	pollerConns = 4
	apiPorch    = 1024
	adminPorch  = 256
	// peerPorch is for requests that other servers forward, polls included.
	peerPorch = 16384
)

// porch counts the connections of one port from the accept on, until they end or become a
// WebSocket, and ends those beyond its bound before anything of them is read.
type porch struct {
	port string
	// most is asked with each connection.
	most    func() int
	open    atomic.Int64
	refused atomic.Uint64
}

// count is the ConnState of the port's server.
func (p *porch) count(c net.Conn, state http.ConnState) {
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

// porches are those of all ports; as a collector they tell how near each is to its bound.
type porches []*porch

// add makes the porch of a port.
func (all *porches) add(port string, most func() int) *porch {
	p := &porch{port: port, most: most}
	*all = append(*all, p)
	return p
}

// before puts the porch before a server. Final tells which statuses end their connection.
func (p *porch) before(server *http.Server, final func(status int) bool) *http.Server {
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
func (porches) Describe(out chan<- *prometheus.Desc) {
	out <- openDesc
	out <- mostDesc
	out <- beyondDesc
}

// Collect implements prometheus.Collector.
func (all porches) Collect(out chan<- prometheus.Metric) {
	for _, p := range all {
		out <- prometheus.MustNewConstMetric(openDesc, prometheus.GaugeValue, float64(p.open.Load()), p.port)
		out <- prometheus.MustNewConstMetric(mostDesc, prometheus.GaugeValue, float64(p.most()), p.port)
		out <- prometheus.MustNewConstMetric(beyondDesc, prometheus.CounterValue, float64(p.refused.Load()), p.port)
	}
}

// fixed is a bound that does not change.
func fixed(n int) func() int { return func() int { return n } }

// failed counts an answer to a request without a session.
func failed(status int) bool { return status >= http.StatusBadRequest }

// unknown tells of an answer to somebody without a token.
func unknown(status int) bool {
	return slices.Contains([]int{http.StatusUnauthorized, http.StatusForbidden}, status)
}

// ending has connections end with the answers that final tells of, so that who is refused
// keeps nothing open.
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
