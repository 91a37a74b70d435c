package manager_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/gorilla/websocket"
)

// player is a Socket.IO client over WebSocket: the minimum to observe a server from outside.
type player struct {
	conn *websocket.Conn

	mu     sync.Mutex
	sent   int
	acks   map[int]json.RawMessage
	events map[string][]json.RawMessage
	closed bool
}

// join connects a player to a server.
func join(server, name string) *player {
	GinkgoHelper()
	conn, answer, err := websocket.DefaultDialer.Dial("ws://"+server+"/socket.io/?EIO=4&transport=websocket", nil)
	Expect(err).NotTo(HaveOccurred())
	_ = answer.Body.Close()
	DeferCleanup(conn.Close)
	p := &player{conn: conn, acks: map[int]json.RawMessage{}, events: map[string][]json.RawMessage{}}
	Expect(p.write(fmt.Sprintf(`40{"protocol":1,"token":%q}`, name))).To(Succeed())
	go p.read()
	Eventually(p.received("session:ready")).Should(HaveLen(1))
	return p
}

func (p *player) write(packet string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.conn.WriteMessage(websocket.TextMessage, []byte(packet))
}

func (p *player) read() {
	for {
		_, message, err := p.conn.ReadMessage()
		if err != nil {
			p.mu.Lock()
			p.closed = true
			p.mu.Unlock()
			return
		}
		if string(message) == "2" {
			_ = p.write("3") // a closed connection shows in the next read
			continue
		}
		p.take(string(message))
	}
}

func (p *player) take(packet string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if rest, ok := strings.CutPrefix(packet, "42"); ok {
		var parts []json.RawMessage
		var name string
		if json.Unmarshal([]byte(rest), &parts) == nil && len(parts) > 1 && json.Unmarshal(parts[0], &name) == nil {
			p.events[name] = append(p.events[name], parts[1])
		}
	}
	if rest, ok := strings.CutPrefix(packet, "43"); ok {
		at := strings.IndexByte(rest, '[')
		var id int
		var parts []json.RawMessage
		if _, err := fmt.Sscan(rest[:max(at, 0)], &id); err == nil && json.Unmarshal([]byte(rest[at:]), &parts) == nil {
			p.acks[id] = parts[0]
		}
	}
}

// received returns the payloads of an event.
func (p *player) received(event string) func() []json.RawMessage {
	return func() []json.RawMessage {
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.events[event]
	}
}

func (p *player) gone() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.closed
}

// ack is an acknowledgement.
type ack struct {
	OK    bool
	Data  json.RawMessage
	Error struct{ Code, Message string }
}

// ask sends a request and waits for its acknowledgement.
func (p *player) ask(event string, payload any) ack {
	GinkgoHelper()
	body, err := json.Marshal(payload)
	Expect(err).NotTo(HaveOccurred())
	p.mu.Lock()
	p.sent++
	id := p.sent
	p.mu.Unlock()
	Expect(p.write(fmt.Sprintf("42%d[%q,%s]", id, event, body))).To(Succeed())
	var a ack
	Eventually(func() error {
		p.mu.Lock()
		defer p.mu.Unlock()
		return json.Unmarshal(p.acks[id], &a)
	}).Should(Succeed(), "%s is not acknowledged", event)
	return a
}
