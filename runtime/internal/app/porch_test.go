package app

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/anteroom/anteroom/api/config/v1alpha1"
)

// get sends a GET on a connection, and gives the answer; the error is that of the connection.
func get(c net.Conn, in *bufio.Reader, path string) (*http.Response, error) {
	if _, err := fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", path); err != nil {
		return nil, err
	}
	answer, err := http.ReadResponse(in, nil)
	if err != nil {
		return nil, err
	}
	_, err = io.Copy(io.Discard, answer.Body)
	_ = answer.Body.Close()
	return answer, err
}

// served runs a server behind a porch of two connections.
func served(t *testing.T, final func(int) bool) (*porch, func() (net.Conn, *bufio.Reader)) {
	t.Helper()
	var all porches
	p := all.add("test", fixed(2))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/ok", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("/ws", func(w http.ResponseWriter, _ *http.Request) {
		c, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Errorf("a connection cannot become a WebSocket: %v", err)
			return
		}
		t.Cleanup(func() { _ = c.Close() })
	})
	server := p.before(&http.Server{Handler: mux, ReadHeaderTimeout: time.Minute}, final)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	return p, func() (net.Conn, *bufio.Reader) {
		c, err := net.Dial("tcp", listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		_ = c.SetDeadline(time.Now().Add(patience))
		return c, bufio.NewReader(c)
	}
}

func waitOpen(t *testing.T, p *porch, want int64) {
	t.Helper()
	for end := time.Now().Add(patience); p.open.Load() != want; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d connections are counted, want %d", p.open.Load(), want)
		}
	}
}

func TestAPorchBoundsConnections(t *testing.T) {
	p, dial := served(t, failed)
	first, in := dial()
	for range 2 { // kept alive
		if answer, err := get(first, in, "/ok"); err != nil || answer.StatusCode != http.StatusOK || answer.Close {
			t.Fatalf("%+v, %v", answer, err)
		}
	}
	silent, _ := dial() // counted before it says anything
	waitOpen(t, p, 2)
	third, thirdIn := dial()
	if answer, err := get(third, thirdIn, "/ok"); err == nil {
		t.Errorf("one beyond the bound is answered %d", answer.StatusCode)
	}
	waitOpen(t, p, 2)
	if p.refused.Load() != 1 {
		t.Errorf("%d are counted as refused", p.refused.Load())
	}
	_ = silent.Close()
	waitOpen(t, p, 1)
	if answer, err := get(first, in, "/none"); err != nil || answer.StatusCode != http.StatusNotFound || !answer.Close {
		t.Errorf("a 404 keeps its connection: %+v, %v", answer, err)
	}
	waitOpen(t, p, 0)
	for range 5 { // WebSockets are the engine's
		c, _ := dial()
		if _, err := fmt.Fprint(c, "GET /ws HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		waitOpen(t, p, 0)
	}
}

// TestEveryPortHasAPorch: the server counts and bounds the connections of all of its ports,
// and lets go of those whose client it refuses.
func TestEveryPortHasAPorch(t *testing.T) {
	serve := withAPI(t)
	r := startReady(t, func(c *v1alpha1.RuntimeConfig) {
		serve(c)
		c.Listen.Peer = "127.0.0.1:0"
	})
	for url, status := range map[string]int{r.client + "/none": 404, r.client + "/socket.io/?EIO=4&transport=polling&sid=none": 400, r.api + "/v1/users/ada": 401} {
		answer, err := http.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if answer.StatusCode != status || !answer.Close {
			t.Errorf("%s is answered %d, and its connection ends: %v", url, answer.StatusCode, answer.Close)
		}
	}
	_, text := r.get(r.admin + "/metrics")
	for _, port := range []string{"client", "api", "admin", "peer"} {
		for _, name := range []string{"anteroom_http_connections", "anteroom_http_connections_limit", "anteroom_http_connections_refused_total"} {
			if !strings.Contains(text, name+`{port="`+port+`"}`) {
				t.Errorf("%s of %s is not among the metrics", name, port)
			}
		}
	}
}

func TestPorchMetrics(t *testing.T) {
	var all porches
	all.add("client", fixed(7)).open.Add(3)
	if err := testutil.CollectAndCompare(all, strings.NewReader(`
# HELP anteroom_http_connections TCP connections that are open and no WebSockets, by port: client, api, admin or peer.
# TYPE anteroom_http_connections gauge
anteroom_http_connections{port="client"} 3
# HELP anteroom_http_connections_limit How many of them there may be; of client, it grows with the sessions that poll.
# TYPE anteroom_http_connections_limit gauge
anteroom_http_connections_limit{port="client"} 7
`), "anteroom_http_connections", "anteroom_http_connections_limit"); err != nil {
		t.Error(err)
	}
}
