package app

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/anteroom/anteroom/runtime/wire"
)

// client is a Socket.IO client: enough of one to see a server from outside.
type client struct {
	t       *testing.T
	send    func(packet string)
	receive func() []string // waits for packets
	packets []string        // received, not asked for yet
	acks    int
	closed  bool
}

// connect opens a connection over polling and a session on it.
func connect(t *testing.T, server, name string) *client {
	t.Helper()
	p := &poller{t: t, url: server + "/socket.io/?EIO=4&transport=polling"}
	c := &client{t: t, send: p.post, receive: func() []string { return strings.Split(p.poll(), "\x1e") }}
	var hello struct{ SID string }
	if err := json.Unmarshal([]byte(c.packet("0")), &hello); err != nil {
		t.Fatal(err)
	}
	p.url += "&sid=" + hello.SID
	return c.login(name)
}

// connectWebSocket does the same over WebSocket.
func connectWebSocket(t *testing.T, server, name string) *client {
	t.Helper()
	conn, answer, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(server, "http")+"/socket.io/?EIO=4&transport=websocket", nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	t.Cleanup(func() { _ = conn.Close() })
	c := &client{t: t}
	c.send = func(packet string) {
		t.Helper()
		if err := conn.WriteMessage(websocket.TextMessage, []byte(packet)); err != nil {
			t.Fatal(err)
		}
	}
	c.receive = func() []string {
		t.Helper()
		_ = conn.SetReadDeadline(time.Now().Add(patience))
		_, message, err := conn.ReadMessage()
		if err != nil {
			return []string{"1"}
		}
		return []string{string(message)}
	}
	c.packet("0")
	return c.login(name)
}

func (c *client) login(name string) *client {
	c.t.Helper()
	c.send(fmt.Sprintf(`40{"protocol":1,"token":%q}`, name))
	c.packet("40")
	return c
}

// packet waits for a packet that begins with a prefix and returns the rest of
// it. Others wait to be asked for.
func (c *client) packet(prefix string) string {
	c.t.Helper()
	for deadline := time.Now().Add(patience); ; c.take() {
		for i, next := range c.packets {
			if rest, ok := strings.CutPrefix(next, prefix); ok {
				c.packets = slices.Delete(c.packets, i, i+1)
				return rest
			}
		}
		if c.closed || time.Now().After(deadline) {
			c.t.Fatalf("no packet %q came, but %q", prefix, c.packets)
		}
	}
}

// take receives, and deals with what is Engine.IO's own.
func (c *client) take() {
	c.t.Helper()
	for _, packet := range c.receive() {
		switch packet {
		case "1":
			c.closed = true
		case "2":
			c.send("3")
		default:
			c.packets = append(c.packets, packet)
		}
	}
}

// event waits for a push and decodes its payload.
func (c *client) event(name string, into any) {
	c.t.Helper()
	payload := strings.TrimSuffix(c.packet(`42["`+name+`",`), "]")
	if err := json.Unmarshal([]byte(payload), into); err != nil {
		c.t.Fatalf("%s: %v in %s", name, err, payload)
	}
}

// answer is an acknowledgement.
type answer struct {
	OK    bool
	Data  json.RawMessage
	Error struct {
		Code, Reason, Field, Message string
		RetryAfterMs                 int64
		Current                      wire.Current
	}
}

// ask sends a request and waits for its acknowledgement.
func (c *client) ask(event string, payload any) answer {
	c.t.Helper()
	body, err := json.Marshal(payload)
	if err != nil {
		c.t.Fatal(err)
	}
	c.acks++
	c.send(fmt.Sprintf("42%d[%q,%s]", c.acks, event, body))
	var a []answer
	if err := json.Unmarshal([]byte(c.packet(fmt.Sprintf("43%d", c.acks))), &a); err != nil || len(a) != 1 {
		c.t.Fatalf("%s: acknowledged with %v, %v", event, a, err)
	}
	return a[0]
}

// granted asks what has to be granted, and decodes the answer.
func (c *client) granted(event string, payload, into any) {
	c.t.Helper()
	a := c.ask(event, payload)
	if !a.OK {
		c.t.Fatalf("%s: %+v", event, a.Error)
	}
	if err := json.Unmarshal(a.Data, into); err != nil {
		c.t.Fatal(err)
	}
}

// tryAsk is ask for a connection that may end meanwhile; open tells that it has not.
func (c *client) tryAsk(event string, payload any) (a answer, open bool) {
	c.t.Helper()
	body, err := json.Marshal(payload)
	if err != nil {
		c.t.Fatal(err)
	}
	c.acks++
	c.send(fmt.Sprintf("42%d[%q,%s]", c.acks, event, body))
	for !c.closed {
		for _, packet := range c.packets {
			if rest, ok := strings.CutPrefix(packet, fmt.Sprintf("43%d", c.acks)); ok {
				answers := []answer{{}}
				if err := json.Unmarshal([]byte(rest), &answers); err != nil {
					c.t.Fatal(err)
				}
				return answers[0], true
			}
		}
		c.take()
	}
	return a, false
}

// poller speaks HTTP polling.
type poller struct {
	t   *testing.T
	url string
}

func (p *poller) poll() string {
	p.t.Helper()
	client := http.Client{Timeout: patience}
	answer, err := client.Get(p.url)
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	if answer.StatusCode != http.StatusOK {
		p.t.Fatalf("a poll was answered %d %s", answer.StatusCode, body)
	}
	return string(body)
}

func (p *poller) post(packet string) {
	p.t.Helper()
	answer, err := http.Post(p.url, "text/plain", strings.NewReader(packet))
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		p.t.Fatalf("%q was answered %d", packet, answer.StatusCode)
	}
}
