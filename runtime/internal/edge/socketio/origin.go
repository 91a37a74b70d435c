package socketio

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/anteroom/anteroom/runtime/internal/edge/engineio"
)

// maxOrigin bounds how much of an Origin header an answer or a log quotes, in bytes.
const maxOrigin = 200

// origins says which pages of which sites may connect.
type origins struct {
	any    bool
	listed map[string]bool
}

func newOrigins(allowed []string) origins {
	o := origins{listed: make(map[string]bool, len(allowed))}
	for _, origin := range allowed {
		if origin == "*" {
			o.any = true
			continue
		}
		o.listed[canonical(strings.TrimSuffix(origin, "/"))] = true
	}
	return o
}

// check refuses an origin that is neither listed nor of the host that the request is
// for. Some clients that are no browsers send an Origin too, with ws: or wss:.
func (o origins) check(r *http.Request, origin string) error {
	if o.any || o.listed[canonical(origin)] || SameHost(origin, r.Host) {
		return nil
	}
	return &engineio.Refusal{Reason: engineio.RefusedOrigin, Message: fmt.Sprintf(
		"Forbidden: the origin %.*q is neither this server's host nor in spec.engine.allowedOrigins of the RealtimeCluster",
		maxOrigin, origin)}
}

// canonical writes an origin so that equal ones are the same text: ws is http, wss is https,
// and the port is always there. An origin of another scheme, or none, is its own text.
func canonical(origin string) string {
	if scheme, host, port := splitOrigin(origin); scheme != "" {
		return scheme + "://" + net.JoinHostPort(host, port)
	}
	return strings.ToLower(origin)
}

// SameHost compares an origin with a Host header. A Host header has no scheme: without a port it
// means the default port of the origin's scheme.
func SameHost(origin, host string) bool {
	scheme, name, port := splitOrigin(origin)
	if scheme == "" {
		return false
	}
	scheme, hostName, hostPort := splitOrigin(scheme + "://" + host)
	return scheme != "" && name == hostName && port == hostPort
}

// splitOrigin gives the scheme (http or https), the host and the effective port of an
// origin of the web. The scheme is "" for anything else.
func splitOrigin(origin string) (scheme, host, port string) {
	u, err := url.Parse(strings.ToLower(origin))
	if err != nil || u.User != nil || u.Path != "" || u.RawQuery != "" || u.Fragment != "" {
		return "", "", ""
	}
	switch u.Scheme {
	case "http", "ws":
		scheme, port = "http", "80"
	case "https", "wss":
		scheme, port = "https", "443"
	default:
		return "", "", ""
	}
	if u.Port() != "" {
		port = u.Port()
	}
	if host = u.Hostname(); host == "" {
		return "", "", ""
	}
	return scheme, host, port
}
