package siotest

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// echoProgram is the server of the protocol's conformance tests, which returns the events
// that it receives.
var echoProgram = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "siotest-echo-")
	if err != nil {
		return "", err
	}
	program := filepath.Join(dir, "echo")
	return program, goCommand(filepath.Join("..", ".."), "build", "-o", program, "./runtime/internal/edge/socketio/conformance")
})

// startEcho runs the echo server until the test ends, and returns its address.
func startEcho(t *testing.T) string {
	t.Helper()
	address, _ := echo(t)
	return address
}

// echo runs the echo server until the test ends or stop is called. The ping timeout is
// long, because the machine may be busy.
func echo(t *testing.T) (address string, stop func()) {
	t.Helper()
	program, err := echoProgram()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "-addr", "127.0.0.1:0", "-ping-timeout", "30s")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.SysProcAttr = dieWithParent()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	stop = sync.OnceFunc(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	t.Cleanup(stop)
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return "http://" + strings.TrimSpace(strings.TrimPrefix(line, "listening on ")), stop
}

func TestMain(m *testing.M) {
	code := m.Run()
	if program, err := echoProgram(); err == nil {
		_ = os.RemoveAll(filepath.Dir(program))
	}
	os.Exit(code)
}

func TestEachTransportAndNamespace(t *testing.T) {
	address := startEcho(t)
	for _, transport := range []Transport{WebSocket, Polling, Upgrade} {
		for _, namespace := range []string{"/", "/custom"} {
			t.Run(string(transport)+namespace, func(t *testing.T) {
				c := Connect(t, address, WithTransport(transport), WithNamespace(namespace), WithAuth(M{"name": "ann"}))
				c.Expect("auth", Field("name", "ann"))
				c.Emit("message", 1, "two", M{"three": []int{3}})
				back := c.Expect("message-back")
				if got := back.String(); got != `message-back 1 "two" {"three":[3]}` {
					t.Errorf("got %s", got)
				}
				ack := c.EmitWithAck("message-with-ack", "x")
				if len(ack) != 1 || string(ack[0]) != `"x"` {
					t.Errorf("the acknowledgement is %s", ack)
				}
				want := transport
				if transport == Upgrade {
					want = WebSocket
				}
				if c.Transport() != want {
					t.Errorf("packets travel by %s", c.Transport())
				}
			})
		}
	}
}

// TestPings keeps clients connected over several rounds of pings, which arrive every 300
// ms.
func TestPings(t *testing.T) {
	address := startEcho(t)
	for _, transport := range []Transport{WebSocket, Polling, Upgrade} {
		t.Run(string(transport), func(t *testing.T) {
			t.Parallel()
			c := Connect(t, address, WithTransport(transport))
			c.ExpectNone(time.Second, "message-back")
			if !c.Connected() {
				t.Errorf("got the end of the connection: %v", c.ExpectClosed())
			}
		})
	}
}

func TestRefusal(t *testing.T) {
	address := startEcho(t)
	if refusal := ConnectRefused(t, address, WithNamespace("/nowhere")); refusal.Message != "Invalid namespace" {
		t.Errorf("refused with %v", refusal)
	}
	if got := verdict(t, func(tb TB) { ConnectRefused(tb, address) }); !strings.Contains(got, "want a refusal") {
		t.Errorf("an accepted client: got failure %q", got)
	}
	if got := verdict(t, func(tb TB) { Connect(tb, address, WithNamespace("/nowhere")) }); !strings.Contains(got, "Invalid namespace") {
		t.Errorf("a refused client: %q", got)
	}
	if got := verdict(t, func(tb TB) { Connect(tb, "http://127.0.0.1:1") }); !strings.Contains(got, "could not connect") {
		t.Errorf("no server: %q", got)
	}
	if got := verdict(t, func(tb TB) { Connect(tb, "ftp://127.0.0.1") }); !strings.Contains(got, "needs the scheme") {
		t.Errorf("a bad scheme: %q", got)
	}
}

func TestFailuresListTheReceivedEvents(t *testing.T) {
	address := startEcho(t)
	tests := map[string]struct {
		test func(TB, *Client)
		want []string // parts of the message, in order
	}{
		"another event": {func(_ TB, c *Client) {
			c.Expect("auth")
			c.Emit("message", M{"text": "ho"})
			c.Expect("message-back", Field("text", "ho"))
			c.Emit("message", M{"text": "hum"})
			c.Eventually("both messages", func(all []Event) bool { return count(all, "message-back") == 2 })
			c.tire()
			c.Expect("message-back", Field("text", "hi"), Field("from", "bob"))
		}, []string{
			`ann expected "message-back" where text = "hi", from = "bob", which did not come within 300ms`,
			`auth {"x":1}`, `message-back {"text":"ho"}`, `← text is "ho"`, `{"text":"hum"}   ← text is "hum"`,
			"the connection (websocket) is open",
		}},
		"the connection ended": {func(_ TB, c *Client) {
			c.Cut()
			c.Expect("message-back")
		}, []string{"before its connection ended", "is over: cut by the test"}},
		"a condition": {func(_ TB, c *Client) {
			c.Emit("message", 1)
			c.Expect("message-back")
			c.tire()
			c.Eventually("two messages", func(all []Event) bool { return count(all, "message-back") == 2 })
		}, []string{"ann waited for two messages, which did not come about within 300ms", "message-back 1"}},
		"a condition after the end of the connection": {func(_ TB, c *Client) {
			c.Cut()
			c.Eventually("a miracle", func([]Event) bool { return false })
		}, []string{"did not come about before its connection ended", "is over: cut by the test"}},
		"an unexpected event": {func(_ TB, c *Client) {
			c.Emit("message", 7)
			c.ExpectNone(5*time.Second, "message-back")
		}, []string{`ann expected no "message-back", but at +`, "came message-back 7"}},
		"no acknowledgement": {func(_ TB, c *Client) {
			c.tire()
			c.EmitWithAck("message")
		}, []string{`ann sent "message": no acknowledgement came`}},
		"a foreign acknowledgement": {func(_ TB, c *Client) { c.Ask("message-with-ack", M{}) }, []string{
			`the acknowledgement of "message-with-ack" is not one of Anteroom's`,
		}},
		"a refusal": {func(_ TB, c *Client) {
			c.Ask("message-with-ack", M{"ok": false, "error": M{"code": "not_found", "message": "none"}})
		}, []string{`ann: "message-with-ack" was refused: not_found: none`}},
		"an answer in place of a refusal": {func(_ TB, c *Client) { c.AskRefused("message-with-ack", M{"ok": true, "data": 5}) }, []string{
			`ann: got an answer to "message-with-ack", want a refusal: 5`,
		}},
		"a missing field": {func(_ TB, c *Client) {
			c.Ask("message-with-ack", M{"ok": true, "data": M{"a": 1}}).Text("b.c")
		}, []string{`the answer to "message-with-ack" has no b.c: {"a":1}`}},
		"an open connection": {func(_ TB, c *Client) {
			c.tire()
			_ = c.ExpectClosed()
		}, []string{"the connection of ann was still open"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := verdict(t, func(tb TB) {
				c := Connect(tb, address, WithName("ann"), WithAuth(M{"x": 1}))
				test.test(tb, c)
			})
			rest := got
			for _, part := range test.want {
				_, after, found := strings.Cut(rest, part)
				if !found {
					t.Fatalf("no %q in its place in:\n%s", part, got)
				}
				rest = after
			}
		})
	}
}

// tire shortens the next wait, which is expected to fail.
func (c *Client) tire() { c.o.patience = 300 * time.Millisecond }

func TestEventuallyChecksAllEvents(t *testing.T) {
	c := Connect(t, startEcho(t))
	c.Emit("message", 1)
	c.Expect("message-back")
	c.Emit("message", 2)
	c.Emit("message", 3)
	c.Eventually("three messages", func(all []Event) bool { return count(all, "message-back") == 3 })
}

func count(all []Event, name string) (n int) {
	for _, e := range all {
		if e.Name == name {
			n++
		}
	}
	return n
}

func TestPauseHoldsBackAndLosesNothing(t *testing.T) {
	c := Connect(t, startEcho(t))
	c.Expect("auth")
	c.Pause()
	c.Emit("message", "held")
	c.ExpectNone(100*time.Millisecond, "message-back")
	c.Unpause()
	c.Expect("message-back")
}

func TestCutAndReconnect(t *testing.T) {
	for _, transport := range []Transport{WebSocket, Polling, Upgrade} {
		t.Run(string(transport), func(t *testing.T) {
			c := Connect(t, startEcho(t), WithTransport(transport))
			c.Expect("auth")
			c.Cut()
			if err := c.ExpectClosed(); err == nil || c.Connected() {
				t.Errorf("after Cut: got %v, connected, want a closed connection", err)
			}
			c.Reconnect("")
			c.Expect("auth")
			if !c.Connected() {
				t.Error("after Reconnect: got a closed connection, want an open one")
			}
		})
	}
}

func TestAServerThatExits(t *testing.T) {
	address, stop := echo(t)
	var clients []*Client
	for _, transport := range []Transport{WebSocket, Polling} {
		clients = append(clients, Connect(t, address, WithTransport(transport)))
	}
	stop()
	for _, c := range clients {
		if err := c.ExpectClosed(); err == nil {
			t.Errorf("%s: got no reason for the end, want one", c.Transport())
		}
	}
}
