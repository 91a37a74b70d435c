package envtesting

import (
	"net/http"
	"strings"
	"sync"

	"k8s.io/client-go/rest"
)

// Requests counts the requests of a client to the API server, without leases.
type Requests struct {
	mu     sync.Mutex
	counts map[string]int
	// writes are the method and path of each writing request.
	writes []string
}

// Count returns a configuration whose requests are counted.
func Count(config *rest.Config) (*rest.Config, *Requests) {
	counted := rest.CopyConfig(config)
	counted.QPS, counted.Burst = 1000, 2000
	r := &Requests{counts: map[string]int{}}
	counted.Wrap(func(next http.RoundTripper) http.RoundTripper { return counter{next: next, r: r} })
	return counted, r
}

// Writes lists the writing requests since the last Reset.
func (r *Requests) Writes() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.writes...)
}

// Reads returns the number of reading requests since the last Reset.
func (r *Requests) Reads() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.counts[http.MethodGet]
}

// Reset sets the counts to zero.
func (r *Requests) Reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.counts, r.writes = map[string]int{}, nil
}

type counter struct {
	next http.RoundTripper
	r    *Requests
}

// RoundTrip implements http.RoundTripper.
func (c counter) RoundTrip(request *http.Request) (*http.Response, error) {
	if !strings.Contains(request.URL.Path, "/leases") && !strings.Contains(request.URL.RawQuery, "watch=") {
		c.r.mu.Lock()
		c.r.counts[request.Method]++
		if request.Method != http.MethodGet {
			c.r.writes = append(c.r.writes, request.Method+" "+request.URL.Path)
		}
		c.r.mu.Unlock()
	}
	return c.next.RoundTrip(request)
}
