package app

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/anteroom/anteroom/runtime/internal/cluster/peer"
	"github.com/anteroom/anteroom/runtime/internal/edge/admission"
	"github.com/anteroom/anteroom/runtime/internal/edge/socketio"
)

// forwardMargin is how much longer than a poll may wait its forwarding may take.
const forwardMargin = 10 * time.Second

// podAddress is the environment's word for the address that other pods can reach.
const podAddress = "POD_IP"

// peers connects this pod with the other pods: it receives forwarded requests, and forwards
// requests to them. Nil means that the pod runs alone.
type peers struct {
	listener  net.Listener
	self      peer.Endpoint
	forwarder *peer.Forwarder
	server    *http.Server
	// conns is set before serve.
	conns *admission.Limit
}

// listenPeers opens the peer port; nil without an address.
func listenPeers(ctx context.Context, address string) (*peers, error) {
	if address == "" {
		return nil, nil
	}
	var ports net.ListenConfig
	listener, err := ports.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen for other servers: %w", err)
	}
	return &peers{listener: listener, self: peer.NewEndpoint(advertised(listener.Addr(), os.Getenv(podAddress)))}, nil
}

// advertised is the address to give to others. A listener on all addresses is
// reached at the pod's own; without that, only from the same machine.
func advertised(listening net.Addr, pod string) string {
	host, port, err := net.SplitHostPort(listening.String())
	if ip := net.ParseIP(host); err != nil || ip != nil && !ip.IsUnspecified() {
		return listening.String()
	}
	if pod == "" {
		pod = "127.0.0.1"
	}
	return net.JoinHostPort(pod, port)
}

// key begins the session ids of this pod.
func (p *peers) key() string {
	if p == nil {
		return ""
	}
	return p.self.Key
}

// join puts the forwarder before the sockets of a core.
func (p *peers) join(k *core, book peer.Book, a *App) {
	k.entrance = k.sockets
	if p == nil {
		return
	}
	e := a.settings.config.Engine
	lease := a.settings.config.Presence
	k.directory = peer.NewDirectory(book, p.self, lease.LeaseInterval.Duration, lease.LeaseTTL.Duration, a.log)
	p.forwarder = peer.NewForwarder(peer.ForwarderOptions{
		Directory: k.directory, SessionID: socketio.SessionID, Next: k.sockets, Log: a.log,
		Deadline: e.PingInterval.Duration + e.PingTimeout.Duration + forwardMargin,
	})
	k.entrance = p.forwarder
	a.registry.MustRegister(p)
}

// serve receives requests of other pods and answers them with this pod's report, until end.
func (p *peers) serve(k *core, report http.Handler, log *slog.Logger, failed chan<- error) {
	if p == nil {
		return
	}
	p.server = p.conns.Guard(newHTTPServer(peer.Receive(p.self, k.sockets, report), log), admission.Unauthorized)
	p.server.MaxHeaderBytes = 2 * maxHeader // a client's, and ours
	go serve(p.server, p.listener, "peer", failed)
}

// close ends what this pod forwards, and waits until the last request that others
// have forwarded is answered, or ctx ends.
func (p *peers) close(ctx context.Context) {
	if p == nil {
		return
	}
	p.forwarder.Close()
	_ = p.server.Shutdown(ctx) // end cuts what is left
}

// end closes the peer port.
func (p *peers) end() {
	switch {
	case p == nil:
	case p.server == nil:
		_ = p.listener.Close()
	default:
		_ = p.server.Close()
	}
}

var (
	forwardsDesc = prometheus.NewDesc("anteroom_forwards",
		"Requests and WebSockets of other servers' sessions that are being forwarded.", nil, nil)
	forwardsTotalDesc = prometheus.NewDesc("anteroom_forwards_total",
		"Requests of other servers' sessions, by how that went: served, dead (the server is gone), late, full (refused here).",
		[]string{"outcome"}, nil)
)

// Describe implements prometheus.Collector.
func (*peers) Describe(out chan<- *prometheus.Desc) {
	out <- forwardsDesc
	out <- forwardsTotalDesc
}

// Collect implements prometheus.Collector.
func (p *peers) Collect(out chan<- prometheus.Metric) {
	s := p.forwarder.Stats()
	out <- prometheus.MustNewConstMetric(forwardsDesc, prometheus.GaugeValue, float64(s.Now))
	for outcome, n := range map[string]int64{"served": s.Served, "dead": s.Dead, "late": s.Late, "full": s.Full} {
		out <- prometheus.MustNewConstMetric(forwardsTotalDesc, prometheus.CounterValue, float64(n), outcome)
	}
}
