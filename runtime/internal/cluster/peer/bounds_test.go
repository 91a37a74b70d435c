package peer_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/cluster/peer"
	"github.com/anteroom/anteroom/runtime/internal/edge/engineio"
)

// waitingPoll sends a poll through a pod. It returns the answer's body and a function that
// aborts the poll.
func (p *server) waitingPoll(t *testing.T, sid string) (answered <-chan string, giveUp func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.at(sid), http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	body := make(chan string, 1)
	go func() {
		defer close(body)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return
		}
		defer res.Body.Close()
		text, _ := io.ReadAll(res.Body)
		body <- string(text)
	}()
	return body, cancel
}

// At the bound, no further request is forwarded until one has ended.
func TestForwardedRequestsAreBounded(t *testing.T) {
	const most = 3
	b := &book{all: map[string]peer.Endpoint{}}
	owner := startServer(t, b, patience)
	other := startServer(t, b, patience, func(o *peer.ForwarderOptions) { o.Most = most })
	sids := make([]string, most)
	var giveUp func()
	for i := range sids {
		sids[i] = owner.handshake(t)
		_, giveUp = other.waitingPoll(t, sids[i])
	}
	waitFor(t, "the polls to be forwarded", func() bool { return other.forward.Stats().Now == most })

	res, err := http.Get(other.at(owner.handshake(t)))
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusServiceUnavailable || res.Header.Get("Retry-After") != "1" {
		t.Fatalf("request beyond the bound: %s, Retry-After %q", res.Status, res.Header.Get("Retry-After"))
	}
	if s := other.forward.Stats(); s.Full != 1 || s.Now != most {
		t.Errorf("stats: %+v", s)
	}
	if status, _ := get(t, other.url+"/engine.io/?EIO=4&transport=polling"); status != http.StatusOK {
		t.Errorf("request of the pod's own: status %d", status)
	}

	giveUp()
	waitFor(t, "a forwarded request to end", func() bool { return other.forward.Stats().Now < most })
	if status, body := post(t, other.at(sids[0]), "4hello"); status != http.StatusOK {
		t.Errorf("below the bound again: %d %s", status, body)
	}
}

func TestForwarderDefaults(t *testing.T) {
	if f := peer.NewForwarder(peer.ForwarderOptions{}); f.Most != 10_000 || f.WriteTimeout != 15*time.Second {
		t.Errorf("bound %d and write timeout %v, want 10000 and 15s", f.Most, f.WriteTimeout)
	}
}

// The forwarding pod closes the connection of a client that does not read. The session then
// ends on its own pod.
func TestSlowReaderOfAForwardedWebSocketIsClosed(t *testing.T) {
	b := &book{all: map[string]peer.Endpoint{}}
	owner := startServer(t, b, patience)
	other := startServer(t, b, patience, func(o *peer.ForwarderOptions) { o.WriteTimeout = 50 * time.Millisecond })
	conn := upgraded(t, owner, other)
	if err := conn.Conn.(*net.TCPConn).SetReadBuffer(4096); err != nil {
		t.Fatal(err)
	}
	frame := engineio.Message(engineio.Text, strings.Repeat("x", 64<<10))
	for _, s := range owner.engine.Sockets() {
		for range 32 << 20 / frame.Size() { // more than the kernel's buffers hold
			s.Send(frame)
		}
	}
	select {
	case reason := <-owner.closed:
		if reason == engineio.SlowConsumer {
			t.Error("the session's own pod closed the connection")
		}
	case <-time.After(patience):
		t.Fatal("no session ended")
	}
	waitFor(t, "the forwarding to end", func() bool { return other.forward.Stats().Now == 0 })
}

// upgraded returns a WebSocket that another pod forwards to the session's pod.
func upgraded(t *testing.T, owner, other *server) *webSocket {
	t.Helper()
	conn := dialWebSocket(t, other, owner.handshake(t))
	conn.send(t, "2probe")
	conn.expect(t, "3probe")
	conn.send(t, "5")
	conn.send(t, "4hello")
	conn.expect(t, "4hello")
	return conn
}

// A half-closed client connection also ends the session on its own pod.
func TestHalfOpenForwardedWebSocketEnds(t *testing.T) {
	owner, other := two(t)
	conn := upgraded(t, owner, other)
	if err := conn.Conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	expectClose(t, owner)
	waitFor(t, "the forwarding to end", func() bool { return other.forward.Stats().Now == 0 })
}

// The size limit of a POST also applies without a Content-Length, on any pod.
func TestChunkedPostOnTheWrongPod(t *testing.T) {
	owner, other := two(t)
	sid := owner.handshake(t)
	for _, c := range []struct{ size, status int }{{maxPayload, http.StatusOK}, {maxPayload + 1, http.StatusRequestEntityTooLarge}} {
		body := struct{ io.Reader }{strings.NewReader("4" + strings.Repeat("x", c.size-1))} // without a Content-Length
		status, answer := answer(t, func() (*http.Response, error) { return http.Post(other.at(sid), "text/plain", body) })
		if status != c.status {
			t.Errorf("%d bytes: %d %s, want %d", c.size, status, answer, c.status)
		}
	}
	if status, body := get(t, other.at(sid)); status != http.StatusOK || len(body) != maxPayload {
		t.Errorf("GET: %d with %d bytes", status, len(body))
	}
}

// Two concurrent polls end the session, also when they reach different pods.
func TestConcurrentPollsOnTwoPods(t *testing.T) {
	owner, other := two(t)
	sid := owner.handshake(t)
	first, _ := other.waitingPoll(t, sid)
	waitFor(t, "the poll to wait", func() bool { return owner.engine.Sockets()[0].Writable() })
	if status, _ := get(t, owner.at(sid)); status != http.StatusBadRequest {
		t.Errorf("second poll: status %d, want 400", status)
	}
	if body := <-first; body != "1" {
		t.Errorf("first poll: %q, want a close packet", body)
	}
	expectClose(t, owner)
	status, body := get(t, other.at(sid))
	wantUnknown(t, status, body)
}

// A request body that never arrives ends at the deadline of a poll.
func TestMissingBodyEndsAtTheDeadline(t *testing.T) {
	b := &book{all: map[string]peer.Endpoint{}}
	owner := startServer(t, b, patience)
	other := startServer(t, b, 50*time.Millisecond, func(o *peer.ForwarderOptions) { o.WriteTimeout = 50 * time.Millisecond })
	sid := owner.handshake(t)
	conn, err := net.Dial("tcp", strings.TrimPrefix(other.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	path := strings.TrimPrefix(other.at(sid), other.url)
	if _, err := io.WriteString(conn, "POST "+path+" HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the request to be forwarded", func() bool { return other.forward.Stats().Now == 1 })
	waitFor(t, "the forwarding to end", func() bool { return other.forward.Stats().Now == 0 })
}
