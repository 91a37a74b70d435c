package socketio

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/anteroom/anteroom/runtime/wire"
)

type mistake struct {
	name, packet string
	attachments  int
	code         wire.Code
	close        wire.CloseReason
}

// mistakes are invalid requests of a client with a session; ID stands for the id of the
// acknowledgement, or for nothing.
var mistakes = []mistake{
	{"a binary argument", `51-ID["counter:add",{"_placeholder":true,"num":0}]`, 1, wire.CodeInvalidArgument, wire.CloseInvalidPacket},
	{"three binary arguments", `53-ID["counter:add",{"_placeholder":true,"num":0}]`, 3, wire.CodeInvalidArgument, wire.CloseInvalidPacket},
	{"a long event name", `2ID["` + strings.Repeat("n", maxEventName) + `",{}]`, 0, wire.CodeInvalidArgument, wire.CloseInvalidPacket},
	{"a numeric event name", `2ID[7,{}]`, 0, wire.CodeInvalidArgument, wire.CloseInvalidPacket},
	{"no event name", `2ID[]`, 0, wire.CodeInvalidArgument, wire.CloseInvalidPacket},
	{"a reserved event name", `2ID["disconnect"]`, 0, wire.CodeInvalidArgument, wire.CloseInvalidPacket},
	{"a packet that is too large", `2ID["counter:add",{"id":"` + strings.Repeat("x", 9000) + `"}]`, 0, wire.CodePayloadTooLarge, wire.ClosePayloadTooLarge},
	{"a packet of the largest size that is read over", `2ID["counter:add",{"id":"` + strings.Repeat("x", 65_000) + `"}]`, 0, wire.CodePayloadTooLarge, wire.ClosePayloadTooLarge},
	{"a large binary event", `51-ID["counter:add",{"id":"` + strings.Repeat("x", 9000) + `"}]`, 1, wire.CodePayloadTooLarge, wire.ClosePayloadTooLarge},
}

// attach sends n attachments of 5000 bytes, as the transport does.
func attach(t *testing.T, c *client, transport string, n int) {
	t.Helper()
	for range n {
		var err error
		if transport == "polling" {
			err = c.send("b" + strings.Repeat("AAAA", 1250))
		} else {
			err = c.binary(make([]byte, 5000))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// A mistake in one request is acknowledged, and the connection goes on.
func TestMistakesAreAcknowledged(t *testing.T) {
	for _, m := range mistakes {
		for _, transport := range []string{"websocket", "polling"} {
			t.Run(m.name+" over "+transport, func(t *testing.T) {
				st := newStack(t)
				c := st.dial(transport)
				if refused := c.connect(wire.ConnectAuth{Token: "ann"}); refused != nil {
					t.Fatal(refused)
				}
				for id := 90; id < 92; id++ {
					if err := c.send("4" + strings.Replace(m.packet, "ID", strconv.Itoa(id), 1)); err != nil {
						t.Fatal(err)
					}
					attach(t, c, transport, m.attachments)
					if got, _ := c.answer(id); got.OK || got.Error == nil || got.Error.Code != m.code || got.Error.Message == "" {
						t.Errorf("the answer is %+v, want %s", got, m.code)
					}
				}
				if got := c.request("sync:ping", wire.SyncPing{}); !got.OK {
					t.Errorf("the next request: %+v", got.Error)
				}
			})
		}
	}
}

// Where no acknowledgement can be given, session:terminated says why before the close.
func TestMistakesWithoutAcknowledgementSayWhy(t *testing.T) {
	rows := append(slices.Clone(mistakes), mistake{"more than is read over", `2["a","` + strings.Repeat("x", 70_000) + `"]`, 0, "", wire.ClosePayloadTooLarge})
	for _, more := range []struct{ name, packet string }{
		{"broken JSON", `2["a"`}, {"a second CONNECT", `0{}`}, {"too many attachments", `517-1["a"]`}, {"a binary ack", `61-1[]`}, {"no packet", `x`},
	} {
		rows = append(rows, mistake{more.name, more.packet, 0, "", wire.CloseInvalidPacket})
	}
	for _, m := range rows {
		for _, transport := range []string{"websocket", "polling"} {
			t.Run(m.name+" over "+transport, func(t *testing.T) {
				st := newStack(t)
				c := st.dial(transport)
				if refused := c.connect(wire.ConnectAuth{Token: "ann"}); refused != nil {
					t.Fatal(refused)
				}
				c.pushed(wire.EventSessionReady, 1, &wire.SessionReady{})
				_ = c.send("4" + strings.Replace(m.packet, "ID", "", 1))
				var told wire.SessionTerminated
				c.pushed(wire.EventSessionTerminated, 1, &told)
				if told.Code != m.close || told.Message == "" || !told.Reconnect {
					t.Errorf("terminated with %+v, want %s", told, m.close)
				}
				c.closed()
			})
		}
	}
}

// A client also receives the reasons for which the engine ends a session.
func TestEngineFaultsSayWhy(t *testing.T) {
	st := newStack(t)
	for name, send := range map[string]func(c *client){
		"a binary message of no event": func(c *client) { _ = c.binary([]byte{1}) },
		"broken UTF-8":                 func(c *client) { _ = c.send("42[\"a\",\"\xff\"]") },
		"an unknown packet":            func(c *client) { _ = c.send("9") },
	} {
		t.Run(name, func(t *testing.T) {
			c := st.join("ann")
			c.pushed(wire.EventSessionReady, 1, &wire.SessionReady{}) // before it, a client is only cut
			send(c)
			var told wire.SessionTerminated
			c.pushed(wire.EventSessionTerminated, 1, &told)
			if told.Code != wire.CloseInvalidPacket || told.Message == "" {
				t.Errorf("terminated with %+v", told)
			}
			c.closed()
		})
	}
}

// A client that is not connected gets nothing read over.
func TestOversizedBeforeConnect(t *testing.T) {
	st := newStack(t)
	c := st.dial("websocket")
	_ = c.send(`421["a","` + strings.Repeat("x", earlyPayload) + `"]`)
	c.closed()
}
