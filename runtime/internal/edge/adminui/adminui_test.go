package adminui

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/edge/session"
	"github.com/anteroom/anteroom/test/siotest"
)

// served is a UI with the test's servers, connections and token.
type served struct {
	*UI
	url         string
	token       atomic.Value
	reports     []Report
	connections []session.Connection
}

func serve(t *testing.T) *served {
	t.Helper()
	s := &served{}
	s.token.Store("secret")
	ui, err := New(Options{
		Token:       func() (string, error) { return s.token.Load().(string), nil },
		Servers:     func(context.Context) []Report { return s.reports },
		Connections: func(n int) []session.Connection { return s.connections[:min(n, len(s.connections))] },
		Log:         slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	s.UI = ui
	server := httptest.NewServer(ui)
	s.url = server.URL
	t.Cleanup(func() {
		ended, end := context.WithCancel(context.WithoutCancel(t.Context()))
		end()
		ui.Run(ended)
		server.Close()
	})
	return s
}

// sign connects like the page.
func (s *served) sign(t *testing.T, auth siotest.M, more ...siotest.Option) *siotest.Client {
	t.Helper()
	return siotest.Connect(t, s.url, slices.Concat([]siotest.Option{siotest.WithNamespace("/admin"), siotest.WithAuth(auth)}, more)...)
}

var password = siotest.M{"username": "whoever", "password": "secret"}

// says waits for an event and compares its argument.
func says(t *testing.T, c *siotest.Client, event, want string) {
	t.Helper()
	if got := string(c.Expect(event).Args[0]); got != want {
		t.Errorf("%s:\n got %s\nwant %s", event, got, want)
	}
}

func TestPageReceivesServersAndConnections(t *testing.T) {
	for _, transport := range []siotest.Transport{siotest.WebSocket, siotest.Polling, siotest.Upgrade} {
		t.Run(string(transport), func(t *testing.T) {
			s := serve(t)
			s.connections = []session.Connection{{SessionID: "s1", UserID: "alice", Transport: "polling", Since: 1700000000000}}
			s.reports = []Report{
				{Pod: "a-1", Host: "a", UptimeSeconds: 60, Sessions: 3, Transports: 5, WebSockets: 3, Opened: 10, Frames: 7, Bytes: 1000},
				{Pod: "b-1", Host: "b", UptimeSeconds: 61},
			}
			page := s.sign(t, password, siotest.WithTransport(transport))
			page.Expect("session")
			says(t, page, "config", `{"supportedFeatures":["AGGREGATED_EVENTS","ALL_EVENTS"]}`)
			says(t, page, "all_sockets", `[{"id":"s1","clientId":"alice","transport":"polling","nsp":"/","data":{"userId":"alice"},`+
				`"handshake":{"address":"","headers":{},"query":{},"issued":1700000000000},"rooms":[]}]`)

			s.look(t.Context())
			says(t, page, "server_stats", `{"serverId":"a-1","hostname":"a","uptime":60,"clientsCount":5,"pollingClientsCount":2,`+
				`"aggregatedEvents":[],"namespaces":[{"name":"/","socketsCount":3}]}`)
			says(t, page, "server_stats", `{"serverId":"b-1","hostname":"b","uptime":61,"clientsCount":0,"pollingClientsCount":0,`+
				`"aggregatedEvents":[],"namespaces":[{"name":"/","socketsCount":0}]}`)

			s.reports = []Report{{Pod: "a-1", Transports: 4, Opened: 12, Frames: 9, Bytes: 1500}}
			s.connections = nil
			s.look(t.Context())
			says(t, page, "all_sockets", `[]`)
			var stats struct{ AggregatedEvents []events }
			if err := page.Expect("server_stats").Decode(&stats); err != nil {
				t.Fatal(err)
			}
			told := ""
			for _, e := range stats.AggregatedEvents {
				told += fmt.Sprint(e.Type, " ", e.Count, " ")
			}
			if told != "rawConnection 2 rawDisconnection 3 packetsOut 2 bytesOut 500 " {
				t.Errorf("aggregated events %s", told)
			}
			s.look(t.Context())
			page.ExpectNone(50*time.Millisecond, "all_sockets") // no change
		})
	}
}

func TestRefusedPageReceivesNothing(t *testing.T) {
	s := serve(t)
	other := newPasses().make("secret", time.Now().Add(time.Hour))
	late := s.passes.make("secret", time.Now().Add(-time.Second))
	for name, auth := range map[string]siotest.M{
		"wrong password":          {"username": "admin", "password": "secreT"},
		"longer password":         {"password": "secret\n"},
		"none":                    {},
		"not a string":            {"password": []string{"secret"}, "sessionId": 7},
		"password as pass":        {"sessionId": "secret"},
		"pass of another process": {"sessionId": other},
		"expired pass":            {"sessionId": late},
	} {
		refusal := siotest.ConnectRefused(t, s.url, siotest.WithNamespace("/admin"), siotest.WithAuth(auth))
		if refusal.Message != "invalid credentials" || strings.Contains(string(refusal.Data), "secret") {
			t.Errorf("%s: %v", name, refusal)
		}
	}
	for _, namespace := range []string{"/", "/other"} {
		if refusal := siotest.ConnectRefused(t, s.url, siotest.WithNamespace(namespace), siotest.WithAuth(password)); refusal.Message != "Invalid namespace" {
			t.Errorf("%s: %v", namespace, refusal)
		}
	}
	s.token.Store("")
	if refusal := siotest.ConnectRefused(t, s.url, siotest.WithNamespace("/admin"), siotest.WithAuth(siotest.M{"password": ""})); refusal.Message != "the token cannot be read" {
		t.Errorf("empty token: %v", refusal)
	}
	if len(s.present()) != 0 {
		t.Error("a refused page is signed in")
	}
}

func TestPassIsValidUntilTheTokenChanges(t *testing.T) {
	s := serve(t)
	var pass string
	if err := s.sign(t, password).Expect("session").Decode(&pass); err != nil {
		t.Fatal(err)
	}
	again := s.sign(t, siotest.M{"sessionId": pass})
	again.Expect("all_sockets")
	for _, e := range again.Events() {
		if e.Name == "session" || strings.Contains(e.String(), "secret") {
			t.Errorf("sent %v", e)
		}
	}
	s.until(t, 2)
	s.token.Store("rotated")
	s.look(t.Context())
	again.ExpectClosed()
	s.until(t, 0)
	siotest.ConnectRefused(t, s.url, siotest.WithNamespace("/admin"), siotest.WithAuth(siotest.M{"sessionId": pass}))
}

func TestExpiredSignInIsClosed(t *testing.T) {
	s := serve(t)
	page := s.sign(t, siotest.M{"sessionId": s.passes.make("secret", time.Now().Add(time.Hour))})
	s.until(t, 1)
	for _, v := range s.present() {
		v.until = time.Now()
	}
	s.look(t.Context())
	page.ExpectClosed()
}

// until waits until n pages are signed in.
func (s *served) until(t *testing.T, n int) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); len(s.present()) != n; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d pages are signed in, want %d", len(s.present()), n)
		}
	}
}

func TestPagesAndListsAreBounded(t *testing.T) {
	s := serve(t)
	for i := range maxListed + 5 {
		s.connections = append(s.connections, session.Connection{SessionID: fmt.Sprint(i), UserID: strings.Repeat("u", 128), Transport: "websocket"})
	}
	var pages []*siotest.Client
	for range maxConnections {
		pages = append(pages, s.sign(t, password))
	}
	if status := s.handshake(t, ""); status != http.StatusServiceUnavailable {
		t.Errorf("a page beyond the bound is answered %d, want 503", status)
	}
	var told []shownSocket
	if err := pages[0].Expect("all_sockets").Decode(&told); err != nil || len(told) != maxListed || told[0].ID != "0" {
		t.Errorf("%d connections listed: %v", len(told), err)
	}
	pages[0].Close()
	for deadline := time.Now().Add(5 * time.Second); s.handshake(t, "") != http.StatusOK; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("no page can connect after another has left")
		}
	}
}

func TestCheckOrigin(t *testing.T) {
	s := serve(t)
	for origin, want := range map[string]int{
		"http://localhost:3000": 200, "http://127.0.0.1:8000": 200, "http://[::1]:8000": 200, "http://ui.example:80": 200,
		"https://admin.socket.io": 403, "http://localhost.evil.example": 403, "null": 403, "http://127.0.0.1.evil.example": 403, "http://10.0.0.1": 403,
	} {
		if got := s.handshake(t, origin); got != want {
			t.Errorf("%s is answered %d, want %d", origin, got, want)
		}
	}
}

// handshake opens a session as a page of an origin, on a server named ui.example, and
// closes it again.
func (s *served) handshake(t *testing.T, origin string) int {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, "http://ui.example:80/socket.io/?EIO=4&transport=polling", http.NoBody)
	if origin != "" {
		r.Header.Set("Origin", origin)
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	if got := w.Header().Get("Access-Control-Allow-Origin"); w.Code == http.StatusOK && got != origin {
		t.Errorf("%s: Access-Control-Allow-Origin %q", origin, got)
	}
	return w.Code
}
