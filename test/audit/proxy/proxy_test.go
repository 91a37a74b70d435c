package proxy

import (
	"bufio"
	"net"
	"strings"
	"testing"
	"time"
)

// upper starts a server that answers each line in upper case, and returns its address and
// the received lines.
func upper(t *testing.T) (address string, received <-chan string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	lines := make(chan string, 64)
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = conn.Close() }()
				for scanner := bufio.NewScanner(conn); scanner.Scan(); {
					lines <- scanner.Text()
					if _, err := conn.Write([]byte(strings.ToUpper(scanner.Text()) + "\n")); err != nil {
						return
					}
				}
			}()
		}
	}()
	return listener.Addr().String(), lines
}

// client is a connection through the proxy.
type client struct {
	t    *testing.T
	conn net.Conn
	in   *bufio.Reader
}

func start(t *testing.T) (*Proxy, <-chan string) {
	t.Helper()
	address, received := upper(t)
	p, err := Listen(address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p, received
}

func dial(t *testing.T, p *Proxy) *client {
	t.Helper()
	conn, err := net.Dial("tcp", p.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return &client{t: t, conn: conn, in: bufio.NewReader(conn)}
}

func (c *client) send(line string) {
	c.t.Helper()
	if _, err := c.conn.Write([]byte(line + "\n")); err != nil {
		c.t.Fatal(err)
	}
}

func (c *client) want(line string) {
	c.t.Helper()
	if got, err := c.in.ReadString('\n'); err != nil || got != line+"\n" {
		c.t.Errorf("got %q, %v, want %q", got, err, line)
	}
}

func (c *client) wantEnd() {
	c.t.Helper()
	if got, err := c.in.ReadString('\n'); err == nil || isTimeout(err) {
		c.t.Errorf("got %q, %v, want the end of the connection", got, err)
	}
}

func isTimeout(err error) bool {
	netErr, ok := err.(net.Error) //nolint:errorlint // read from the connection itself
	return ok && netErr.Timeout()
}

func TestProxyForwards(t *testing.T) {
	p, _ := start(t)
	for _, configure := range map[string]func(){
		"as is": func() {},
		"slow":  func() { p.Slow(time.Millisecond) },
		"late":  func() { p.Late(time.Millisecond) },
		"again": p.Heal,
	} {
		configure()
		c := dial(t, p)
		c.send("subscribe a")
		c.want("SUBSCRIBE A")
		c.send("b")
		c.want("B")
	}
}

func TestProxyStalls(t *testing.T) {
	p, received := start(t)
	c := dial(t, p)
	c.send("before")
	c.want("BEFORE")
	<-received
	p.Stall()
	p.Stall() // a second one changes nothing
	c.send("during")
	select {
	case line := <-received:
		t.Errorf("got %q at the server during the stall, want nothing", line)
	case <-time.After(50 * time.Millisecond):
	}
	p.Heal()
	c.want("DURING")
}

func TestProxyLosesAnswers(t *testing.T) {
	p, received := start(t)
	p.LoseAnswers(1)
	first := dial(t, p)
	first.send("lost")
	if got := <-received; got != "lost" {
		t.Errorf("got %q at the server, want lost", got)
	}
	first.wantEnd()
	second := dial(t, p)
	second.send("next")
	second.want("NEXT")
}

func TestProxyCuts(t *testing.T) {
	p, _ := start(t)
	c := dial(t, p)
	c.send("a")
	c.want("A")
	p.Cut()
	c.wantEnd()
	again := dial(t, p)
	again.send("b")
	again.want("B")
	p.Close()
	again.wantEnd()
	if conn, err := net.Dial("tcp", p.Addr()); err == nil {
		_ = conn.Close()
		t.Error("got a connection after Close, want none")
	}
}

func TestProxyWithoutATarget(t *testing.T) {
	p, err := Listen("127.0.0.1:1")
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	dial(t, p).wantEnd()
}
