package admission

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
)

// patience is how long a test waits for a condition.
const patience = 10 * time.Second

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

// served runs a server behind a Limit of two connections.
func served(t *testing.T, final func(int) bool) (*Limit, func() (net.Conn, *bufio.Reader)) {
	t.Helper()
	var all Limits
	p := all.Add("test", Fixed(2))
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
	server := p.Guard(&http.Server{Handler: mux, ReadHeaderTimeout: time.Minute}, final)
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

func waitOpen(t *testing.T, p *Limit, want int64) {
	t.Helper()
	for end := time.Now().Add(patience); p.open.Load() != want; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d connections are counted, want %d", p.open.Load(), want)
		}
	}
}

func TestLimitBoundsConnections(t *testing.T) {
	p, dial := served(t, Failed)
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

func TestLimitMetrics(t *testing.T) {
	var all Limits
	all.Add("client", Fixed(7)).open.Add(3)
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
