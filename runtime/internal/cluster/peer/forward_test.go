package peer_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/cluster/peer"
	"github.com/anteroom/anteroom/runtime/internal/edge/engineio"
)

// patience is the longest wait of a test.
const patience = 15 * time.Second

// maxPayload is the largest POST body in bytes.
const maxPayload = 100_000

// book is an in-memory peer.Book without expiry.
type book struct {
	mu    sync.Mutex
	all   map[string]peer.Endpoint
	away  bool
	asked int
}

func (b *book) Announce(_ context.Context, self peer.Endpoint, _ time.Duration) ([]peer.Endpoint, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.asked++
	if b.away {
		return nil, errors.New("away")
	}
	b.all[self.Key] = self
	list := make([]peer.Endpoint, 0, len(b.all))
	for _, e := range b.all {
		list = append(list, e)
	}
	return list, nil
}

func (b *book) Withdraw(_ context.Context, self peer.Endpoint) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.all, self.Key)
	return nil
}

// list adds an endpoint to the book.
func (b *book) list(e peer.Endpoint) { _, _ = b.Announce(context.Background(), e, time.Minute) }

// server is a pod with an engine that echoes, a client port and a peer port.
type server struct {
	self    peer.Endpoint
	url     string // of the client port
	forward *peer.Forwarder
	peers   *httptest.Server
	engine  *engineio.Server
	closed  chan engineio.Reason
	remote  chan string
}

// echo returns each message to its client.
type echo struct{ p *server }

func (e echo) Open(s *engineio.Socket, _ *http.Request) { e.p.remote <- s.RemoteAddr() }
func (e echo) Message(s *engineio.Socket, kind engineio.Kind, payload []byte) {
	s.Send(engineio.Message(kind, payload))
}
func (e echo) Close(_ *engineio.Socket, reason engineio.Reason) { e.p.closed <- reason }

func startServer(t *testing.T, b *book, deadline time.Duration, change ...func(*peer.ForwarderOptions)) *server {
	t.Helper()
	p := &server{closed: make(chan engineio.Reason, 16), remote: make(chan string, 16)}
	p.peers = httptest.NewUnstartedServer(nil)
	p.self = peer.NewEndpoint(p.peers.Listener.Addr().String())
	p.engine = engineio.New(echo{p}, engineio.Options{
		IDPrefix: p.self.Key, OutboundBytes: 64 << 20, MaxPayload: maxPayload,
	})
	p.peers.Config.Handler = peer.Receive(p.self, p.engine, told(p.self))
	p.peers.Start()
	directory := peer.NewDirectory(b, p.self, time.Minute, time.Minute, slog.New(slog.DiscardHandler))
	b.list(p.self)
	options := peer.ForwarderOptions{
		Directory: directory, SessionID: engineio.SessionID, Next: p.engine,
		Deadline: deadline, Log: slog.New(slog.DiscardHandler),
	}
	for _, c := range change {
		c(&options)
	}
	p.forward = peer.NewForwarder(options)
	clients := httptest.NewServer(p.forward)
	p.url = clients.URL
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		p.forward.Close()
		if err := p.engine.Close(ctx); err != nil {
			t.Errorf("close the engine: %v", err)
		}
		clients.Close()
		p.peers.Close()
	})
	return p
}

// told serves a pod's report in these tests: its key.
func told(self peer.Endpoint) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, self.Key) })
}

// two returns two pods that know each other.
func two(t *testing.T) (owner, other *server) {
	b := &book{all: map[string]peer.Endpoint{}}
	return startServer(t, b, patience), startServer(t, b, patience)
}

// handshake opens a polling session on a pod.
func (p *server) handshake(t *testing.T) (sid string) {
	t.Helper()
	status, body := get(t, p.url+"/engine.io/?EIO=4&transport=polling")
	_, rest, _ := strings.Cut(body, `"sid":"`)
	sid, _, ok := strings.Cut(rest, `"`)
	if status != http.StatusOK || !ok {
		t.Fatalf("handshake: %d %s", status, body)
	}
	if !strings.HasPrefix(sid, p.self.Key) {
		t.Fatalf("session id %q does not begin with the pod's key %q", sid, p.self.Key)
	}
	return sid
}

func (p *server) at(sid string) string {
	return p.url + "/engine.io/?EIO=4&transport=polling&sid=" + sid
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	return answer(t, func() (*http.Response, error) { return http.Get(url) })
}

func post(t *testing.T, url, body string) (int, string) {
	t.Helper()
	return answer(t, func() (*http.Response, error) { return http.Post(url, "text/plain", strings.NewReader(body)) })
}

func answer(t *testing.T, ask func() (*http.Response, error)) (int, string) {
	t.Helper()
	res, err := ask()
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(body)
}

// unknownSession is Engine.IO's answer to an unknown session id.
const unknownSession = `{"code":1,"message":"Session ID unknown"}`

func wantUnknown(t *testing.T, status int, body string) {
	t.Helper()
	if status != http.StatusBadRequest || body != unknownSession {
		t.Fatalf("got %d %s, want Engine.IO's unknown session", status, body)
	}
}

func TestPollOnTheWrongPod(t *testing.T) {
	owner, other := two(t)
	sid := owner.handshake(t)
	if status, body := post(t, other.at(sid), "4hello"); status != http.StatusOK || body != "ok" {
		t.Fatalf("POST: %d %s", status, body)
	}
	if status, body := get(t, other.at(sid)); status != http.StatusOK || body != "4hello" {
		t.Fatalf("GET: %d %s", status, body)
	}
	waitFor(t, "the forwarded requests to end", func() bool { return other.forward.Stats().Now == 0 })
	if s := other.forward.Stats(); s.Served != 2 {
		t.Errorf("stats: %+v", s)
	}
	if n := other.engine.Stats().Sessions; n != 0 {
		t.Errorf("the other pod has %d sessions, want 0", n)
	}
}

func TestUpgradeOnTheWrongPod(t *testing.T) {
	owner, other := two(t)
	sid := owner.handshake(t)
	conn := dialWebSocket(t, other, sid)
	conn.send(t, "2probe")
	conn.expect(t, "3probe")
	if status, body := get(t, owner.at(sid)); status != http.StatusOK || body != "6" {
		t.Fatalf("waiting poll: %d %s", status, body)
	}
	conn.send(t, "5")
	for _, text := range []string{"4one", "4two", "4" + strings.Repeat("x", 100)} {
		conn.send(t, text)
		conn.expect(t, text)
	}
	for _, s := range owner.engine.Sockets() {
		s.Close(engineio.CodeTryAgain, "slow_consumer")
	}
	if op, payload := conn.read(t); op != 8 || string(payload) != "\x03\xf5slow_consumer" {
		t.Fatalf("got opcode %d %q, want the owner's close frame", op, payload)
	}
	conn.Close()
	waitFor(t, "the forwarding to end", func() bool { return other.forward.Stats().Now == 0 })
}

func TestLostClientOfAForwardedWebSocketEndsItsSession(t *testing.T) {
	owner, other := two(t)
	sid := owner.handshake(t)
	conn := dialWebSocket(t, other, sid)
	conn.send(t, "2probe")
	conn.expect(t, "3probe")
	conn.send(t, "5")
	conn.send(t, "4hello")
	conn.expect(t, "4hello")
	conn.Close()
	expectClose(t, owner)
}

func TestAbortedForwardedPollEndsItsSession(t *testing.T) {
	owner, other := two(t)
	sid := owner.handshake(t)
	arrived, serve := make(chan struct{}, 1), owner.peers.Config.Handler
	owner.peers.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		arrived <- struct{}{}
		serve.ServeHTTP(w, r)
	})
	ctx, cancel := context.WithCancel(t.Context())
	req, _ := http.NewRequestWithContext(ctx, http.MethodGet, other.at(sid), http.NoBody)
	done := make(chan struct{})
	go func() {
		defer close(done)
		if res, err := http.DefaultClient.Do(req); err == nil {
			res.Body.Close()
		}
	}()
	<-arrived // aborted earlier, the poll would not reach the session
	cancel()
	<-done
	expectClose(t, owner)
}

func TestSessionOfADeadPodIsUnknown(t *testing.T) {
	owner, other := two(t)
	sid := owner.handshake(t)
	owner.peers.CloseClientConnections()
	owner.peers.Listener.Close()
	status, body := get(t, other.at(sid))
	wantUnknown(t, status, body)
	status, body = post(t, other.at(sid), "4hello")
	wantUnknown(t, status, body)
	if s := other.forward.Stats(); s.Dead != 2 {
		t.Errorf("stats: %+v", s)
	}
}

func TestSessionIsUnknownWhenItsPodDiesDuringAPoll(t *testing.T) {
	owner, other := two(t)
	sid := owner.handshake(t)
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		status, body := get(t, other.at(sid))
		if status != http.StatusBadRequest || body != unknownSession {
			t.Errorf("got %d %s, want Engine.IO's unknown session", status, body)
		}
	}()
	waitFor(t, "the poll", func() bool { return other.forward.Stats().Now > 0 && owner.engine.Stats().Sessions > 0 })
	owner.peers.Listener.Close()
	waitFor(t, "the poll to end", func() bool {
		owner.peers.CloseClientConnections()
		return other.forward.Stats().Now == 0
	})
	<-answered
}

func TestSessionIsUnknownWhenAnotherProcessHasTheAddress(t *testing.T) {
	owner, other := two(t)
	sid := owner.handshake(t)
	stranger := peer.NewEndpoint("")
	owner.peers.Config.Handler = peer.Receive(stranger, owner.engine, told(stranger))
	status, body := get(t, other.at(sid))
	wantUnknown(t, status, body)
}

func TestHungPodIsAnswered504(t *testing.T) {
	b := &book{all: map[string]peer.Endpoint{}}
	other := startServer(t, b, 50*time.Millisecond)
	listener, err := net.Listen("tcp", "127.0.0.1:0") // accepts connections and never answers
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	hung := peer.NewEndpoint(listener.Addr().String())
	b.list(hung)
	if status, _ := get(t, other.at(hung.Key+"12345678901234567890")); status != http.StatusGatewayTimeout {
		t.Fatalf("got %d, want 504", status)
	}
	if s := other.forward.Stats(); s.Late != 1 {
		t.Errorf("stats: %+v", s)
	}
}

func TestForwardedRequestIsNotForwardedAgain(t *testing.T) {
	b := &book{all: map[string]peer.Endpoint{}}
	owner, other := startServer(t, b, patience), startServer(t, b, patience)
	// The book is wrong: the other pod's key has the owner's address.
	wrong := owner.self
	wrong.Key = "abcdefgh"
	b.list(wrong)
	sid := owner.handshake(t)
	status, body := get(t, other.at("abcdefgh"+sid[8:]))
	wantUnknown(t, status, body)
	if s := owner.forward.Stats(); s != (peer.ForwardStats{}) {
		t.Errorf("the owner forwarded %+v, want nothing", s)
	}
}

func TestInventedIDsCauseFewReads(t *testing.T) {
	b := &book{all: map[string]peer.Endpoint{}}
	p := startServer(t, b, patience)
	b.asked = 0
	began := time.Now()
	for range 200 {
		status, body := get(t, p.at(peer.NewEndpoint("").Key+"127.0.0.1_22"))
		wantUnknown(t, status, body)
	}
	if most := int(time.Since(began)/(250*time.Millisecond)) + 1; b.asked > most {
		t.Errorf("the leases were read %d times, want at most %d", b.asked, most)
	}
}

func TestKnownPodsAreFoundWhileTheStoreIsUnavailable(t *testing.T) {
	b := &book{all: map[string]peer.Endpoint{}}
	owner, other := startServer(t, b, patience), startServer(t, b, patience)
	sid := owner.handshake(t)
	if status, _ := post(t, other.at(sid), "4a"); status != http.StatusOK {
		t.Fatal("the request was not forwarded")
	}
	b.mu.Lock()
	b.away = true
	b.mu.Unlock()
	status, body := get(t, other.at("unknown_"+sid))
	wantUnknown(t, status, body)
	if status, body := get(t, other.at(sid)); status != http.StatusOK || body != "4a" {
		t.Fatalf("got %d %s", status, body)
	}
}

func TestReceiveRequiresTheToken(t *testing.T) {
	self := peer.NewEndpoint("")
	var seen atomic.Pointer[http.Request]
	h := peer.Receive(self, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen.Store(r) }), told(self))
	for _, test := range []struct {
		name, token, client, remote string
		status                      int
	}{
		{"no token", "", "203.0.113.9:1", "", 421},
		{"another token", peer.NewEndpoint("").Token, "203.0.113.9:1", "", 421},
		{"valid token", self.Token, "203.0.113.9:4711", "203.0.113.9:4711", 200},
		{"invalid client address", self.Token, "evil", "192.0.2.1:1234", 200},
	} {
		t.Run(test.name, func(t *testing.T) {
			seen.Store(nil)
			r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
			r.Header.Set("Anteroom-Peer-Token", test.token)
			r.Header.Set("Anteroom-Client-Addr", test.client)
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			got := seen.Load()
			if w.Code != test.status || (got != nil) != (test.status == 200) {
				t.Fatalf("got %d", w.Code)
			}
			if got != nil && (got.RemoteAddr != test.remote || got.Header.Get("Anteroom-Peer-Token") != "") {
				t.Errorf("client address %q, headers %v", got.RemoteAddr, got.Header)
			}
		})
	}
}

// The headers of the client and of earlier proxies reach the owner unchanged.
func TestHeadersOfAForwardedRequest(t *testing.T) {
	b := &book{all: map[string]peer.Endpoint{}}
	other := startServer(t, b, patience)
	seen := make(chan *http.Request, 1)
	owner := httptest.NewUnstartedServer(nil)
	self := peer.NewEndpoint(owner.Listener.Addr().String())
	owner.Config.Handler = peer.Receive(self, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", r.Header.Get("Origin"))
		seen <- r
	}), told(self))
	owner.Start()
	defer owner.Close()
	b.list(self)
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, other.at(self.Key+"12345678901234567890"), http.NoBody)
	req.Host = "game.example"
	for name, value := range map[string]string{
		"Origin": "https://game.example", "X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https",
		"Cookie": "a=b", "Anteroom-Client-Addr": "198.51.100.1:1", "Anteroom-Peer-Ask": "report",
	} {
		req.Header.Set(name, value)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	got := <-seen
	if host, _, _ := net.SplitHostPort(got.RemoteAddr); host != "127.0.0.1" || got.RemoteAddr == "198.51.100.1:1" {
		t.Errorf("the client's address is %q", got.RemoteAddr)
	}
	if got.Host != "game.example" || got.Header.Get("X-Forwarded-For") != "203.0.113.9" ||
		got.Header.Get("X-Forwarded-Proto") != "https" || got.Header.Get("Cookie") != "a=b" {
		t.Errorf("host %q, headers %v", got.Host, got.Header)
	}
	if all := res.Header.Values("Access-Control-Allow-Origin"); len(all) != 1 {
		t.Errorf("the answer's CORS headers: %q", all)
	}
}

func expectClose(t *testing.T, p *server) {
	t.Helper()
	select {
	case <-p.closed:
	case <-time.After(patience):
		t.Fatal("the session on its own pod did not end")
	}
}

func waitFor(t *testing.T, what string, is func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(patience); !is(); {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("timeout while waiting for %s", what)
		}
	}
}

// webSocket is a minimal client: short masked text frames.
type webSocket struct {
	net.Conn
	in *bufio.Reader
}

func dialWebSocket(t *testing.T, p *server, sid string) *webSocket {
	t.Helper()
	address := strings.TrimPrefix(p.url, "http://")
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(patience))
	_, _ = io.WriteString(conn, "GET /engine.io/?EIO=4&transport=websocket&sid="+sid+" HTTP/1.1\r\nHost: "+address+
		"\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n")
	in := bufio.NewReader(conn)
	res, err := http.ReadResponse(in, nil)
	if err != nil || res.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("answer to the upgrade: %v, %v", res, err)
	}
	return &webSocket{conn, in}
}

func (c *webSocket) send(t *testing.T, text string) {
	t.Helper()
	frame := append([]byte{0x81, 0x80 | byte(len(text)), 0, 0, 0, 0}, text...)
	if _, err := c.Write(frame); err != nil {
		t.Fatal(err)
	}
}

func (c *webSocket) read(t *testing.T) (op byte, payload []byte) {
	t.Helper()
	var head [2]byte
	if _, err := io.ReadFull(c.in, head[:]); err != nil {
		t.Fatal(err)
	}
	payload = make([]byte, head[1])
	if _, err := io.ReadFull(c.in, payload); err != nil {
		t.Fatal(err)
	}
	return head[0] & 0xf, payload
}

func (c *webSocket) expect(t *testing.T, text string) {
	t.Helper()
	if op, payload := c.read(t); op != 1 || string(payload) != text {
		t.Fatalf("got opcode %d %q, want %q", op, payload, text)
	}
}
