package app

import (
	"net/http"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"github.com/anteroom/anteroom/runtime/internal/edge/socketio"
)

// gate refuses requests before they cost anything: with 503 while the server cannot serve, and
// for handshakes beyond the bound of connections or faster than connectsPerSecond.
type gate struct {
	next     atomic.Pointer[http.Handler]
	bounds   []bound
	perSec   func() int
	connects *rate.Limiter
	refused  func(reason string)
}

// bound is a reason to turn new connections away, for as long as it is reached.
type bound struct {
	// reason is the metric's word for it, text the client's.
	reason, text string
	reached      func() bool
}

// newGate makes a gate that is closed until open is called. PerSecond returns the allowed
// connects, with a burst of one second's worth; refused counts the reasons of refusals.
func newGate(perSecond func() int, refused func(reason string), bounds ...bound) *gate {
	now := perSecond()
	return &gate{perSec: perSecond, connects: rate.NewLimiter(rate.Limit(now), now), refused: refused, bounds: bounds}
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
	if handshake(r) {
		if reason, text := g.against(); reason != "" {
			g.refused(reason)
			later(w, text)
			return
		}
	}
	(*next).ServeHTTP(w, r)
}

// handshake reports whether a request begins a connection: it names no session, as the
// engine reads it.
func handshake(r *http.Request) bool {
	return r.Method == http.MethodGet && socketio.SessionID(r) == ""
}

// against says what there is against a new connection; reason is "" for nothing.
func (g *gate) against() (reason, text string) {
	for _, b := range g.bounds {
		if b.reached() {
			return b.reason, b.text
		}
	}
	if !g.admit() {
		return "rate", "this server takes up no more connections right now"
	}
	return "", ""
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
