package socketio

import (
	"bytes"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/anteroom/anteroom/runtime/internal/edge/engineio"
	"github.com/anteroom/anteroom/runtime/wire"
)

// logged is a log that several goroutines write to.
type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// A client that is not let in leaves its reason in the log and in the metric.
func TestRefusalsAreLoggedAndCounted(t *testing.T) {
	var log logged
	registry := prometheus.NewRegistry()
	st := newStack(t, func(s *setup) {
		s.socket.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelWarn}))
		s.socket.Registry = registry
	})
	const tries = 20
	for range tries {
		if _, err := dialPolling(t, st.url, http.Header{"Origin": {"https://foreign.example"}}); err == nil {
			t.Fatal("a foreign origin was let in")
		}
	}
	text := log.String()
	for _, part := range []string{"level=WARN", "reason=origin", "https://foreign.example", "remote=127.0.0.1", "transport=polling"} {
		if !strings.Contains(text, part) {
			t.Errorf("the log %q lacks %q", text, part)
		}
	}
	if n := strings.Count(text, "reason=origin"); n == tries {
		t.Errorf("each of %d refusals was logged", n)
	}
	if refused := st.dial("websocket").connect(wire.ConnectAuth{Token: "", Protocol: 7}); refused == nil {
		t.Fatal("protocol 7 was let in")
	}
	if text := log.String(); !strings.Contains(text, "reason=unsupported_protocol") {
		t.Errorf("the refused CONNECT is not in the log %q", text)
	}
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, family := range families {
		if family.GetName() == "anteroom_transport_refusals_total" {
			for _, m := range family.GetMetric() {
				got[m.GetLabel()[0].GetValue()] = m.GetCounter().GetValue()
			}
		}
	}
	for _, reason := range engineio.RefusedReasons() {
		want := map[bool]float64{true: tries}[reason == engineio.RefusedOrigin]
		if value, ok := got[reason]; !ok || value != want {
			t.Errorf("reason %s is counted %v (present: %v), want %v", reason, value, ok, want)
		}
	}
}

func TestWarningsAreSampled(t *testing.T) {
	f := newRefusals(slog.New(slog.DiscardHandler))
	start := time.Now()
	for i, c := range []struct {
		kind   string
		after  time.Duration
		unsaid int
		ok     bool
	}{
		{"origin", 0, 0, true},
		{"origin", warnEvery / 2, 0, false},
		{"version", warnEvery / 2, 0, true},
		{"origin", warnEvery - 1, 0, false},
		{"origin", warnEvery, 2, true},
		{"origin", 3 * warnEvery, 0, true},
	} {
		if unsaid, ok := f.due(c.kind, start.Add(c.after)); unsaid != c.unsaid || ok != c.ok {
			t.Errorf("%d: %s after %v: %d %v, want %d %v", i, c.kind, c.after, unsaid, ok, c.unsaid, c.ok)
		}
	}
}
