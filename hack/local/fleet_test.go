package main

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	configv1 "github.com/anteroom/anteroom/api/config/v1alpha1"
)

// canceled returns a context that has ended.
func canceled(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

// absentFleet returns a fleet whose server program does not exist.
func absentFleet(t *testing.T) (*fleet, lines) {
	t.Helper()
	out := make(lines, 1024)
	proxy := newProxy("anteroom", "/socket.io/", http.NotFoundHandler())
	return newFleet(newConsole(out), proxy, filepath.Join(t.TempDir(), "server"), t.TempDir(), func() {}, nil), out
}

func TestFleetRetriesAServerThatDoesNotStart(t *testing.T) {
	f, out := absentFleet(t)
	f.scale(t.Context(), 1)
	slot := f.slots[0]
	out.await(t, "start server-1: ")
	out.await(t, "server-1 does not start; restarting in 500ms")
	if late := f.waitReady(canceled(t), 0); len(late) != 0 || len(f.processes()) != 0 {
		t.Errorf("got processes %v, late %v, want none", f.processes(), late)
	}

	config := configv1.RuntimeConfig{}
	config.Observability.LogLevel = "debug"
	if err := f.roll(t.Context(), config); err != nil {
		t.Errorf("got error %v, want the pause to take the new configuration", err)
	}
	if got := f.current().Observability.LogLevel; got != "debug" {
		t.Errorf("got log level %q of the next server, want debug", got)
	}
	out.await(t, "start server-1: ")

	f.stop(0, 0)
	if err := slot.replace(t.Context(), 0); err == nil || err.Error() != "the server is being stopped" {
		t.Errorf("got error %v, want the server is being stopped", err)
	}
	slot.end(0) // a second end returns at once
}

func TestRollKeepsTheOldConfigurationWhenItIsStopped(t *testing.T) {
	f, _ := absentFleet(t)
	old, next := configv1.RuntimeConfig{}, configv1.RuntimeConfig{}
	old.Observability.LogLevel, next.Observability.LogLevel = "info", "debug"
	f.configure(old)
	s := newSlot(f, "server-1")
	if err := s.replace(canceled(t), 0); !errors.Is(err, context.Canceled) {
		t.Errorf("got error %v, want context canceled", err)
	}
	close(s.gone) // no instance runs, and none starts
	f.slots = []*slot{s}
	err := f.roll(t.Context(), next)
	if err == nil || !strings.Contains(err.Error(), "the new server-1 is not ready") {
		t.Errorf("got error %v, want that the new server-1 is not ready", err)
	}
	if got := f.current().Observability.LogLevel; got != "info" {
		t.Errorf("got log level %q of the next server, want info", got)
	}
}

func TestAskReady(t *testing.T) {
	handler := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/readyz" {
				t.Errorf("got path %s, want /readyz", r.URL.Path)
			}
			http.Error(w, body, status)
		}
	}
	for name, tc := range map[string]struct {
		handler http.HandlerFunc
		ready   bool
		reason  string
	}{
		"ready":       {handler(http.StatusOK, "ok"), true, ""},
		"not ready":   {handler(http.StatusServiceUnavailable, " redis: connection refused "), false, "/readyz answers 503 redis: connection refused"},
		"long answer": {handler(http.StatusServiceUnavailable, strings.Repeat("x", 2*maxReason)), false, "/readyz answers 503 " + strings.Repeat("x", maxReason)},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(tc.handler)
			defer server.Close()
			admin, err := url.Parse(server.URL)
			if err != nil {
				t.Fatal(err)
			}
			if ready, reason := askReady(t.Context(), server.Client(), admin); ready != tc.ready || reason != tc.reason {
				t.Errorf("got %v, %q, want %v, %q", ready, reason, tc.ready, tc.reason)
			}
			server.Close()
			if ready, reason := askReady(t.Context(), server.Client(), admin); ready || reason != "/readyz does not answer" {
				t.Errorf("without a server: got %v, %q, want false, /readyz does not answer", ready, reason)
			}
		})
	}
}

func TestInstanceAPI(t *testing.T) {
	if got := (&instance{}).api(); got != "" {
		t.Errorf("without a server API: got %q, want none", got)
	}
	if got := (&instance{apiURL: &url.URL{Scheme: "http", Host: "127.0.0.1:7000"}}).api(); got != "http://127.0.0.1:7000" {
		t.Errorf("got %q, want http://127.0.0.1:7000", got)
	}
}

func TestARetiredInstanceStaysUnready(t *testing.T) {
	proxy := newProxy("anteroom", "/socket.io/", http.NotFoundHandler())
	c, out := shell(t, "echo up; exec sleep 60")
	out.await(t, "up")
	i := &instance{id: "server-1.1", child: c, proxy: proxy}
	if !i.set(true, "") || i.set(true, "") {
		t.Error("got wrong reports of changes, want a change only the first time")
	}
	i.retire(0, urgency{})
	if i.set(true, ""); i.ready {
		t.Error("got a ready instance after retire, want an unready one")
	}
}

func TestProxyReconfigured(t *testing.T) {
	f, s, _ := behind(t, 2)
	_, who, set := ask(t, s.URL, "", "")
	if set != who {
		t.Fatalf("got cookie %q of %s", set, who)
	}
	f.configure("sticky", "/rt/")
	if _, _, set := ask(t, s.URL, "", who); set == "" {
		t.Error("got no new cookie for a client with the old cookie, want one")
	}
	answer := get(t, s.URL+"/")
	if !strings.Contains(answer, "path /rt/") {
		t.Errorf("got %q, want the path /rt/ in it", answer)
	}
}

func TestProxyIgnoresErrorsOfTheClient(t *testing.T) {
	f, _, servers := behind(t, 1)
	servers["server-1.1"].Close()
	w := httptest.NewRecorder()
	f.ServeHTTP(w, httptest.NewRequestWithContext(canceled(t), http.MethodGet, "/socket.io/", nil))
	if !f.backends[0].ready {
		t.Error("got an unready server after a request that its client canceled, want a ready one")
	}
	f.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/socket.io/", nil))
	if f.backends[0].ready {
		t.Error("got a ready server after a failed request, want an unready one")
	}
}
