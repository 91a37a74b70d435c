package webhook

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Targets says which addresses calls may reach, besides public ones. Who writes a policy
// names a URL and holds no right to reach the network of the servers; so private addresses
// are for Services of the Kubernetes cluster, and a node's own addresses for nobody. The
// address is judged when a connection is made, after DNS: what a name resolved to earlier
// does not matter. The zero Targets allow every Service and nothing else that is private.
type Targets struct {
	// Allow are ranges that may be reached whatever they are and by whatever name.
	Allow []netip.Prefix
	// Namespaces are those whose Services may be reached at private addresses; empty means
	// those of all.
	Namespaces []string
	// Namespace is the servers' own, in which names of one label are looked for.
	Namespace string
	// Domain is the DNS domain of the Kubernetes cluster; "" means cluster.local.
	Domain string
	// Refused is called for each refused connection; it may be nil.
	Refused func(*AddressError)
	// Lookup resolves names of Services; nil means the system's DNS.
	Lookup func(ctx context.Context, name string) ([]netip.Addr, error)
}

// AddressError says that an address may not be called.
type AddressError struct {
	Address netip.Addr
	// Private is true for an address that a Service may have.
	Private bool
}

// Error makes *AddressError an error. It tells the next step and no URL.
func (e *AddressError) Error() string {
	if e.Private {
		return fmt.Sprintf("the address %s is private, and its name is not a Service's (name.namespace.svc) of a namespace that spec.webhooks of the RealtimeCluster allows: use that name, or allow the range in allowCIDRs there", e.Address)
	}
	return fmt.Sprintf("the address %s belongs to the node or its network: webhooks do not reach it unless spec.webhooks.allowCIDRs of the RealtimeCluster has it", e.Address)
}

// Client makes calls to the targets and nowhere else; config may be nil.
func (t Targets) Client(config *tls.Config) *http.Client {
	proxies := proxiesOf(os.Getenv)
	return &http.Client{
		Transport: &http.Transport{
			Proxy: t.proxy,
			DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
				if slices.Contains(proxies, address) {
					return dialer(nil).DialContext(ctx, network, address)
				}
				return t.dial(ctx, network, address)
			},
			TLSClientConfig:       config,
			TLSHandshakeTimeout:   5 * time.Second,
			IdleConnTimeout:       time.Minute,
			MaxConnsPerHost:       callsPerHost,
			MaxIdleConnsPerHost:   8,
			ForceAttemptHTTP2:     true,
			ResponseHeaderTimeout: 30 * time.Second,
		},
		CheckRedirect: stay,
	}
}

// control judges an address right before the connection to it.
type control func(network, address string, _ syscall.RawConn) error

func dialer(c control) *net.Dialer { return &net.Dialer{Timeout: 5 * time.Second, Control: c} }

// judge refuses what may not be reached; service is true for an address that a Service's
// name resolved to.
func (t Targets) judge(service bool) control {
	return func(_, address string, _ syscall.RawConn) error {
		to, err := netip.ParseAddrPort(address)
		if err != nil {
			return fmt.Errorf("judge an address: %w", err)
		}
		err = t.Check(to.Addr(), service)
		if refused := (*AddressError)(nil); t.Refused != nil && errors.As(err, &refused) {
			t.Refused(refused)
		}
		return err
	}
}

// Check reports whether an address may be called; it gives a *AddressError when not.
func (t Targets) Check(address netip.Addr, service bool) error {
	for _, a := range meanings(address) {
		switch {
		case slices.ContainsFunc(t.Allow, func(p netip.Prefix) bool { return p.Contains(a) }):
		case within(a, nodes):
			return &AddressError{Address: address}
		case within(a, private) && !service:
			return &AddressError{Address: address, Private: true}
		}
	}
	return nil
}

// dial connects to a Service by its whole name, or to what is none.
func (t Targets) dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("read an address: %w", err)
	}
	name, ok := t.service(host)
	if !ok {
		return dialer(t.judge(false)).DialContext(ctx, network, address)
	}
	found, err := t.lookup(ctx, name)
	if err != nil || len(found) == 0 { // no Service has that name; another host may
		return dialer(t.judge(false)).DialContext(ctx, network, address)
	}
	var failures []error
	for _, a := range found {
		conn, err := dialer(t.judge(true)).DialContext(ctx, network, net.JoinHostPort(a.String(), port))
		if err == nil {
			return conn, nil
		}
		failures = append(failures, err)
	}
	return nil, errors.Join(failures...)
}

// service is the whole name of the Service that a host names, with the dot at its end;
// ok is false when the host cannot name one, or one of a namespace that is not allowed.
func (t Targets) service(host string) (name string, ok bool) {
	domain := t.Domain
	if domain == "" {
		domain = "cluster.local"
	}
	if _, err := netip.ParseAddr(host); err == nil {
		return "", false
	}
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	short, whole := strings.CutSuffix(strings.TrimSuffix(host, "."+domain), ".svc")
	labels := strings.Split(short, ".")
	switch {
	case whole && len(labels) >= 2, short == host && len(labels) == 2:
	case short == host && len(labels) == 1 && t.Namespace != "":
		labels = append(labels, t.Namespace)
	default:
		return "", false
	}
	if namespace := labels[len(labels)-1]; len(t.Namespaces) > 0 && !slices.Contains(t.Namespaces, namespace) {
		return "", false
	}
	return strings.Join(labels, ".") + ".svc." + domain + ".", true
}

func (t Targets) lookup(ctx context.Context, name string) ([]netip.Addr, error) {
	if t.Lookup != nil {
		return t.Lookup(ctx, name)
	}
	return net.DefaultResolver.LookupNetIP(ctx, "ip", name)
}

// proxy is that of the environment. A proxy resolves names itself; an address that is
// written in the URL is judged here.
func (t Targets) proxy(r *http.Request) (*url.URL, error) {
	through, err := http.ProxyFromEnvironment(r)
	if err != nil || through == nil {
		return through, err
	}
	if a, err := netip.ParseAddr(r.URL.Hostname()); err == nil {
		if err := t.Check(a, false); err != nil {
			return nil, err
		}
	}
	return through, nil
}

// proxiesOf are the addresses of the proxies that the environment names.
func proxiesOf(env func(string) string) []string {
	var all []string
	for _, name := range []string{"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"} {
		text := env(name)
		if text == "" {
			continue
		}
		if !strings.Contains(text, "://") {
			text = "http://" + text
		}
		u, err := url.Parse(text)
		if err != nil {
			continue // the client tells it for each request
		}
		port := u.Port()
		if port == "" {
			port = map[string]string{"http": "80", "https": "443", "socks5": "1080", "socks5h": "1080"}[u.Scheme]
		}
		all = append(all, net.JoinHostPort(u.Hostname(), port))
	}
	return all
}

// DomainOf finds the cluster's DNS domain in the text of a resolv.conf: Kubernetes writes
// the search domain "svc." and that. It is "" where there is none.
func DomainOf(resolvConf string) string {
	for line := range strings.Lines(resolvConf) {
		words := strings.Fields(line)
		if len(words) == 0 || words[0] != "search" {
			continue
		}
		for _, w := range words[1:] {
			if domain, ok := strings.CutPrefix(w, "svc."); ok {
				return strings.TrimSuffix(domain, ".")
			}
		}
	}
	return ""
}
