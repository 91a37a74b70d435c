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

// allows tells whether a request may go on. Browsers name the page's origin;
// what has none is no browser. A page may always connect to the host it came
// from.
func (o origins) allows(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	return origin == "" || o.any || o.listed[strings.ToLower(origin)] || sameHost(origin, r.Host)
}

func sameHost(origin, host string) bool {
	u, err := url.Parse(origin)
	return err == nil && u.Host != "" && strings.EqualFold(u.Host, host)
}

// answer sets the CORS headers for an origin that is allowed. Cookies may come
// along: the ingress needs its own to find the right server, and none of them is
// read here.
func (o origins) answer(h http.Header, r *http.Request) {
	h.Add("Vary", "Origin")
	origin := r.Header.Get("Origin")
	if origin == "" {
		return
	}
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Access-Control-Allow-Credentials", "true")
	if r.Method != http.MethodOptions {
		return
	}
	h.Set("Access-Control-Allow-Methods", "GET, POST")
	if wanted := r.Header.Get("Access-Control-Request-Headers"); wanted != "" {
		h.Set("Access-Control-Allow-Headers", wanted)
	}
	h.Set("Access-Control-Max-Age", "600")
}
