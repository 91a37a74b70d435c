package app

import (
	"net/http"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"
)

// gate stands before everything that costs something: it answers 503 while there
// is nothing to serve with, and to handshakes beyond connectsPerSecond.
type gate struct {
	next     atomic.Pointer[http.Handler]
	perSec   func() int
	connects *rate.Limiter
	refused  func()
}

// newGate makes a gate that is shut until open is called. PerSecond gives the
// connects that are let in, with a burst of one second's worth; refused is told
// of those that are not.
func newGate(perSecond func() int, refused func()) *gate {
	now := perSecond()
	return &gate{perSec: perSecond, connects: rate.NewLimiter(rate.Limit(now), now), refused: refused}
}

// open lets requests through to next.
func (g *gate) open(next http.Handler) { g.next.Store(&next) }

// ServeHTTP implements http.Handler.
func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	next := g.next.Load()
	if next == nil {
		later(w, "this server is starting")
		return
	}
	if handshake(r) && !g.admit() {
		g.refused()
		later(w, "this server takes up no more connections right now")
		return
	}
	(*next).ServeHTTP(w, r)
}

// handshake tells whether a request begins a connection: it names no session.
func handshake(r *http.Request) bool {
	return r.Method == http.MethodGet && !r.URL.Query().Has("sid")
}

func (g *gate) admit() bool {
	now := time.Now()
	if wanted := g.perSec(); wanted != g.connects.Burst() {
		g.connects.SetLimitAt(now, rate.Limit(wanted))
		g.connects.SetBurstAt(now, wanted)
	}
	return g.connects.AllowN(now, 1)
}

func later(w http.ResponseWriter, text string) {
	w.Header().Set("Retry-After", "1")
	w.Header().Set("Cache-Control", "no-store")
	http.Error(w, text, http.StatusServiceUnavailable)
}
