package app

import (
	"crypto/tls"
	"net/http"
	"net/netip"
	"os"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/anteroom/anteroom/api/config/v1alpha1"
	"github.com/anteroom/anteroom/runtime/internal/infra/webhook"
)

// hooks calls webhooks at the addresses that the configuration allows. All calls share
// one client; nil hooks reach public addresses and Services.
type hooks struct {
	targets webhook.Targets
	shared  *http.Client
	// refused counts the connections that were not made.
	refused *prometheus.CounterVec
}

// resolvConf is where a pod reads which DNS domain the Kubernetes cluster has.
const resolvConf = "/etc/resolv.conf"

// newHooks reads a valid configuration.
func newHooks(c *v1alpha1.RuntimeConfig) *hooks {
	resolver, _ := os.ReadFile(resolvConf) // without one, the usual domain holds
	h := &hooks{refused: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "anteroom_webhook_refused_addresses_total",
		Help: "Connections to webhooks that were refused for their address: private (of no Service by its name) or node (loopback, link-local, metadata).",
	}, []string{"kind"}), targets: webhook.Targets{
		Namespaces: c.Webhooks.ServiceNamespaces, Namespace: c.Cluster.Namespace, Domain: webhook.DomainOf(string(resolver)),
	}}
	for _, text := range c.Webhooks.AllowCIDRs {
		if allowed, err := netip.ParsePrefix(text); err == nil {
			h.targets.Allow = append(h.targets.Allow, allowed.Masked())
		}
	}
	h.targets.Refused = func(e *webhook.AddressError) {
		kind := "node"
		if e.Private {
			kind = "private"
		}
		h.refused.WithLabelValues(kind).Inc()
	}
	h.shared = h.targets.Client(nil)
	return h
}

// client is the shared one.
func (h *hooks) client() *http.Client {
	if h == nil {
		return nil
	}
	return h.shared
}

// once is a client for a single call, with a certificate of its own.
func (h *hooks) once(config *tls.Config) *http.Client {
	var targets webhook.Targets
	if h != nil {
		targets = h.targets
	}
	c := targets.Client(config)
	if transport, ok := c.Transport.(*http.Transport); ok {
		transport.DisableKeepAlives = true // the certificate may be another one next time
	}
	return c
}
