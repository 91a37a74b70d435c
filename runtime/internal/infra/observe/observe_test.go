package observe

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/anteroom/anteroom/api/config/v1alpha1"
)

func get(t *testing.T, h http.Handler, method, path, accept string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(method, path, http.NoBody)
	r.Header.Set("Accept", accept)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestEndpoints(t *testing.T) {
	var redis, draining error
	checks := &Checks{}
	checks.Add("redis", func() error { return redis })
	checks.Add("draining", func() error { return draining })
	h := Admin{
		Checks: checks, Registry: NewRegistry("v1.2.3"),
		Status: func() v1alpha1.ServerStatus { return v1alpha1.ServerStatus{Version: "v1.2.3", Connections: 7} },
	}.Handler()

	cases := []struct {
		name, method, path string
		redis, draining    error
		code               int
		body               string
	}{
		{"live", "GET", "/livez", errors.New("no answer"), nil, 200, "ok\n"},
		{"ready", "GET", "/readyz", nil, nil, 200, "ready\n"},
		{"one check fails", "GET", "/readyz", errors.New("no answer for 12s"), nil, 503, "not ready\nredis: no answer for 12s\n"},
		{"two checks fail", "GET", "/readyz", errors.New("no answer"), errors.New("shutting down"), 503,
			"not ready\nredis: no answer\ndraining: shutting down\n"},
		{"POST is refused", "POST", "/readyz", nil, nil, 405, "Method Not Allowed\n"},
		{"unknown path", "GET", "/", nil, nil, 404, "404 page not found\n"},
	}
	for _, tc := range cases {
		redis, draining = tc.redis, tc.draining
		w := get(t, h, tc.method, tc.path, "")
		if w.Code != tc.code || w.Body.String() != tc.body {
			t.Errorf("%s: %d %q, want %d %q", tc.name, w.Code, w.Body, tc.code, tc.body)
		}
	}
}

func TestStatus(t *testing.T) {
	checks := &Checks{}
	checks.Add("redis", func() error { return errors.New("no answer") })
	h := Admin{Checks: checks, Registry: NewRegistry("v1"), Status: func() v1alpha1.ServerStatus {
		return v1alpha1.ServerStatus{Version: "v1", Connections: 7, PolicyRevision: "abc"}
	}}.Handler()
	w := get(t, h, "GET", "/statusz", "")
	var got v1alpha1.ServerStatus
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	want := v1alpha1.ServerStatus{Version: "v1", Connections: 7, PolicyRevision: "abc", NotReady: []string{"redis: no answer"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("status (-want +got):\n%s", diff)
	}
}

func TestMetrics(t *testing.T) {
	h := Admin{Checks: &Checks{}, Registry: NewRegistry("v1.2.3")}.Handler()
	plain := get(t, h, "GET", "/metrics", "").Body.String()
	if !strings.Contains(plain, `version="v1.2.3"} 1`) || !strings.Contains(plain, "go_goroutines") {
		t.Errorf("build info or the process's metrics are missing:\n%s", plain)
	}
	open := get(t, h, "GET", "/metrics", "application/openmetrics-text; version=1.0.0")
	if !strings.HasPrefix(open.Header().Get("Content-Type"), "application/openmetrics-text") ||
		!strings.HasSuffix(open.Body.String(), "# EOF\n") {
		t.Errorf("not OpenMetrics: %s", open.Header())
	}
}

func TestLoggerWritesReadableDurations(t *testing.T) {
	var out bytes.Buffer
	log, err := NewLogger(&out, "info")
	if err != nil {
		t.Fatal(err)
	}
	log.Info("x", "wait", 90*time.Second)
	if !strings.Contains(out.String(), `"wait":"1m30s"`) {
		t.Errorf("logged %s", out.String())
	}
}

func TestLogger(t *testing.T) {
	for level, want := range map[string][]string{
		"debug": {"debug", "info", "warn", "error"}, "info": {"info", "warn", "error"}, "warn": {"warn", "error"}, "error": {"error"},
	} {
		var out bytes.Buffer
		log, err := NewLogger(&out, level)
		if err != nil {
			t.Fatal(err)
		}
		log.Debug("debug")
		log.Info("info")
		log.Warn("warn")
		log.Error("error")
		var got []string
		for line := range strings.Lines(out.String()) {
			var entry struct{ Msg string }
			if err := json.Unmarshal([]byte(line), &entry); err != nil {
				t.Fatal(err)
			}
			got = append(got, entry.Msg)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", level, diff)
		}
	}
	if _, err := NewLogger(&bytes.Buffer{}, "loud"); err == nil {
		t.Error("NewLogger accepted an unknown level")
	}
}
