package e2e

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/anteroom/anteroom/test/siotest"
)

// pusher is a service that receives the offline webhook. It makes its callers wait until
// it is released; a call whose caller died during the wait does not count as arrived.
type pusher struct {
	*httptest.Server
	t   *testing.T
	let chan struct{}

	mu sync.Mutex
	// waiting has the addresses of waiting callers, by the id of the call; arrived and
	// broken count the answered calls of an id, and the calls whose caller died.
	waiting         map[string]string
	arrived, broken map[string]int
}

func startPusher(t *testing.T) *pusher {
	t.Helper()
	p := &pusher{t: t, let: make(chan struct{}), waiting: map[string]string{}, arrived: map[string]int{}, broken: map[string]int{}}
	bundle := certificate(t)
	pair, err := tls.X509KeyPair(bundle, bundle)
	if err != nil {
		t.Fatal(err)
	}
	p.Server = httptest.NewUnstartedServer(p)
	p.TLS = &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{pair}}
	p.StartTLS()
	t.Cleanup(p.Close)
	roots := t.TempDir()
	if err := os.WriteFile(filepath.Join(roots, "pusher.pem"), bundle, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SSL_CERT_DIR", roots) // in addition to the machine's own file, for the servers
	return p
}

func (p *pusher) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	id := r.Header.Get("Webhook-Id")
	mac := hmac.New(sha256.New, []byte("of this test and of nothing else"))
	_, _ = fmt.Fprintf(mac, "%s.%s.%s", id, r.Header.Get("Webhook-Timestamp"), body)
	if want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)); err != nil || r.Header.Get("Webhook-Signature") != want {
		p.t.Errorf("got a call with %s, %v, %v", body, r.Header, err)
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	p.note(func() { p.waiting[id] = r.RemoteAddr })
	count := p.arrived
	select {
	case <-p.let:
	case <-r.Context().Done():
		count = p.broken
	}
	p.note(func() { delete(p.waiting, id); count[id]++ })
}

func (p *pusher) note(what func()) { p.mu.Lock(); defer p.mu.Unlock(); what() }

// until waits for a condition on the pusher's state.
func (p *pusher) until(what string, is func() bool) {
	p.t.Helper()
	for deadline := time.Now().Add(90 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		done := false
		p.note(func() { done = is() })
		switch {
		case done:
			return
		case time.Now().After(deadline):
			p.t.Fatalf("timeout: %s: got waiting %v, arrived %v, broken %v", what, p.waiting, p.arrived, p.broken)
		}
	}
}

// TestTheOfflineWebhookSurvivesADeadServer: another server repeats the dead
// server's calls with the same ids; no other call is repeated.
func TestTheOfflineWebhookSurvivesADeadServer(t *testing.T) {
	p := startPusher(t)
	manifest, err := os.ReadFile(filepath.Join("testdata", "offline.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	s := siotest.StartServer(t, siotest.YAML(strings.ReplaceAll(string(manifest), "HOOK", p.URL)), siotest.Race())
	ids := notifyAway(t, s, 6)
	p.until("all calls are waiting", func() bool { return len(p.waiting) == len(ids) })
	dying, theirs := callerOf(t, s, p, ids[0])
	s.Kill(t, dying)
	p.until("its calls have broken off", func() bool { return len(p.broken) == len(theirs) })
	close(p.let)
	p.until("all calls have arrived", func() bool { return len(p.arrived) == len(ids) })
	p.note(func() {
		for _, id := range ids {
			broken := 0
			if slices.Contains(theirs, id) {
				broken = 1
			}
			if p.arrived[id] != 1 || p.broken[id] != broken {
				t.Errorf("%s arrived %d times and broke off %d times, want once and %d", id, p.arrived[id], p.broken[id], broken)
			}
		}
	})
	t.Logf("%s died with %d of %d calls", dying.Name, len(theirs), len(ids))
}

// notifyAway notifies users who never connected, and returns the ids.
func notifyAway(t *testing.T, s *siotest.Server, n int) []string {
	t.Helper()
	var users []string
	for i := range n {
		users = append(users, fmt.Sprint("away-", i))
	}
	body, err := json.Marshal(map[string]any{"userIds": users, "type": "gift", "title": "A gift"})
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.Instances(t)[0].APIURL+"/v1/notifications", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+s.APIToken(t))
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	var sent struct{ IDs []string }
	if err := json.NewDecoder(answer.Body).Decode(&sent); err != nil || len(sent.IDs) != n {
		t.Fatalf("%s: %d ids, %v", answer.Status, len(sent.IDs), err)
	}
	return sent.IDs
}

// callerOf returns the server that makes a call, and all of its calls.
func callerOf(t *testing.T, s *siotest.Server, p *pusher, id string) (found siotest.Instance, calls []string) {
	t.Helper()
	var waiting map[string]string
	p.note(func() { waiting = maps.Clone(p.waiting) })
	for _, instance := range s.Instances(t) {
		ports := portsOf(t, instance.PID)
		calls = nil
		for id, address := range waiting {
			if _, port, err := net.SplitHostPort(address); err != nil || ports[port] {
				calls = append(calls, id)
			}
		}
		if slices.Contains(calls, id) {
			return instance, calls
		}
	}
	t.Fatalf("got no server with a call from %s", waiting[id])
	return found, nil
}

// portsOf returns the ports of a process's TCP connections over IPv4.
func portsOf(t *testing.T, pid int) map[string]bool {
	t.Helper()
	sockets, ports := map[string]bool{}, map[string]bool{}
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if to, err := os.Readlink(f); err == nil {
			sockets[strings.TrimSuffix(strings.TrimPrefix(to, "socket:["), "]")] = true
		}
	}
	table, err := os.ReadFile(fmt.Sprintf("/proc/%d/net/tcp", pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(table)) {
		columns := strings.Fields(line) // number, address:port in hex, …, inode
		if len(columns) > 9 && sockets[columns[9]] {
			var port int
			_, hex, _ := strings.Cut(columns[1], ":")
			if _, err := fmt.Sscanf(hex, "%X", &port); err != nil {
				t.Fatal(err)
			}
			ports[fmt.Sprint(port)] = true
		}
	}
	return ports
}
