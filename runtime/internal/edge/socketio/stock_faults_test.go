package socketio

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	eio "github.com/zishang520/socket.io/parsers/engine/v3/packet"
	"github.com/zishang520/socket.io/servers/engine/v3"
	"github.com/zishang520/socket.io/v3/pkg/types"
	"github.com/zishang520/socket.io/v3/pkg/utils"
)

// fault is a fault of the library's engine.
type fault struct {
	number int
	name   string
	terms  terms
	// seen has a client do what brings the fault out, and tells what the server did
	// wrong; "" is nothing.
	seen func(s *side) string
}

// Each fault that was found in the library's engine is brought out of it, in the same
// way in which ours is then shown not to have it. The tests of package engineio and
// the others of this package go further into ours.
func TestFaultsOfTheStockEngine(t *testing.T) {
	for _, f := range []fault{
		{number: 2, name: "early pong", terms: terms{pingInterval: time.Second, pingTimeout: 500 * time.Millisecond, connection: pongFirst}, seen: earlyPong},
		{number: 3, name: "slow consumer", seen: slowConsumer},
		{number: 4, name: "waiting poll at the end", seen: pollAtTheEnd},
		{number: 5, name: "payload that is none", seen: badPayload},
		{number: 5, name: "two polls at once", seen: twoPolls},
		{number: 6, name: "chunked POST over the limit", seen: chunkedPost},
		{number: 7, name: "invalid UTF-8", seen: invalidUTF8},
		{number: 8, name: "unfinished attachments", seen: attachments},
		{number: 9, name: "no close frame", seen: closeFrame},
		{number: 10, name: "code of another protocol", seen: protocolCode},
		{number: 10, name: "code of a malformed session", seen: sessionCode},
		{number: 13, name: "half-sent headers", terms: terms{readTimeout: 100 * time.Millisecond}, seen: halfHeaders},
	} {
		t.Run(fmt.Sprintf("%02d %s", f.number, f.name), func(t *testing.T) {
			terms := f.terms.withDefaults()
			// Ours must not be caught by a busy machine. Its pings stay further apart than
			// its patience, or a pong that was lost would not be seen.
			own := terms
			own.pingInterval, own.pingTimeout = 3*terms.pingInterval, 4*terms.pingTimeout
			f.compare(t, startOurs(t, own), startStock(t, terms))
		})
	}
}

// compare wants the fault in the stock engine, and not in ours.
func (f fault) compare(t *testing.T, ours, stock *side) {
	t.Helper()
	if got := f.seen(ours); got != "" {
		t.Errorf("ours: %s", got)
	}
	got := f.seen(stock)
	if got == "" {
		t.Error("the stock engine does not show this fault")
	}
	t.Log("the stock engine:", got)
}

// A first packet that comes before the Socket.IO layer listens is lost. A listener
// ahead of the library's is held until the client has sent its CONNECT and, where
// reading does not wait, until that was read.
func TestFault01OfTheStockEngine(t *testing.T) {
	answered := func(s *side, sent chan<- struct{}) bool {
		c := s.dial()
		c.send("40")
		close(sent)
		_ = c.conn.SetReadDeadline(time.Now().Add(s.wait))
		_, message, _ := c.conn.ReadMessage()
		return strings.HasPrefix(string(message), "40{")
	}
	first := make(chan struct{})
	ours := startOurs(t, terms{connection: func(engine.Socket) { <-first }}.withDefaults())
	if !answered(ours, first) {
		t.Error("ours: CONNECT is not answered")
	}
	sent := make(chan struct{})
	stock := startStock(t, terms{connection: func(client engine.Socket) {
		read := make(chan struct{}, 1)
		_ = client.On("data", func(...any) { read <- struct{}{} })
		<-sent
		<-read
	}}.withDefaults())
	if answered(stock, sent) {
		t.Error("the stock engine does not show this fault")
	}
}

// pongFirst holds the stock engine between the writing of a ping and the start of its
// timer, until the answer is there: what a slow listener, or a busy machine, does.
func pongFirst(client engine.Socket) {
	answered := make(chan struct{}, 1)
	pinging := false // both listeners are called by who writes the ping
	_ = client.On("heartbeat", func(...any) { answered <- struct{}{} })
	_ = client.On("flush", func(args ...any) {
		packets, _ := args[0].([]*eio.Packet)
		pinging = len(packets) > 0 && packets[0].Type == eio.PING
	})
	_ = client.On("drain", func(...any) {
		if pinging {
			pinging = false
			<-answered
		}
	})
}

func earlyPong(s *side) string {
	c := s.dial()
	for range 2 {
		if got := c.next("2"); got != "2" {
			return "a client that answered its ping at once was closed: " + got
		}
		c.send("3")
	}
	return ""
}

// A client that reads nothing is queued for without a bound.
func slowConsumer(s *side) string {
	c := s.join()
	const each, all = 100_000, 32 << 20
	s.flood(all/each, each)
	got := 0
	for {
		_, message, err := c.conn.ReadMessage()
		if err != nil {
			return ""
		}
		if got += len(message); got > all/2 {
			return fmt.Sprintf("%d bytes and more were kept for a client that did not read", got)
		}
	}
}

// A poll that waits when the server closes is not answered, and holds up the
// shutdown of the http.Server until its deadline.
func pollAtTheEnd(s *side) string {
	answered := s.waitingPoll(s.poll())
	s.close()
	ctx, cancel := context.WithTimeout(context.Background(), s.wait)
	defer cancel()
	if err := s.http.Config.Shutdown(ctx); err != nil {
		return "the poll holds up the shutdown: " + err.Error()
	}
	if body := <-answered; !strings.HasSuffix(body, "1") {
		return fmt.Sprintf("the poll is answered %q", body)
	}
	return ""
}

// Packets that cannot be read are answered "ok", and the session goes on.
func badPayload(s *side) string {
	query := s.poll()
	if status, body, _ := s.request(http.MethodPost, query, "abc"); status != http.StatusBadRequest {
		return fmt.Sprintf("POST abc: %d %s", status, body)
	}
	return ""
}

// Of two polls at once the second is refused, and the first is to end with the session.
func twoPolls(s *side) string {
	query := s.poll()
	first := s.waitingPoll(query)
	if status, _, _ := s.request(http.MethodGet, query, ""); status != http.StatusBadRequest {
		return fmt.Sprintf("the second poll: %d", status)
	}
	select {
	case <-first:
		return ""
	case <-time.After(s.wait):
		return "the first poll is left waiting"
	}
}

// A POST without a length is cut at the limit, and the beginning taken for all of it.
func chunkedPost(s *side) string {
	query := s.poll()
	body := struct{ io.Reader }{strings.NewReader("3" + strings.Repeat("\x1e3", stockPayload))} // pongs
	res, err := http.Post(s.url(query), "text/plain", body)
	if err != nil {
		return err.Error()
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusRequestEntityTooLarge {
		return fmt.Sprintf("a POST over the limit: %s", res.Status)
	}
	return ""
}

// Text that is no UTF-8 is passed on.
func invalidUTF8(s *side) string {
	c := s.join()
	c.send("42[\"message\",\"\xff\"]")
	got := c.next("42")
	if code := c.code; code != websocket.CloseInvalidFramePayloadData {
		return fmt.Sprintf("invalid UTF-8 is answered with %q, close code %d", got, code)
	}
	return ""
}

// The attachments of an event that is never completed are all kept.
func attachments(s *side) string {
	c := s.join()
	const all = 10 // more the library's parser does not take
	c.send(`4510-["message"` + strings.Repeat(`,{"_placeholder":true,"num":0}`, all) + `]`)
	for range all - 1 {
		if err := c.conn.WriteMessage(websocket.BinaryMessage, make([]byte, stockPayload)); err != nil {
			return ""
		}
	}
	c.conn.SetPongHandler(func(string) error { return errAlive })
	_ = c.conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(patience))
	if _, _, err := c.conn.ReadMessage(); errors.Is(err, errAlive) {
		return fmt.Sprintf("%d bytes of attachments were read and are kept", (all-1)*stockPayload)
	}
	return ""
}

var errAlive = errors.New("the server answers")

// A server that closes tells no client why, which all see as 1006.
func closeFrame(s *side) string {
	c := s.join()
	s.close()
	c.next("-")
	if c.code != websocket.CloseGoingAway {
		return fmt.Sprintf("close code %d", c.code)
	}
	return ""
}

// The numbers of errors are those of the reference, which clients go by.
func protocolCode(s *side) string { return s.wantCode("EIO=3&transport=polling", 5) }

func sessionCode(s *side) string { return s.wantCode("EIO=4&transport=polling&sid=%00%ff", 1) }

func (s *side) wantCode(query string, want int) string {
	_, body, err := s.request(http.MethodGet, query, "")
	if !strings.HasPrefix(body, fmt.Sprintf(`{"code":%d,`, want)) {
		return fmt.Sprintf("%s: %s %v, want code %d", query, body, err, want)
	}
	return ""
}

// Also the library's Socket.IO layer has timers, so that it is the server that
// players are served with which is compared here: it has none of the library's.
func TestFault12OfTheStockEngine(t *testing.T) {
	ours := &side{t: t, base: newStack(t).url, wait: patience}
	fault{seen: goroutines}.compare(t, ours, startStock(t, terms{}.withDefaults()))
}

// Every timer is a goroutine, also of sessions that nobody asks for any more.
func goroutines(s *side) string {
	s.poll()
	before := runtime.NumGoroutine()
	const sessions = 200
	for range sessions {
		s.poll()
	}
	for deadline := time.Now().Add(s.wait); ; time.Sleep(5 * time.Millisecond) {
		more := runtime.NumGoroutine() - before
		if more < sessions/4 {
			return ""
		}
		if time.Now().After(deadline) {
			return fmt.Sprintf("%d sessions have %d goroutines", sessions, more)
		}
	}
}

// A request whose headers never end is waited for without end.
func halfHeaders(s *side) string {
	conn, err := net.Dial("tcp", s.http.Listener.Addr().String())
	if err != nil {
		return err.Error()
	}
	defer func() { _ = conn.Close() }()
	_, _ = io.WriteString(conn, "GET /socket.io/?EIO=4 HTTP/1.1\r\nHost: x\r\nX-Slow: ")
	_ = conn.SetReadDeadline(time.Now().Add(s.wait))
	var timeout net.Error
	if _, err := io.Copy(io.Discard, bufio.NewReader(conn)); errors.As(err, &timeout) && timeout.Timeout() {
		return "the connection is still open"
	}
	return ""
}

// The library's Redis adapters pack what they pass on with its MessagePack encoder,
// in which a client's binary argument becomes nothing. They are no part of this
// project, so what is shown is that encoder with that argument; and that ours never
// has one, since it takes nothing binary in.
func TestFault11OfTheStockEngine(t *testing.T) {
	packed, err := utils.MsgPack().Encode([]any{"message", types.NewBytesBuffer([]byte{1, 2, 3})})
	if err != nil {
		t.Fatal(err)
	}
	var back []any
	if err := utils.MsgPack().Decode(packed, &back); err != nil {
		t.Fatal(err)
	}
	if text, err := json.Marshal(back); err != nil || string(text) != `["message",{}]` {
		t.Errorf("the argument came through as %s, %v", text, err)
	}
	ours := startOurs(t, terms{}.withDefaults())
	c := ours.join()
	c.send(`451-["message",{"_placeholder":true,"num":0}]`)
	if err := c.conn.WriteMessage(websocket.BinaryMessage, []byte{1, 2, 3}); err != nil {
		t.Fatal(err)
	}
	if got := c.next("4"); c.code != websocket.CloseUnsupportedData {
		t.Errorf("got %q, close code %d", got, c.code)
	}
}
