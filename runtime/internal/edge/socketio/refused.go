package socketio

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/anteroom/anteroom/runtime/internal/edge/engineio"
	"github.com/anteroom/anteroom/runtime/wire"
)

// warnEvery is how often a refusal of one reason is logged as a warning: a page that
// may not connect tries again for as long as it is open.
const warnEvery = time.Second

// refusals counts and logs the clients that were not let in.
type refusals struct {
	log   *slog.Logger
	count *prometheus.CounterVec

	mu sync.Mutex
	// last is when a reason was logged last, unsaid how many were not logged since.
	last   map[string]time.Time
	unsaid map[string]int
}

func newRefusals(log *slog.Logger) *refusals {
	if log == nil {
		log = slog.Default()
	}
	r := &refusals{
		log: log, last: map[string]time.Time{}, unsaid: map[string]int{},
		count: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "anteroom_transport_refusals_total",
			Help: "Requests that the engine refused, by reason: transport, session, method, request, origin, version, closing or owner.",
		}, []string{"reason"}),
	}
	for _, reason := range engineio.RefusedReasons() {
		r.count.WithLabelValues(reason)
	}
	return r
}

// request takes a request that the engine refused. An unknown session is a client that
// was away for long, and a server that stops is no fault: neither is a warning.
func (f *refusals) request(r *http.Request, reason, message string) {
	f.count.WithLabelValues(reason).Inc()
	level := slog.LevelWarn
	if reason == engineio.RefusedSession || reason == engineio.RefusedClosing {
		level = slog.LevelDebug
	}
	f.say(level, reason, "request refused; the client gets the reason",
		"reason", reason, "message", message, "remote", r.RemoteAddr, "transport", r.URL.Query().Get("transport"))
}

// connect takes a CONNECT that was refused. What a client mends by itself is no warning.
func (f *refusals) connect(c *conn, refused *wire.Error) {
	level := slog.LevelWarn
	switch refused.Code {
	case wire.CodeTokenExpired, wire.CodeDraining, wire.CodeRateLimited:
		level = slog.LevelDebug
	}
	f.say(level, "connect "+string(refused.Code), "connect refused; the client gets the reason",
		"reason", refused.Code, "message", refused.Message, "remote", c.RemoteAddr(), "transport", c.Transport())
}

// say logs a refusal, a warning of each kind at most once in warnEvery.
func (f *refusals) say(level slog.Level, kind, text string, args ...any) {
	if level == slog.LevelWarn {
		unsaid, ok := f.due(kind, time.Now())
		if !ok {
			return
		}
		args = append(args, "notLogged", unsaid)
	}
	f.log.Log(context.Background(), level, text, args...)
}

// due reports whether a kind may be logged now, and how many were not since the last time.
// The kinds are bounded by the codes and reasons there are.
func (f *refusals) due(kind string, now time.Time) (unsaid int, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if now.Sub(f.last[kind]) < warnEvery {
		f.unsaid[kind]++
		return 0, false
	}
	unsaid = f.unsaid[kind]
	f.last[kind], f.unsaid[kind] = now, 0
	return unsaid, true
}
