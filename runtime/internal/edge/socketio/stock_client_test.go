package socketio

import (
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

func (s *side) url(query string) string { return s.base + "/socket.io/?" + query }

// request gives the status and the body of an answer.
func (s *side) request(method, query, body string) (int, string, error) {
	req, err := http.NewRequest(method, s.url(query), strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	return res.StatusCode, string(text), err
}

// poll begins a polling session and gives the query of its requests.
func (s *side) poll() string {
	s.t.Helper()
	const handshake = "EIO=4&transport=polling"
	_, body, err := s.request(http.MethodGet, handshake, "")
	_, rest, _ := strings.Cut(body, `"sid":"`)
	sid, _, found := strings.Cut(rest, `"`)
	if err != nil || !found {
		s.t.Fatalf("handshake: %s %v", body, err)
	}
	return handshake + "&sid=" + sid
}

// waitingPoll returns when the poll waits; body is what it is answered.
func (s *side) waitingPoll(query string) (body <-chan string) {
	s.t.Helper()
	answered := make(chan string, 1)
	go func() {
		_, body, _ := s.request(http.MethodGet, query, "")
		answered <- body
	}()
	s.eventually("the poll waits", s.waiting)
	return answered
}

func (s *side) eventually(what string, is func() bool) {
	s.t.Helper()
	for deadline := time.Now().Add(patience); !is(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			s.t.Fatalf("%s: not in %v", what, patience)
		}
	}
}

// player is a WebSocket client that does nothing by itself.
type player struct {
	t    *testing.T
	conn *websocket.Conn
	// code is that of the close frame, 1006 if the connection ended without.
	code int
}

// dial opens a WebSocket and reads the open packet.
func (s *side) dial() *player {
	s.t.Helper()
	conn, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(s.url("EIO=4&transport=websocket"), "http"), nil)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetReadDeadline(time.Now().Add(patience))
	p := &player{t: s.t, conn: conn}
	p.next("0")
	return p
}

// join is dial for a client that connects once it is listened to.
func (s *side) join() *player {
	s.t.Helper()
	p := s.dial()
	<-s.listening
	p.send("40")
	p.next("40{")
	return p
}

func (p *player) send(text string) {
	p.t.Helper()
	if err := p.conn.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
		p.t.Fatal(err)
	}
}

// next gives the next message that begins like this, or says how the connection ended.
func (p *player) next(begin string) string {
	p.t.Helper()
	for {
		_, message, err := p.conn.ReadMessage()
		if strings.HasPrefix(string(message), begin) && err == nil {
			return string(message)
		}
		if err == nil {
			continue
		}
		var timeout net.Error
		if errors.As(err, &timeout) && timeout.Timeout() {
			p.t.Fatalf("nothing that begins with %q came", begin)
		}
		p.code = websocket.CloseAbnormalClosure
		var closed *websocket.CloseError
		if errors.As(err, &closed) {
			p.code = closed.Code
		}
		return "end of the connection"
	}
}
