package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// officialEngine are the cases of the official Engine.IO suite, under its names. They run
// against both paths: the Socket.IO suite repeats all of them but "message".
var officialEngine = map[string]func(o *official){
	"handshake/HTTP long-polling/successfully opens a session": func(o *official) {
		o.wantOpening(o.want("GET", "EIO=4&transport=polling", "", 200), "websocket")
	},
	"handshake/HTTP long-polling/fails with an invalid 'EIO' query parameter": func(o *official) {
		o.want("GET", "transport=polling", "", 400)
		o.want("GET", "EIO=abc&transport=polling", "", 400)
	},
	"handshake/HTTP long-polling/fails with an invalid 'transport' query parameter": func(o *official) {
		o.want("GET", "EIO=4", "", 400)
		o.want("GET", "EIO=4&transport=abc", "", 400)
	},
	"handshake/HTTP long-polling/fails with an invalid request method": func(o *official) {
		o.want("POST", "EIO=4&transport=polling", "", 400)
		o.want("PUT", "EIO=4&transport=polling", "", 400)
	},
	"handshake/WebSocket/successfully opens a session": func(o *official) {
		o.wantOpening(o.read(o.dial("EIO=4&transport=websocket")))
	},
	"handshake/WebSocket/fails with an invalid 'EIO' query parameter": func(o *official) {
		o.refused("transport=websocket")
		o.refused("EIO=abc&transport=websocket")
	},
	"handshake/WebSocket/fails with an invalid 'transport' query parameter": func(o *official) {
		o.refused("EIO=4")
		o.refused("EIO=4&transport=abc")
	},
	"message/HTTP long-polling/sends and receives a payload containing one plain text packet": func(o *official) {
		o.echo("4hello", "4hello")
	},
	"message/HTTP long-polling/sends and receives a payload containing several plain text packets": func(o *official) {
		o.echo("4test1\x1e4test2\x1e4test3", "4test1\x1e4test2\x1e4test3")
	},
	"message/HTTP long-polling/sends and receives a payload containing plain text and binary packets": func(o *official) {
		o.echo("4hello\x1ebAQIDBA==", "4hello\x1ebAQIDBA==")
	},
	"message/HTTP long-polling/closes the session upon invalid packet format": func(o *official) {
		q := o.poll()
		o.want("POST", q, "abc", 400)
		o.want("GET", q, "", 400)
	},
	"message/HTTP long-polling/closes the session upon duplicate poll requests": func(o *official) {
		q := o.poll()
		var both sync.WaitGroup
		codes := make([]int, 2)
		for i := range codes {
			both.Go(func() { codes[i], _ = o.request("GET", q, "") })
		}
		both.Wait()
		if !slices.Contains(codes, 400) {
			o.t.Errorf("statuses %v", codes)
		}
	},
	"message/WebSocket/sends and receives a plain text packet": func(o *official) {
		c := o.open()
		o.send(c, "4hello")
		o.wantText(c, "4hello")
	},
	"message/WebSocket/sends and receives a binary packet": func(o *official) {
		c := o.open()
		if err := c.WriteMessage(websocket.BinaryMessage, []byte{1, 2, 3, 4}); err != nil {
			o.t.Fatal(err)
		}
		o.wantText(c, "\x01\x02\x03\x04")
	},
	"message/WebSocket/closes the session upon invalid packet format": func(o *official) {
		c := o.open()
		o.send(c, "abc")
		o.wantEnd(c)
	},
	"heartbeat/HTTP long-polling/sends ping/pong packets": func(o *official) {
		q := o.poll()
		for range 3 {
			if body := o.want("GET", q, "", 200); body != "2" {
				o.t.Fatalf("poll %q", body)
			}
			o.want("POST", q, "3", 200)
		}
	},
	"heartbeat/HTTP long-polling/closes the session upon ping timeout": func(o *official) {
		o.hasty()
		q := o.poll()
		o.eventually(func() bool { code, _ := o.request("GET", q, ""); return code == 400 })
	},
	"heartbeat/WebSocket/sends ping/pong packets": func(o *official) {
		c := o.open()
		for range 3 {
			o.wantText(c, "2")
			o.send(c, "3")
		}
	},
	"heartbeat/WebSocket/closes the session upon ping timeout": func(o *official) {
		o.hasty()
		o.wantEnd(o.dial("EIO=4&transport=websocket"))
	},
	"close/HTTP long-polling/forcefully closes the session": func(o *official) {
		q := o.poll()
		polled := make(chan string, 1)
		go func() { _, body := o.request("GET", q, ""); polled <- body }()
		o.want("POST", q, "1", 200)
		// The poll may have come after the close, which then needs no answer to it.
		if body := <-polled; body != "6" && !strings.Contains(body, "Session ID unknown") {
			o.t.Errorf("poll %q", body)
		}
		o.want("GET", q, "", 400)
	},
	"close/WebSocket/forcefully closes the session": func(o *official) {
		c := o.open()
		o.send(c, "1")
		o.wantEnd(c)
	},
	"upgrade/successfully upgrades from HTTP long-polling to WebSocket": func(o *official) {
		c, _ := o.upgrade()
		o.wantText(c, "2") // the next ping comes on it
	},
	"upgrade/ignores HTTP requests with same sid after upgrade": func(o *official) {
		_, q := o.upgrade()
		o.eventually(func() bool { code, _ := o.request("POST", q, "3"); return code == 400 })
		o.want("GET", q, "", 400)
	},
	"upgrade/ignores WebSocket connection with same sid after upgrade": func(o *official) {
		_, q := o.upgrade()
		o.wantEnd(o.dial(strings.Replace(q, "polling", "websocket", 1)))
	},
}

func TestOfficialEngineIOSuite(t *testing.T) {
	const cases = 24
	if len(officialEngine) != cases {
		t.Errorf("%d cases, want %d", len(officialEngine), cases)
	}
	for _, path := range []string{"/engine.io/", "/socket.io/"} {
		for name, run := range officialEngine {
			if path == "/socket.io/" && strings.HasPrefix(name, "message/") {
				continue
			}
			t.Run(strings.Trim(path, "/")+"/"+name, func(t *testing.T) {
				t.Parallel()
				run(&official{t: t, addr: start(t), path: path})
			})
		}
	}
}

// official is a client of one case.
type official struct {
	t          *testing.T
	addr, path string
}

// hasty has a server of its own for the case, which waits for pongs as the suites prescribe.
func (o *official) hasty() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		o.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- serve(ctx, listener, pingTimeout) }()
	o.t.Cleanup(func() { cancel(); <-done })
	o.addr = listener.Addr().String()
}

func (o *official) request(method, query, body string) (status int, text string) {
	req, err := http.NewRequest(method, "http://"+o.addr+o.path+"?"+query, strings.NewReader(body))
	if err != nil {
		o.t.Error(err)
		return 0, ""
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		o.t.Error(err)
		return 0, ""
	}
	defer func() { _ = res.Body.Close() }()
	all, err := io.ReadAll(res.Body)
	if err != nil {
		o.t.Error(err)
	}
	return res.StatusCode, string(all)
}

func (o *official) want(method, query, body string, status int) (text string) {
	o.t.Helper()
	got, text := o.request(method, query, body)
	if got != status {
		o.t.Fatalf("%s %s %q: %d %s, want %d", method, query, body, got, text, status)
	}
	return text
}

func (o *official) wantOpening(packet string, upgrades ...string) (sid string) {
	o.t.Helper()
	var opening struct {
		SID                                   string
		Upgrades                              []string
		PingInterval, PingTimeout, MaxPayload int
	}
	if err := json.Unmarshal([]byte(strings.TrimPrefix(packet, "0")), &opening); err != nil || packet[0] != '0' {
		o.t.Fatalf("opening %q: %v", packet, err)
	}
	if opening.SID == "" || !slices.Equal(opening.Upgrades, upgrades) || opening.PingInterval != int(pingInterval.Milliseconds()) ||
		opening.PingTimeout == 0 || opening.MaxPayload != maxPayload {
		o.t.Errorf("opening %q", packet)
	}
	return opening.SID
}

func (o *official) poll() (query string) {
	o.t.Helper()
	const handshake = "EIO=4&transport=polling"
	return handshake + "&sid=" + o.wantOpening(o.want("GET", handshake, "", 200), "websocket")
}

func (o *official) echo(payload, want string) {
	o.t.Helper()
	q := o.poll()
	o.want("POST", q, payload, 200)
	if got := o.want("GET", q, "", 200); got != want {
		o.t.Errorf("poll %q, want %q", got, want)
	}
}

func (o *official) dial(query string) *websocket.Conn {
	o.t.Helper()
	conn, _, err := websocket.DefaultDialer.Dial("ws://"+o.addr+o.path+"?"+query, nil)
	if err != nil {
		o.t.Fatal(err)
	}
	o.t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetReadDeadline(time.Now().Add(patience))
	return conn
}

func (o *official) open() *websocket.Conn {
	o.t.Helper()
	c := o.dial("EIO=4&transport=websocket")
	o.wantOpening(o.read(c))
	return c
}

func (o *official) refused(query string) {
	o.t.Helper()
	if conn, _, err := websocket.DefaultDialer.Dial("ws://"+o.addr+o.path+"?"+query, nil); err == nil {
		_ = conn.Close()
		o.t.Errorf("%s was let in", query)
	}
}

func (o *official) send(c *websocket.Conn, text string) {
	o.t.Helper()
	if err := c.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
		o.t.Fatal(err)
	}
}

func (o *official) read(c *websocket.Conn) string {
	o.t.Helper()
	_, text, err := c.ReadMessage()
	if err != nil {
		o.t.Fatal(err)
	}
	return string(text)
}

func (o *official) wantText(c *websocket.Conn, want string) {
	o.t.Helper()
	for {
		got := o.read(c)
		if got == want {
			return
		}
		if got != "2" { // a ping may come in between
			o.t.Fatalf("got %q, want %q", got, want)
		}
	}
}

// wantEnd reads up to the end of the connection, which has to come from the server.
func (o *official) wantEnd(c *websocket.Conn) {
	o.t.Helper()
	for {
		if _, _, err := c.ReadMessage(); err != nil {
			var timeout net.Error
			if errors.As(err, &timeout) && timeout.Timeout() {
				o.t.Error("the connection is still open")
			}
			return
		}
	}
}

func (o *official) upgrade() (c *websocket.Conn, query string) {
	o.t.Helper()
	query = o.poll()
	c = o.dial(strings.Replace(query, "polling", "websocket", 1))
	o.send(c, "2probe")
	if got := o.read(c); got != "3probe" {
		o.t.Fatalf("answer to the probe: %q", got)
	}
	o.send(c, "5")
	return c, query
}

func (o *official) eventually(holds func() bool) {
	o.t.Helper()
	for end := time.Now().Add(patience); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			o.t.Fatal("not in time")
		}
	}
}
