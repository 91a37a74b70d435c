package admission

import (
	"net/http"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"github.com/anteroom/anteroom/runtime/internal/edge/socketio"
)

// Gate refuses requests before they cost anything: with 503 while the server cannot serve, and
// for handshakes beyond the bound of connections or faster than connectsPerSecond.
type Gate struct {
	next     atomic.Pointer[http.Handler]
	bounds   []Bound
	perSec   func() int
	connects *rate.Limiter
	refused  func(reason string)
}

// Bound is a reason to turn new connections away, for as long as it is reached.
type Bound struct {
	// Reason is the label of the metric, Text the message to the client.
	Reason, Text string
	Reached      func() bool
}

// NewGate makes a gate that is closed until Open is called. PerSecond returns the allowed
// connects, with a burst of one second's worth; refused counts the reasons of refusals.
func NewGate(perSecond func() int, refused func(reason string), bounds ...Bound) *Gate {
	now := perSecond()
	return &Gate{perSec: perSecond, connects: rate.NewLimiter(rate.Limit(now), now), refused: refused, bounds: bounds}
}

// Open lets requests through to next.
func (g *Gate) Open(next http.Handler) { g.next.Store(&next) }

// ServeHTTP implements http.Handler.
func (g *Gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	next := g.next.Load()
	if next == nil {
		RetryLater(w, "this server is starting")
		return
	}
	if handshake(r) {
		if reason, text := g.against(); reason != "" {
			g.refused(reason)
			RetryLater(w, text)
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
func (g *Gate) against() (reason, text string) {
	for _, b := range g.bounds {
		if b.Reached() {
			return b.Reason, b.Text
		}
	}
	if !g.admit() {
		return "rate", "this server takes up no more connections right now"
	}
	return "", ""
}

func (g *Gate) admit() bool {
	now := time.Now()
	if wanted := g.perSec(); wanted != g.connects.Burst() {
		g.connects.SetLimitAt(now, rate.Limit(wanted))
		g.connects.SetBurstAt(now, wanted)
	}
	return g.connects.AllowN(now, 1)
}

// RetryLater answers 503, and asks the client to try again in a second.
func RetryLater(w http.ResponseWriter, text string) {
	w.Header().Set("Retry-After", "1")
	w.Header().Set("Cache-Control", "no-store")
	http.Error(w, text, http.StatusServiceUnavailable)
}
