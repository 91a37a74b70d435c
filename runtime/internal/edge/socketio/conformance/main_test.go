package main

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// patience is how long tests wait for what has to happen.
const patience = 30 * time.Second

// start serves on a free port, until the test ends. Clients on a busy machine may be
// slower with their pongs than those of the suites.
func start(t *testing.T) (addr string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- serve(ctx, listener, patience) }()
	t.Cleanup(func() {
		cancel()
		<-done // what is cut at the end is no fault here
	})
	return listener.Addr().String()
}

type client struct {
	t    *testing.T
	conn *websocket.Conn
}

func dial(t *testing.T, addr, path string) *client {
	t.Helper()
	conn, _, err := websocket.DefaultDialer.Dial("ws://"+addr+path+"?EIO=4&transport=websocket", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetReadDeadline(time.Now().Add(patience))
	c := &client{t, conn}
	if opening := c.next(); !strings.HasPrefix(opening, "0{") {
		t.Fatalf("opening %s", opening)
	}
	return c
}

// send sends texts, and those that begin with "b:" as binary without it.
func (c *client) send(messages ...string) {
	c.t.Helper()
	for _, m := range messages {
		kind := websocket.TextMessage
		if data, binary := strings.CutPrefix(m, "b:"); binary {
			kind, m = websocket.BinaryMessage, data
		}
		if err := c.conn.WriteMessage(kind, []byte(m)); err != nil {
			c.t.Fatal(err)
		}
	}
}

// next is the next message in the same form, "" at the end. Pings are answered.
func (c *client) next() string {
	for {
		kind, data, err := c.conn.ReadMessage()
		switch {
		case err != nil:
			var closed *websocket.CloseError
			if !errors.As(err, &closed) || closed.Code == websocket.CloseAbnormalClosure {
				c.t.Errorf("no orderly end: %v", err)
			}
			return ""
		case kind == websocket.BinaryMessage:
			return "b:" + string(data)
		case string(data) == "2":
			c.send("3")
		default:
			return string(data)
		}
	}
}

// TestOfficialSocketIOSuite plays the conversations of the official Socket.IO suite, under its
// names; the rest of that suite is in TestOfficialEngineIOSuite. Where what the server says ends with "*", the
// rest is free, and "" is the end of the connection.
func TestOfficialSocketIOSuite(t *testing.T) {
	addr := start(t)
	const hole, hole2 = `{"_placeholder":true,"num":0}`, `{"_placeholder":true,"num":1}`
	for name, steps := range map[string][]string{
		"connect/should allow connection to the main namespace":                            {"> 40", `40{"sid":"*`, `42["auth",{}]`},
		"connect/should allow connection to the main namespace with a payload":             {`> 40{"token":"123"}`, `40{"sid":"*`, `42["auth",{"token":"123"}]`},
		"connect/should allow connection to a custom namespace":                            {"> 40/custom,", `40/custom,{"sid":"*`, `42/custom,["auth",{}]`},
		"connect/should allow connection to a custom namespace with a payload":             {`> 40/custom,{"token":"abc"}`, `40/custom,{"sid":"*`, `42/custom,["auth",{"token":"abc"}]`},
		"connect/should disallow connection to an unknown namespace":                       {"> 40/random", `44/random,{"message":"Invalid namespace"}`},
		"connect/should disallow connection with an invalid handshake":                     {"> 4abc", ""},
		"message/should close the connection upon invalid format (unknown packet type)":    {"> 40", `40{*`, `42["auth",{}]`, "> 4abc", ""},
		"message/should close the connection upon invalid format (invalid payload format)": {"> 40", `40{*`, `42["auth",{}]`, "> 42{}", ""},
		"message/should close the connection upon invalid format (invalid ack id)":         {"> 40", `40{*`, `42["auth",{}]`, `> 42abc["message-with-ack",1]`, ""},
		"disconnect/should disconnect from the main namespace":                             {"> 40", `40{*`, `42["auth",{}]`, "> 41", "> 40/custom,", `40/custom,{*`, `42/custom,["auth",{}]`},
		"disconnect/should connect then disconnect from a custom namespace": {
			"> 40", `40{*`, `42["auth",{}]`, "> 40/custom,", `40/custom,{*`, `42/custom,["auth",{}]`,
			"> 41/custom", `> 42["message","x"]`, `42["message-back","x"]`,
		},
		"message/should send a plain-text packet": {
			"> 40", `40{*`, `42["auth",{}]`, `> 42["message",1,"2",{"3":[true]}]`, `42["message-back",1,"2",{"3":[true]}]`,
		},
		"message/should send a plain-text packet with an ack": {
			"> 40", `40{*`, `42["auth",{}]`, `> 42456["message-with-ack",1,"2",{"3":[false]}]`, `43456[1,"2",{"3":[false]}]`,
		},
		"message/should send a packet with binary attachments": {
			"> 40", `40{*`, `42["auth",{}]`, `> 452-["message",` + hole + `,` + hole2 + `]`, "> b:\x01\x02\x03", "> b:\x04\x05\x06",
			`452-["message-back",` + hole + `,` + hole2 + `]`, "b:\x01\x02\x03", "b:\x04\x05\x06",
		},
		"message/should send a packet with binary attachments and an ack": {
			"> 40", `40{*`, `42["auth",{}]`, `> 452-789["message-with-ack",` + hole + `,` + hole2 + `]`, "> b:\x01\x02\x03", "> b:\x04\x05\x06",
			`462-789[` + hole + `,` + hole2 + `]`, "b:\x01\x02\x03", "b:\x04\x05\x06",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := dial(t, addr, "/socket.io/")
			for _, step := range steps {
				if text, ok := strings.CutPrefix(step, "> "); ok {
					c.send(text)
					continue
				}
				got := c.next()
				if begin, free := strings.CutSuffix(step, "*"); got != step && !(free && strings.HasPrefix(got, begin)) {
					t.Fatalf("got %q, want %q", got, step)
				}
			}
		})
	}
}

// The last case of the suite: "connect/should close the connection if no handshake is received".
func TestNoHandshakeIsReceived(t *testing.T) {
	o := &official{t: t, path: "/socket.io/"}
	o.hasty()
	o.wantEnd(o.open())
}

func TestSocketIOOverPolling(t *testing.T) {
	base := "http://" + start(t) + "/socket.io/?EIO=4&transport=polling"
	opening := ask(t, http.MethodGet, base, "")
	_, rest, _ := strings.Cut(opening, `"sid":"`)
	sid, _, _ := strings.Cut(rest, `"`)
	url := base + "&sid=" + sid
	var all strings.Builder
	until := func(text string) {
		for !strings.Contains(all.String(), text) {
			payload := ask(t, http.MethodGet, url, "")
			all.WriteString(payload)
			if slices.Contains(strings.Split(payload, "\x1e"), "2") {
				ask(t, http.MethodPost, url, "3")
			}
		}
	}
	ask(t, http.MethodPost, url, "40")
	until("auth")
	if got := ask(t, http.MethodPost, url, "42[\"message\",\"\u00e9\"]\x1e42[\"message\"]"); got != "ok" {
		t.Errorf("POST: %s", got)
	}
	until("42[\"message-back\",\"\u00e9\"]")
	until("42[\"message-back\"]")
	if !strings.Contains(all.String(), `40{"sid":"`) {
		t.Errorf("got %q", all.String())
	}
}

func ask(t *testing.T, method, url, body string) string {
	t.Helper()
	req, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("status %d, %v: %s", res.StatusCode, err, text)
	}
	return string(text)
}

func TestEngineIO(t *testing.T) {
	c := dial(t, start(t), "/engine.io/")
	c.send("4hello", "b:\x00\xff")
	for _, want := range []string{"4hello", "b:\x00\xff"} {
		if got := c.next(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
