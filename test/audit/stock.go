package audit

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// maxLine bounds a line of the host of stock clients, in bytes.
const maxLine = 64 << 20

// host is a Node process with stock Socket.IO clients: test/e2e/lib/host.mjs.
type host struct {
	mu      sync.Mutex
	in      io.Writer
	next    int
	clients map[int]*stock
}

// stock is a stock client of a host.
type stock struct {
	host      *host
	id        int
	received  func(event string, args []json.RawMessage)
	connected chan struct{}
	ended     chan struct{}

	mu    sync.Mutex
	err   error
	acks  map[int]func(args []json.RawMessage)
	asked int
}

// said is a line of the host.
type said struct {
	Is    string            `json:"is"`
	ID    int               `json:"id"`
	Event string            `json:"event"`
	Args  []json.RawMessage `json:"args"`
	Ack   int               `json:"ack"`
	Why   string            `json:"why"`
}

// startHost starts the Node process. It ends with the test.
func startHost(t testing.TB) *host {
	t.Helper()
	e2e := filepath.Join("..", "e2e")
	if out, err := exec.Command(filepath.Join("..", "..", "hack", "deps", "node.sh"), "test/e2e").CombinedOutput(); err != nil {
		t.Fatalf("install the stock client: %v\n%s", err, out)
	}
	node := exec.Command("node", filepath.Join("lib", "host.mjs"))
	node.Dir = e2e
	in, err := node.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := node.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := node.Start(); err != nil {
		t.Fatal(err)
	}
	h := &host{in: in, clients: make(map[int]*stock)}
	read := make(chan struct{})
	go func() {
		defer close(read)
		h.read(out)
	}()
	t.Cleanup(func() {
		_ = in.Close() // the process ends with its input
		<-read
		_ = node.Wait() // its clients are already judged
	})
	return h
}

// read processes the lines of the host, in their order.
func (h *host) read(out io.Reader) {
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		var s said
		if json.Unmarshal(lines.Bytes(), &s) != nil {
			continue // a warning of Node's
		}
		h.mu.Lock()
		c := h.clients[s.ID]
		h.mu.Unlock()
		if c != nil {
			c.take(s)
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, c := range h.clients {
		c.end("the host of the stock clients ended")
	}
}

// dial returns a dialer of stock clients over a transport.
func (h *host) dial(transport string) dialer {
	transports := []string{transport}
	if transport == "upgrade" {
		transports = []string{"polling", "websocket"}
	}
	return func(ctx context.Context, address string, auth any, received func(string, []json.RawMessage)) (client, error) {
		c := &stock{host: h, received: received, connected: make(chan struct{}), ended: make(chan struct{}), acks: make(map[int]func([]json.RawMessage))}
		h.mu.Lock()
		h.next++
		c.id = h.next
		h.clients[c.id] = c
		h.mu.Unlock()
		if err := c.command("dial", map[string]any{"url": "http://" + address, "auth": auth, "transports": transports}); err != nil {
			return nil, err
		}
		select {
		case <-c.connected:
			return c, nil
		case <-c.ended:
			return nil, c.Err()
		case <-ctx.Done():
			c.Close()
			return nil, fmt.Errorf("connect a stock client: %w", ctx.Err())
		}
	}
}

// tell sends a command about the client.
func (c *stock) command(do string, more map[string]any) error {
	line := map[string]any{"do": do, "id": c.id}
	for k, v := range more {
		line[k] = v
	}
	text, err := json.Marshal(line)
	if err != nil {
		return err
	}
	c.host.mu.Lock()
	defer c.host.mu.Unlock()
	_, err = c.host.in.Write(append(text, '\n'))
	return err
}

// take processes a line about the client.
func (c *stock) take(s said) {
	switch s.Is {
	case "connected":
		close(c.connected)
	case "event":
		c.received(s.Event, s.Args)
	case "ack":
		c.mu.Lock()
		acked := c.acks[s.Ack]
		delete(c.acks, s.Ack)
		c.mu.Unlock()
		acked(s.Args)
	case "ended":
		c.host.mu.Lock()
		delete(c.host.clients, c.id)
		c.host.mu.Unlock()
		c.end(s.Why)
	}
}

func (c *stock) end(why string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil {
		c.err = errors.New(why)
		close(c.ended)
	}
}

// Emit implements client.
func (c *stock) Emit(event string, body any, acked func(args []json.RawMessage)) error {
	c.mu.Lock()
	if c.err != nil {
		defer c.mu.Unlock()
		return c.err
	}
	ask := 0 // requests no acknowledgement
	if acked != nil {
		c.asked++
		ask = c.asked
		c.acks[ask] = acked
	}
	c.mu.Unlock()
	return c.command("emit", map[string]any{"event": event, "body": body, "ack": ask})
}

// Ended implements client.
func (c *stock) Ended() <-chan struct{} { return c.ended }

// Err implements client.
func (c *stock) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// do sends a command. Sending fails only after the host has ended, which ends its clients
// as well.
func (c *stock) do(command string) { _ = c.command(command, nil) }

// Close implements client.
func (c *stock) Close() { c.do("close") }

// Cut implements client.
func (c *stock) Cut() { c.do("cut") }

// Vanish implements client.
func (c *stock) Vanish() { c.do("vanish") }

// Pause implements client.
func (c *stock) Pause() { c.do("pause") }

// Unpause implements client.
func (c *stock) Unpause() { c.do("unpause") }
