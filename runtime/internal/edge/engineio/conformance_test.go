package engineio

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// brisk are the settings under which the protocol's own suite is run.
func brisk(portable bool) Options {
	return Options{
		PingInterval: 300 * time.Millisecond, PingTimeout: 200 * time.Millisecond,
		MaxPayload: 1_000_000, Binary: true, portable: portable,
	}
}

// lively has pings often, and patience with the answers.
func lively(portable bool) Options {
	return Options{PingInterval: 50 * time.Millisecond, PingTimeout: 3 * time.Second, portable: portable}
}

// calm are settings with no heartbeat during a test.
func calm(portable bool) Options {
	return Options{PingInterval: time.Minute, Binary: true, portable: portable}
}

func TestHandshakePolling(t *testing.T) {
	h := newHost(t, brisk(false), nil)
	a := h.do("GET", "EIO=4&transport=polling", "")
	o := parseOpening(t, a.body)
	if !validID(o.SID) {
		t.Errorf("sid %q", o.SID)
	}
	want := opening{SID: o.SID, Upgrades: []string{"websocket"}, PingInterval: 300, PingTimeout: 200, MaxPayload: 1_000_000}
	if diff := cmp.Diff(want, o); diff != "" {
		t.Error(diff)
	}
	if a.header.Get("Content-Type") != "text/plain; charset=UTF-8" || a.header.Get("Cache-Control") != "no-store" {
		t.Errorf("headers %v", a.header)
	}
}

func TestHandshakeWebSocket(t *testing.T) {
	modes(t, func(t *testing.T, portable bool) {
		h := newHost(t, brisk(portable), nil)
		c := h.dial("EIO=4&transport=websocket")
		o := parseOpening(t, c.text())
		want := opening{SID: o.SID, Upgrades: []string{}, PingInterval: 300, PingTimeout: 200, MaxPayload: 1_000_000}
		if diff := cmp.Diff(want, o); diff != "" {
			t.Error(diff)
		}
	})
}

func TestWebSocketRefusals(t *testing.T) {
	h := newHost(t, calm(false), nil)
	good := h.request("EIO=4&transport=websocket")
	for name, head := range map[string]string{
		"Transport unknown":            h.request("EIO=4&transport=abc"),
		"Session ID unknown":           h.request("EIO=4&transport=websocket&sid=abc"),
		"Unsupported protocol version": h.request("EIO=3&transport=websocket"),
		errKey.message:                 strings.Replace(good, "dGhl", "", 1),
	} {
		c := h.dialRaw(head)
		_ = c.conn.SetReadDeadline(time.Now().Add(patience))
		res, err := http.ReadResponse(c.in, nil)
		if err != nil {
			t.Fatal(err)
		}
		body := make([]byte, 100)
		n, _ := res.Body.Read(body)
		if res.StatusCode != http.StatusBadRequest || string(body[:n]) != name || res.Header.Get("Content-Type") != "text/plain; charset=UTF-8" {
			t.Errorf("%s: %d %q", name, res.StatusCode, body[:n])
		}
		c.wantEnd()
	}
	if s := h.Stats(); s.Sessions != 0 || s.Refused != 4 {
		t.Errorf("stats %+v", s)
	}
}

func TestMessagesPolling(t *testing.T) {
	for _, payload := range []string{"4hello", "4", "4test1\x1e4test2\x1e4test3", "4hello\x1ebAQIDBA==", "4ëñ中😀"} {
		h := newHost(t, calm(false), nil)
		q := h.startPolling()
		h.want("POST", q, payload, 200, "ok")
		h.want("GET", q, "", 200, payload)
	}
}

func TestPollWaitsForMessages(t *testing.T) {
	h := newHost(t, calm(false), nil)
	q := h.startPolling()
	s := receive(t, h.handler.opened, "open")
	go func() {
		eventually(t, "poll is waiting", s.Writable)
		s.Send(Message(Text, "late"))
	}()
	h.want("GET", q, "", 200, "4late")
	if s.Writable() {
		t.Error("writable without a poll")
	}
}

func TestMessagesWebSocket(t *testing.T) {
	modes(t, func(t *testing.T, portable bool) {
		h := newHost(t, calm(portable), nil)
		c := h.open()
		big := strings.Repeat("x", 300_000)
		for _, text := range []string{"4hello", "4", "4" + big, "4" + big[:130], "4" + big[:70_000]} {
			c.send(text)
			c.want(text)
		}
		c.raw(masked(finBit|opBinary, []byte{1, 2, 3, 4}))
		if op, payload := c.frame(); op != opBinary || string(payload) != "\x01\x02\x03\x04" {
			t.Fatalf("%d %v", op, payload)
		}
		c.send("abc")
		c.wantClose(CodeProtocol)
		h.wantClosed(ParseError)
	})
}

func TestFragmentsAndControlFrames(t *testing.T) {
	modes(t, func(t *testing.T, portable bool) {
		h := newHost(t, calm(portable), nil)
		c := h.open()
		c.raw(masked(opText, []byte("4on")))
		c.raw(masked(finBit|opPing, []byte("beat")))
		c.raw(masked(opContinue, []byte("e mess")))
		c.raw(masked(finBit|opPong, []byte("unasked")))
		for _, b := range masked(finBit|opContinue, []byte("age")) {
			c.raw([]byte{b})
		}
		if op, payload := c.frame(); op != opPong || string(payload) != "beat" {
			t.Fatalf("%d %q", op, payload)
		}
		c.want("4one message")
	})
}

func TestHeartbeatPolling(t *testing.T) {
	h := newHost(t, lively(false), nil)
	q := h.startPolling()
	for range 3 {
		h.want("GET", q, "", 200, "2")
		h.want("POST", q, "3", 200, "ok")
	}
	h.wantClosed(PingTimeout)
	h.want("GET", q, "", 400, `{"code":1,"message":"Session ID unknown"}`)
}

func TestHeartbeatWebSocket(t *testing.T) {
	modes(t, func(t *testing.T, portable bool) {
		h := newHost(t, lively(portable), nil)
		c := h.open()
		for range 3 {
			c.want("2")
			c.send("3")
		}
		c.wantClose(CodePolicy)
		h.wantClosed(PingTimeout)
	})
}

func TestClientPingIsAnError(t *testing.T) {
	h := newHost(t, calm(false), nil)
	c := h.open()
	c.send("2")
	c.wantClose(CodeProtocol)
	h.wantClosed(TransportError)
	q := h.startPolling()
	h.want("POST", q, "2", 400, errPingSent.answer())
	h.wantClosed(TransportError)
}

func TestClientCloses(t *testing.T) {
	t.Run("polling", func(t *testing.T) {
		h := newHost(t, calm(false), nil)
		q := h.startPolling()
		polled := make(chan answer, 1)
		go func() { polled <- h.do("GET", q, "") }()
		h.want("POST", q, "1", 200, "ok")
		if a := receive(t, polled, "poll"); a.status != 200 || a.body != "6" {
			t.Errorf("poll: %d %q", a.status, a.body)
		}
		h.wantClosed(TransportClose)
		h.want("GET", q, "", 400, `{"code":1,"message":"Session ID unknown"}`)
	})
	modes(t, func(t *testing.T, portable bool) {
		h := newHost(t, calm(portable), nil)
		c := h.open()
		c.send("1")
		c.wantClose(CodeNormal)
		h.wantClosed(TransportClose)

		c = h.open()
		c.raw(masked(finBit|opClose, []byte{0x03, 0xE9, 'b', 'y', 'e'}))
		c.wantClose(CodeGoingAway)
		h.wantClosed(TransportClose)

		c = h.open()
		c.conn.Close()
		h.wantClosed(TransportClose)
		eventually(t, "nothing left", func() bool { return h.Stats().Sessions == 0 && h.Stats().Conns == 0 })
	})
}

func TestInvalidFrames(t *testing.T) {
	text := func(first byte, payload string) []byte { return masked(first, []byte(payload)) }
	huge := masked(finBit|opText, make([]byte, 126))
	huge[1] = maskBit | 127
	for name, tt := range map[string]struct {
		frame []byte
		code  Code
	}{
		"reserved bit":        {text(finBit|0x40|opText, "4"), CodeProtocol},
		"unknown opcode":      {text(finBit|0x3, "4"), CodeProtocol},
		"unknown control":     {text(finBit|0xB, ""), CodeProtocol},
		"unmasked":            {[]byte{finBit | opText, 1, '4', 0, 0, 0, 0}, CodeProtocol},
		"continues nothing":   {text(finBit|opContinue, "4"), CodeProtocol},
		"starts twice":        {append(text(opText, "4"), text(finBit|opText, "4")...), CodeProtocol},
		"fragmented ping":     {text(opPing, ""), CodeProtocol},
		"long ping":           {text(finBit|opPing, strings.Repeat("x", 126)), CodeProtocol},
		"close of one byte":   {text(finBit|opClose, "x"), CodeProtocol},
		"close with a secret": {text(finBit|opClose, "\x03\xED"), CodeProtocol},
		"too big":             {text(finBit|opText, "4"+strings.Repeat("x", 1000)), CodeTooBig},
		"far too big":         {huge, CodeTooBig},
		"too big in pieces":   {append(text(opText, "4"+strings.Repeat("x", 600)), text(opContinue, strings.Repeat("x", 600))...), CodeTooBig},
	} {
		t.Run(name, func(t *testing.T) {
			options := calm(false)
			options.MaxPayload = 1000
			h := newHost(t, options, nil)
			c := h.open()
			c.raw(tt.frame)
			c.wantClose(tt.code)
			h.wantClosed(TransportError)
		})
	}
}

func TestUpgrade(t *testing.T) {
	modes(t, func(t *testing.T, portable bool) {
		h := newHost(t, calm(portable), nil)
		q := h.startPolling()
		s := receive(t, h.handler.opened, "open")
		c := h.dial(strings.Replace(q, "polling", "websocket", 1))
		c.send("2probe")
		c.want("3probe")
		h.want("GET", q, "", 200, "6")
		if s.Transport() != "polling" {
			t.Error(s.Transport())
		}
		s.Send(Message(Text, "queued"))
		c.send("5")
		c.want("4queued")
		c.send("4hello")
		c.want("4hello")
		if s.Transport() != "websocket" {
			t.Error(s.Transport())
		}

		h.want("GET", q, "", 400, errCarried.answer())
		h.want("POST", q, "4", 400, errCarried.answer())
		second := h.dial(strings.Replace(q, "polling", "websocket", 1))
		second.wantClose(codeNone)
		c.send("4still here")
		c.want("4still here")
	})
}

func TestUpgradeFails(t *testing.T) {
	h := newHost(t, calm(false), nil)
	q := h.startPolling()
	ws := strings.Replace(q, "polling", "websocket", 1)
	gone := func() bool { return h.Stats().Conns == 0 }

	silent := h.dial(ws)
	h.dial(ws).wantClose(codeNone) // one at a time
	silent.conn.Close()
	eventually(t, "the failed upgrade is forgotten", gone)
	wrong := h.dial(ws)
	wrong.send("4hello")
	wrong.wantClose(CodeNormal)
	broken := h.dial(ws)
	broken.send("2probe")
	broken.want("3probe")
	broken.conn.Close()
	eventually(t, "the failed upgrades are forgotten", gone)

	h.want("POST", q, "4polling goes on", 200, "ok")
	h.want("GET", q, "", 200, "4polling goes on")
	c := h.dial(ws)
	c.send("2probe")
	c.want("3probe")
	c.send("5")
	c.send("4hello")
	c.want("4hello")
}

func TestUpgradeTimeout(t *testing.T) {
	options := calm(false)
	options.UpgradeTimeout = 20 * time.Millisecond
	h := newHost(t, options, nil)
	q := h.startPolling()
	h.dial(strings.Replace(q, "polling", "websocket", 1)).wantClose(CodeNormal)
	h.want("POST", q, "4polling goes on", 200, "ok")
	h.want("GET", q, "", 200, "4polling goes on")
}

func TestSessionEndsDuringUpgrade(t *testing.T) {
	h := newHost(t, calm(false), nil)
	q := h.startPolling()
	s := receive(t, h.handler.opened, "open")
	c := h.dial(strings.Replace(q, "polling", "websocket", 1))
	c.send("2probe")
	c.want("3probe")
	s.Close(CodeNormal, "")
	h.want("GET", q, "", 200, "1")
	c.wantClose(CodeNormal)
}

func TestAllowRefuses(t *testing.T) {
	answers := map[string]error{
		"plain": errors.New("not today"),
		"busy":  &Refusal{Status: 503, Message: "too many", RetryAfter: 1500 * time.Millisecond},
	}
	options := calm(false)
	options.Allow = func(r *http.Request) error { return answers[r.URL.Query().Get("case")] }
	h := newHost(t, options, nil)
	h.want("GET", "EIO=4&transport=polling&case=plain", "", 403, `{"code":4,"message":"not today"}`)
	a := h.do("GET", "EIO=4&transport=polling&case=busy", "")
	if a.status != 503 || a.body != `{"code":4,"message":"too many"}` || a.header.Get("Retry-After") != "2" {
		t.Errorf("%+v", a)
	}
	h.startPolling()
}

func TestOrigins(t *testing.T) {
	options := calm(false)
	options.AllowCredentials = true
	options.AllowOrigin = func(_ *http.Request, origin string) error {
		if origin == "https://game.example" {
			return nil
		}
		return errors.New("not this origin")
	}
	h := newHost(t, options, nil)
	const q = "EIO=4&transport=polling"
	a := h.do("GET", q, "", "Origin", "https://game.example")
	if a.status != 200 || a.header.Get("Access-Control-Allow-Origin") != "https://game.example" || a.header.Get("Access-Control-Allow-Credentials") != "true" {
		t.Errorf("%+v", a)
	}
	if a := h.do("GET", q, "", "Origin", "https://evil.example"); a.status != 403 || a.body != `{"code":4,"message":"not this origin"}` {
		t.Errorf("%+v", a)
	}
	a = h.do("OPTIONS", q, "", "Origin", "https://game.example", "Access-Control-Request-Headers", "x-token")
	if a.status != 204 || a.header.Get("Access-Control-Allow-Headers") != "x-token" {
		t.Errorf("%+v", a)
	}
	if a := h.do("GET", q, ""); a.status != 200 {
		t.Errorf("%+v", a)
	}
}

func TestServerCloses(t *testing.T) {
	modes(t, func(t *testing.T, portable bool) {
		h := newHost(t, calm(portable), nil)
		c, q := h.open(), h.startPolling()
		closed := make(chan error, 1)
		go func() {
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			defer cancel()
			closed <- h.Close(ctx)
		}()
		c.wantClose(CodeGoingAway)
		if err := receive(t, closed, "end of Close"); err != nil {
			t.Error(err)
		}
		h.wantClosed(ServerClose)
		h.wantClosed(ServerClose)
		h.want("GET", q, "", 400, `{"code":1,"message":"Session ID unknown"}`)
		if a := h.do("GET", "EIO=4&transport=polling", ""); a.status != 503 || a.header.Get("Retry-After") == "" {
			t.Errorf("%+v", a)
		}
	})
}
