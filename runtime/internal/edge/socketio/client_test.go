package socketio

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/anteroom/anteroom/runtime/wire"
)

// patience is how long tests wait for what has to happen.
const patience = 30 * time.Second

// client speaks Socket.IO frames, no more than the tests need.
type client struct {
	t    *testing.T
	send func(text string) error
	// binary sends a binary message over a WebSocket.
	binary func(data []byte) error
	stop   func()

	mu     sync.Mutex
	log    []message // all Socket.IO packets, in order
	ended  bool
	nextID int
	change chan struct{} // closed and replaced when something above changes
}

// message is a Socket.IO packet from the server.
type message struct {
	kind  byte
	id    int
	event string
	data  json.RawMessage // payload, answer, or the data of CONNECT and CONNECT_ERROR
}

func newClient(t *testing.T) *client { return &client{t: t, change: make(chan struct{})} }

// dialWebSocket opens a transport; the client is not connected yet.
func dialWebSocket(t *testing.T, base string, header http.Header) (*client, error) {
	conn, res, err := websocket.DefaultDialer.Dial(
		"ws"+strings.TrimPrefix(base, "http")+"/socket.io/?EIO=4&transport=websocket", header)
	if err != nil {
		if res != nil {
			text, _ := io.ReadAll(res.Body)
			return nil, fmt.Errorf("status %d, %s: %w", res.StatusCode, text, err)
		}
		return nil, err
	}
	c := newClient(t)
	var writing sync.Mutex
	c.send = func(text string) error {
		writing.Lock()
		defer writing.Unlock()
		return conn.WriteMessage(websocket.TextMessage, []byte(text))
	}
	c.binary = func(data []byte) error {
		writing.Lock()
		defer writing.Unlock()
		return conn.WriteMessage(websocket.BinaryMessage, data)
	}
	c.stop = func() { _ = conn.Close() }
	t.Cleanup(c.stop)
	go func() {
		defer c.end()
		for {
			_, text, err := conn.ReadMessage()
			if err != nil {
				return
			}
			if !c.take(string(text)) {
				return
			}
		}
	}()
	return c, nil
}

// dialPolling opens a polling session and keeps polling.
func dialPolling(t *testing.T, base string, header http.Header) (*client, error) {
	url := base + "/socket.io/?EIO=4&transport=polling"
	body, err := fetch(http.MethodGet, url, header, "")
	if err != nil {
		return nil, err
	}
	var open struct{ Sid string }
	if err := json.Unmarshal([]byte(strings.TrimPrefix(body, "0")), &open); err != nil {
		return nil, fmt.Errorf("handshake %q: %w", body, err)
	}
	url += "&sid=" + open.Sid
	c := newClient(t)
	c.send = func(text string) error {
		_, err := fetch(http.MethodPost, url, header, text)
		return err
	}
	c.stop = func() { _ = c.send("1") }
	go func() {
		defer c.end()
		for {
			body, err := fetch(http.MethodGet, url, header, "")
			if err != nil {
				return
			}
			for text := range strings.SplitSeq(body, "\x1e") {
				if !c.take(text) {
					return
				}
			}
		}
	}()
	return c, nil
}

func fetch(method, url string, header http.Header, body string) (string, error) {
	req, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		return "", err
	}
	req.Header = header.Clone()
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return "", err
	}
	if res.StatusCode != http.StatusOK {
		return string(text), fmt.Errorf("status %d: %s", res.StatusCode, text)
	}
	return string(text), nil
}

// take reads an Engine.IO packet; false when it ends the transport.
func (c *client) take(text string) bool {
	switch {
	case text == "1":
		return false
	case text == "2":
		_ = c.send("3")
	case strings.HasPrefix(text, "4"):
		c.record(parseMessage(text[1:]))
	}
	return true
}

func parseMessage(text string) message {
	m := message{kind: text[0]}
	rest := text[1:]
	if strings.HasPrefix(rest, "/") {
		_, rest, _ = strings.Cut(rest, ",")
	}
	digits := len(rest) - len(strings.TrimLeft(rest, "0123456789"))
	m.id, _ = strconv.Atoi(rest[:digits])
	rest = rest[digits:]
	switch m.kind {
	case packetEvent:
		var parts []json.RawMessage
		if json.Unmarshal([]byte(rest), &parts) == nil && len(parts) > 0 {
			_ = json.Unmarshal(parts[0], &m.event)
			if len(parts) > 1 {
				m.data = parts[1]
			}
		}
	case packetAck:
		m.data = json.RawMessage(bytes.TrimSuffix([]byte(strings.TrimPrefix(rest, "[")), []byte("]")))
	default:
		m.data = json.RawMessage(rest)
	}
	return m
}

func (c *client) record(m message) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.log = append(c.log, m)
	c.changed()
}

func (c *client) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended = true
	c.changed()
}

func (c *client) changed() {
	close(c.change)
	c.change = make(chan struct{})
}

// wait waits until look finds something.
func (c *client) wait(what string, look func() bool) {
	c.t.Helper()
	deadline := time.After(patience)
	for {
		c.mu.Lock()
		found, change := look(), c.change
		c.mu.Unlock()
		if found {
			return
		}
		select {
		case <-change:
		case <-deadline:
			c.t.Fatalf("no %s in %v; got %s", what, patience, c.transcript())
		}
	}
}

func (c *client) transcript() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out strings.Builder
	for _, m := range c.log {
		fmt.Fprintf(&out, "\n  %c %d %s %s", m.kind, m.id, m.event, m.data)
	}
	return out.String()
}

// find waits for the first packet that fits and gives its place in the log.
func (c *client) find(what string, fits func(message) bool) (message, int) {
	c.t.Helper()
	var found message
	at := 0
	c.wait(what, func() bool {
		for ; at < len(c.log); at++ {
			if fits(c.log[at]) {
				found = c.log[at]
				return true
			}
		}
		return false
	})
	return found, at
}

// connect sends CONNECT and waits for the answer; the refusal is nil on success.
func (c *client) connect(auth any) *wire.Error {
	c.t.Helper()
	data, err := json.Marshal(auth)
	if err != nil {
		c.t.Fatal(err)
	}
	if err := c.send("40" + string(data)); err != nil {
		c.t.Fatal(err)
	}
	answer, _ := c.find("answer to CONNECT", func(m message) bool {
		return m.kind == packetConnect || m.kind == packetConnectError
	})
	if answer.kind == packetConnect {
		return nil
	}
	var refused struct {
		Message string
		Data    *wire.Error
	}
	if err := json.Unmarshal(answer.data, &refused); err != nil || refused.Data == nil {
		c.t.Fatalf("CONNECT_ERROR %s: %v", answer.data, err)
	}
	return refused.Data
}

// turnedAway wants a CONNECT to end the transport without an answer: a stock
// client then comes back by itself.
func (c *client) turnedAway(auth wire.ConnectAuth) {
	c.t.Helper()
	if !c.isTurnedAway(auth) {
		c.t.Errorf("CONNECT was answered: %s", c.transcript())
	}
}

// isTurnedAway sends CONNECT and waits for its answer, or the end without one.
func (c *client) isTurnedAway(auth wire.ConnectAuth) bool {
	c.t.Helper()
	data, err := json.Marshal(auth)
	if err != nil {
		c.t.Fatal(err)
	}
	if err := c.send("40" + string(data)); err != nil {
		c.t.Fatal(err)
	}
	answered := false
	c.wait("answer to CONNECT, or the end", func() bool {
		answered = slices.ContainsFunc(c.log, func(m message) bool {
			return m.kind == packetConnect || m.kind == packetConnectError
		})
		return answered || c.ended
	})
	return !answered
}

// begin sends a request with an acknowledgement and gives its id.
func (c *client) begin(event string, args ...any) int {
	c.t.Helper()
	c.mu.Lock()
	c.nextID++
	id := c.nextID
	c.mu.Unlock()
	data, err := json.Marshal(append([]any{event}, args...))
	if err != nil {
		c.t.Fatal(err)
	}
	if err := c.send(fmt.Sprintf("42%d%s", id, data)); err != nil {
		c.t.Fatal(err)
	}
	return id
}

// ack is an acknowledgement with its data still as JSON.
type ack struct {
	OK    bool
	Data  json.RawMessage
	Meta  *wire.Meta
	Error *wire.Error
}

// answer waits for the acknowledgement and tells its place in the log.
func (c *client) answer(id int) (ack, int) {
	c.t.Helper()
	m, at := c.find(fmt.Sprintf("answer %d", id), func(m message) bool { return m.kind == packetAck && m.id == id })
	var a ack
	if err := json.Unmarshal(m.data, &a); err != nil {
		c.t.Fatalf("answer %s: %v", m.data, err)
	}
	return a, at
}

// request sends and waits.
func (c *client) request(event string, args ...any) ack {
	c.t.Helper()
	a, _ := c.answer(c.begin(event, args...))
	return a
}

// pushed waits for the n-th push of an event, from 1, and reads it into out.
func (c *client) pushed(event string, n int, out any) int {
	c.t.Helper()
	seen := 0
	m, at := c.find(fmt.Sprintf("push %d of %s", n, event), func(m message) bool {
		if m.kind == packetEvent && m.event == event {
			seen++
		}
		return m.kind == packetEvent && m.event == event && seen == n
	})
	if err := json.Unmarshal(m.data, out); err != nil {
		c.t.Fatalf("push %s %s: %v", event, m.data, err)
	}
	return at
}

// closed waits until the server has closed the transport.
func (c *client) closed() {
	c.t.Helper()
	c.wait("end of the transport", func() bool { return c.ended })
}
