package engineio

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// patience is how long a test waits for what must happen.
const patience = 30 * time.Second

// testHandler records the calls that it receives. Its hooks may be nil.
type testHandler struct {
	open    func(*Socket, *http.Request)
	message func(*Socket, Kind, []byte)

	opened chan *Socket
	closed chan Reason
}

func (h *testHandler) Open(s *Socket, r *http.Request) {
	if h.open != nil {
		h.open(s, r)
	}
	select {
	case h.opened <- s:
	default:
	}
}

func (h *testHandler) Message(s *Socket, kind Kind, payload []byte) {
	if h.message != nil {
		h.message(s, kind, payload)
		return
	}
	s.Send(Message(kind, payload))
}

func (h *testHandler) Close(_ *Socket, reason Reason) {
	select {
	case h.closed <- reason:
	default:
	}
}

// host is a server under test.
type host struct {
	*Server
	t       *testing.T
	handler *testHandler
	http    *httptest.Server
	addr    string
}

// modes runs a test on both kinds of streams.
func modes(t *testing.T, test func(t *testing.T, portable bool)) {
	for name, portable := range map[string]bool{"native": false, "portable": true} {
		t.Run(name, func(t *testing.T) { test(t, portable) })
	}
}

func newHost(t *testing.T, options Options, handler *testHandler) *host {
	t.Helper()
	if handler == nil {
		handler = &testHandler{}
	}
	handler.opened, handler.closed = make(chan *Socket, 64), make(chan Reason, 64)
	options.Log = slog.New(slog.DiscardHandler)
	srv := New(handler, options)
	server := httptest.NewUnstartedServer(srv)
	srv.Attach(server.Config)
	server.Start()
	h := &host{Server: srv, t: t, handler: handler, http: server, addr: server.Listener.Addr().String()}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
		defer cancel()
		_ = srv.Close(ctx)
		server.CloseClientConnections()
		server.Close()
	})
	return h
}

func receive[T any](t *testing.T, from <-chan T, what string) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(patience):
		t.Fatalf("no %s in time", what)
		panic("unreachable")
	}
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatalf("not in time: %s", what)
}

func (h *host) wantClosed(want Reason) {
	h.t.Helper()
	if got := receive(h.t, h.handler.closed, "close"); got != want {
		h.t.Fatalf("closed for %q, want %q", got, want)
	}
}

// answer of an HTTP request.
type answer struct {
	status int
	body   string
	header http.Header
}

func (h *host) do(method, query, body string, headers ...string) answer {
	h.t.Helper()
	a, err := h.try(context.Background(), method, query, body, headers...)
	if err != nil {
		h.t.Fatal(err)
	}
	return a
}

func (h *host) try(ctx context.Context, method, query, body string, headers ...string) (answer, error) {
	r, err := http.NewRequestWithContext(ctx, method, h.http.URL+"/engine.io/?"+query, strings.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	res, err := h.http.Client().Do(r)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return answer{res.StatusCode, string(b), res.Header}, err
}

// opening is what the open packet tells.
type opening struct {
	SID          string
	Upgrades     []string
	PingInterval int
	PingTimeout  int
	MaxPayload   int
}

func parseOpening(t *testing.T, packet string) (o opening) {
	t.Helper()
	packet, _, _ = strings.Cut(packet, string(separator))
	if !strings.HasPrefix(packet, "0") {
		t.Fatalf("no open packet: %q", packet)
	}
	if err := json.Unmarshal([]byte(packet[1:]), &o); err != nil {
		t.Fatal(err)
	}
	return o
}

// startPolling starts a polling session and gives the query of its requests.
func (h *host) startPolling() (query string) {
	h.t.Helper()
	a := h.do("GET", "EIO=4&transport=polling", "")
	return "EIO=4&transport=polling&sid=" + parseOpening(h.t, a.body).SID
}

func (h *host) want(method, query, body string, status int, text string) {
	h.t.Helper()
	a := h.do(method, query, body)
	if a.status != status || a.body != text {
		h.t.Fatalf("%s %.40q: %d %q, want %d %q", method, body, a.status, a.body, status, text)
	}
}

// client is a WebSocket client that speaks frames.
type client struct {
	t    *testing.T
	conn net.Conn
	in   *bufio.Reader
}

// request is the head of a WebSocket handshake.
func (h *host) request(query string, headers ...string) string {
	return fmt.Sprintf("GET /engine.io/?%s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n%s\r\n", query, h.addr, strings.Join(headers, ""))
}

// dialRaw connects and sends some bytes at once.
func (h *host) dialRaw(first string) *client {
	h.t.Helper()
	conn, err := net.Dial("tcp", h.addr)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { conn.Close() })
	c := &client{t: h.t, conn: conn, in: bufio.NewReader(conn)}
	c.raw([]byte(first))
	return c
}

func (h *host) dial(query string) *client {
	h.t.Helper()
	c := h.dialRaw(h.request(query))
	c.switched()
	return c
}

// open starts a WebSocket session.
func (h *host) open() *client {
	h.t.Helper()
	c := h.dial("EIO=4&transport=websocket")
	parseOpening(h.t, c.text())
	return c
}

func (c *client) switched() {
	c.t.Helper()
	_ = c.conn.SetReadDeadline(time.Now().Add(patience))
	res, err := http.ReadResponse(c.in, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	if res.StatusCode != http.StatusSwitchingProtocols || res.Header.Get("Sec-Websocket-Accept") != "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" {
		c.t.Fatalf("status %d, accept %q", res.StatusCode, res.Header.Get("Sec-Websocket-Accept"))
	}
}

func (c *client) raw(b []byte) {
	c.t.Helper()
	if _, err := c.conn.Write(b); err != nil {
		c.t.Fatal(err)
	}
}

// masked builds a client's frame; first is the whole first byte.
func masked(first byte, payload []byte) []byte {
	key := [4]byte{0x12, 0x34, 0x56, 0x78}
	b := appendHeader(nil, 0, len(payload))
	b[0], b[1] = first, b[1]|maskBit
	b = append(b, key[:]...)
	for i, v := range payload {
		b = append(b, v^key[i&3])
	}
	return b
}

func (c *client) send(text string) {
	c.t.Helper()
	c.raw(masked(finBit|opText, []byte(text)))
}

func readFrame(in *bufio.Reader) (op byte, payload []byte, err error) {
	head := make([]byte, 2, 10)
	if _, err = io.ReadFull(in, head); err != nil {
		return 0, nil, err
	}
	op = head[0] & 0xF
	size := uint64(head[1])
	switch size {
	case 126:
		_, err = io.ReadFull(in, head[:2])
		size = uint64(binary.BigEndian.Uint16(head))
	case 127:
		_, err = io.ReadFull(in, head[:8])
		size = binary.BigEndian.Uint64(head[:8])
	}
	if err != nil {
		return 0, nil, err
	}
	payload = make([]byte, size)
	_, err = io.ReadFull(in, payload)
	return op, payload, err
}

// frame reads the next frame, whatever it is.
func (c *client) frame() (op byte, payload []byte) {
	c.t.Helper()
	_ = c.conn.SetReadDeadline(time.Now().Add(patience))
	op, payload, err := readFrame(c.in)
	if err != nil {
		c.t.Fatal(err)
	}
	return op, payload
}

// text reads the next frame, which has to be a text.
func (c *client) text() string {
	c.t.Helper()
	op, payload := c.frame()
	if op != opText {
		c.t.Fatalf("opcode %d (%q), want a text", op, payload)
	}
	return string(payload)
}

func (c *client) want(text string) {
	c.t.Helper()
	if got := c.text(); got != text {
		c.t.Fatalf("got %q, want %q", got, text)
	}
}

// wantClose reads up to a close frame, answers it, and waits for the end.
func (c *client) wantClose(code Code) {
	c.t.Helper()
	for {
		op, payload := c.frame()
		if op != opClose {
			continue
		}
		got := codeNone
		if len(payload) >= 2 {
			got = Code(binary.BigEndian.Uint16(payload))
		}
		if got != code {
			c.t.Fatalf("close code %d (%q), want %d", got, payload, code)
		}
		_, _ = c.conn.Write(masked(finBit|opClose, payload))
		c.wantEnd()
		return
	}
}

// wantEnd waits for the end of the connection.
func (c *client) wantEnd() {
	c.t.Helper()
	_ = c.conn.SetReadDeadline(time.Now().Add(patience))
	if _, err := io.Copy(io.Discard, c.in); err != nil && strings.Contains(err.Error(), "timeout") {
		c.t.Fatal("connection is still open")
	}
}

// answer is the body of the answer to a request that is refused with e.
func (e *protocolError) answer() string {
	return fmt.Sprintf(`{"code":%d,"message":%q}`, e.code, e.message)
}
