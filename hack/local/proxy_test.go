package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// behind starts a proxy with n ready servers that answer with their id.
func behind(t *testing.T, n int) (*proxy, *httptest.Server, map[string]*httptest.Server) {
	t.Helper()
	f := newProxy("anteroom", "/socket.io/", http.NotFoundHandler())
	servers := map[string]*httptest.Server{}
	for i := range n {
		id := fmt.Sprintf("server-%d.1", i+1)
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, id) }))
		t.Cleanup(s.Close)
		target, err := url.Parse(s.URL)
		if err != nil {
			t.Fatal(err)
		}
		f.add(id, target)
		f.setReady(id, true)
		servers[id] = s
	}
	s := httptest.NewServer(f)
	t.Cleanup(s.Close)
	return f, s, servers
}

// ask sends a request with a cookie, and returns the answering server and the cookie set.
func ask(t *testing.T, base, query, cookie string) (status int, who, set string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+"/socket.io/?"+query, nil)
	if err != nil {
		t.Fatal(err)
	}
	if cookie != "" {
		request.AddCookie(&http.Cookie{Name: "anteroom", Value: cookie})
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range answer.Cookies() {
		set = c.Value
	}
	return answer.StatusCode, string(body), set
}

func TestProxyDistributesNewClientsAndKeepsOldOnes(t *testing.T) {
	_, s, _ := behind(t, 3)
	seen := map[string]int{}
	for range 6 {
		_, who, set := ask(t, s.URL, "", "")
		if who != set {
			t.Fatalf("got an answer of %s with the cookie %s", who, set)
		}
		seen[who]++
		for range 4 {
			if _, again, set := ask(t, s.URL, "sid=x", who); again != who || set != "" {
				t.Fatalf("a client of %s: got server %s, new cookie %q", who, again, set)
			}
		}
	}
	if len(seen) != 3 || seen["server-1.1"] != 2 {
		t.Errorf("got %v for 6 new clients, want 2 each", seen)
	}
}

func TestProxyMovesClients(t *testing.T) {
	const lost, other = "server-1.1", "server-2.1"
	tests := map[string]struct {
		happens func(*proxy, map[string]*httptest.Server)
		query   string
		want    string
	}{
		"a draining server keeps its sessions": {
			func(f *proxy, _ map[string]*httptest.Server) { f.setReady(lost, false) }, "sid=x", lost,
		},
		"a draining server gets no new sessions": {
			func(f *proxy, _ map[string]*httptest.Server) { f.setReady(lost, false) }, "", other,
		},
		"a removed server loses its sessions": {
			func(f *proxy, _ map[string]*httptest.Server) { f.remove(lost) }, "sid=x", other,
		},
		"a cookie of a server of an earlier run": {
			func(f *proxy, _ map[string]*httptest.Server) { f.remove(lost); f.add("server-1.2", new(url.URL)) }, "", other,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			f, s, servers := behind(t, 2)
			test.happens(f, servers)
			for range 3 {
				_, who, set := ask(t, s.URL, test.query, lost)
				if who != test.want {
					t.Errorf("got server %s, want %s", who, test.want)
				}
				if moved := test.want != lost; moved && set != test.want || !moved && set != "" {
					t.Errorf("got cookie %q, want one only after a move", set)
				}
			}
		})
	}
}

func TestProxyAvoidsADeadServer(t *testing.T) {
	_, s, servers := behind(t, 2)
	servers["server-1.1"].Close()
	if status, _, _ := ask(t, s.URL, "", "server-1.1"); status != http.StatusBadGateway {
		t.Errorf("first request: got status %d, want 502", status)
	}
	if status, who, set := ask(t, s.URL, "", "server-1.1"); status != http.StatusOK || who != "server-2.1" || set != who {
		t.Errorf("next request: got %d from %q, cookie %q, want 200 from server-2.1 with its cookie", status, who, set)
	}
}

func TestProxyWithoutServers(t *testing.T) {
	_, s, _ := behind(t, 0)
	if status, text, _ := ask(t, s.URL, "", ""); status != http.StatusServiceUnavailable || !strings.Contains(text, "make run") {
		t.Errorf("got %d %q, want 503 with a hint", status, text)
	}
}

func TestProxyWelcomesBrowsers(t *testing.T) {
	_, s, _ := behind(t, 1)
	answer, err := http.Get(s.URL + "/")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	if text, _ := io.ReadAll(answer.Body); !strings.Contains(string(text), "/socket.io/") {
		t.Errorf("got %q, want /socket.io/ in it", text)
	}
}

func TestProxyKeepsTheHost(t *testing.T) {
	f := newProxy("anteroom", "/socket.io/", http.NotFoundHandler())
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.Host+" "+r.Header.Get("X-Forwarded-For"))
	}))
	defer server.Close()
	target, _ := url.Parse(server.URL)
	f.add("a", target)
	f.setReady("a", true)
	s := httptest.NewServer(f)
	defer s.Close()
	_, text, _ := ask(t, s.URL, "", "")
	if want := strings.TrimPrefix(s.URL, "http://") + " 127.0.0.1"; text != want {
		t.Errorf("got host and client %q, want %q", text, want)
	}
}

// upgradeEcho switches protocols and returns each received line.
func upgradeEcho(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Upgrade") != "websocket" {
		http.Error(w, "no upgrade", http.StatusBadRequest)
		return
	}
	conn, stream, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	defer func() { _ = conn.Close() }()
	_, _ = stream.WriteString("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
	_ = stream.Flush()
	for {
		line, err := stream.ReadString('\n')
		if err != nil {
			return
		}
		_, _ = stream.WriteString("echo " + line)
		_ = stream.Flush()
	}
}

func TestProxyTunnelsWebSockets(t *testing.T) {
	f := newProxy("anteroom", "/socket.io/", http.NotFoundHandler())
	server := httptest.NewServer(http.HandlerFunc(upgradeEcho))
	defer server.Close()
	target, _ := url.Parse(server.URL)
	f.add("server-1.1", target)
	f.setReady("server-1.1", true)
	s := httptest.NewServer(f)
	defer s.Close()

	conn, err := net.Dial("tcp", strings.TrimPrefix(s.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_, _ = fmt.Fprint(conn, "GET /socket.io/?transport=websocket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
	stream := bufio.NewReader(conn)
	answer, err := http.ReadResponse(stream, nil)
	if err != nil {
		t.Fatal(err)
	}
	if answer.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("got status %d", answer.StatusCode)
	}
	if cookie := answer.Header.Get("Set-Cookie"); !strings.HasPrefix(cookie, "anteroom=server-1.1;") {
		t.Errorf("the upgrade carries the cookie %q", cookie)
	}
	for _, word := range []string{"one", "two"} {
		_, _ = fmt.Fprintln(conn, word)
		if line, err := stream.ReadString('\n'); err != nil || line != "echo "+word+"\n" {
			t.Fatalf("got %q, %v", line, err)
		}
	}
}
