package socketio

import (
	"net/http"
	"net/url"
	"strings"
)

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
		o.listed[strings.ToLower(strings.TrimSuffix(origin, "/"))] = true
	}
	return o
}

// allows tells whether the pages of an origin may connect; those of the host they
// connect to always may.
func (o origins) allows(r *http.Request, origin string) bool {
	return o.any || o.listed[strings.ToLower(origin)] || sameHost(origin, r.Host)
}

func sameHost(origin, host string) bool {
	u, err := url.Parse(origin)
	return err == nil && u.Host != "" && strings.EqualFold(u.Host, host)
}
