package siotest

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// feed passes an event of a stream to a client, as if it had arrived.
func feed(c *Client, name, epoch string, seq int) {
	push := fmt.Sprintf(`{"meta": {"stream": "s", "epoch": %q, "seq": %d}}`, epoch, seq)
	c.received(c.current(), name, []json.RawMessage{json.RawMessage(push)})
}

// TestTheAuditFailsTheTest expects the faults of a server at the end of the test, and
// none in a correct history.
func TestTheAuditFailsTheTest(t *testing.T) {
	address := startEcho(t)
	tests := map[string]struct {
		opts []Option
		came func(*Client)
		want string // part of the failure; "" when there is none
	}{
		"dense": {nil, func(c *Client) { feed(c, "x", "e", 4); feed(c, "x", "e", 5) }, ""},
		"a gap": {nil, func(c *Client) { feed(c, "x", "e", 4); feed(c, "x", "e", 6) },
			`ann: s: live seq 6 ("x") where 5 was due`},
		"a duplicate": {nil, func(c *Client) { feed(c, "x", "e", 4); feed(c, "x", "e", 4) }, "where 5 was due"},
		"a gap that a snapshot fills": {nil, func(c *Client) {
			feed(c, "x", "e", 4)
			feed(c, "lobby:snapshot", "e", 8)
			feed(c, "x", "e", 9)
		}, ""},
		"a gap without the audit": {[]Option{WithoutAudit()}, func(c *Client) {
			feed(c, "x", "e", 4)
			feed(c, "x", "e", 6)
			if len(c.Faults()) != 1 {
				panic("Faults does not return the fault")
			}
		}, ""},
		"a resume with a gap": {nil, func(c *Client) {
			feed(c, "x", "e", 4)
			ready := `{"resumed": [{"stream": "s", "recovered": true, "epoch": "e", "seq": 6, "events": []}]}`
			c.received(c.current(), "session:ready", []json.RawMessage{json.RawMessage(ready)})
		}, "resumed up to seq 6, but the events end with 4"},
		"a gap before the first push": {nil, func(c *Client) {
			ready := `{"follows": [{"stream": "s", "epoch": "e", "seq": 4}]}`
			c.received(c.current(), "session:ready", []json.RawMessage{json.RawMessage(ready)})
			feed(c, "x", "e", 6)
		}, `live seq 6 ("x") where 5 was due`},
		"a resume with a lost history": {nil, func(c *Client) {
			feed(c, "x", "e", 4)
			ready := `{"resumed": [{"stream": "s", "recovered": false, "epoch": "f", "seq": 1, "snapshot": {}}]}`
			c.received(c.current(), "session:ready", []json.RawMessage{json.RawMessage(ready)})
			feed(c, "x", "f", 2)
		}, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := verdict(t, func(tb TB) {
				test.came(Connect(tb, address, append(test.opts, WithName("ann"))...))
			})
			if (got == "") != (test.want == "") || !strings.Contains(got, test.want) {
				t.Errorf("got failure %q, want %q", got, test.want)
			}
		})
	}
}

// TestTheInboxIsBounded: the inbox drops the oldest events, and a failure reports their
// number.
func TestTheInboxIsBounded(t *testing.T) {
	c := Connect(t, startEcho(t))
	c.Expect("auth")
	for n := range maxEvents + 5 {
		c.received(c.current(), "tick", []json.RawMessage{fmt.Appendf(nil, "%d", n)})
	}
	events := c.Events()
	if len(events) != maxEvents || string(events[0].Args[0]) != "5" {
		t.Errorf("got %d events, the first %s", len(events), events[0])
	}
	if report := c.report("tock", nil); !strings.Contains(report, fmt.Sprintf("… %d earlier events", maxEvents+6-shownEvents)) {
		t.Errorf("got report\n%s", report)
	}
}

func TestFieldsAreFoundByPath(t *testing.T) {
	e := Event{Name: "x", Args: []json.RawMessage{json.RawMessage(`{"a": {"b": [1, {"c": "deep"}]}, "n": null}`)}}
	if got := e.Text("a.b.1.c"); got != "deep" {
		t.Errorf("a.b.1.c is %q", got)
	}
	if _, ok := e.Get("n"); !ok {
		t.Error("a null counts as absent")
	}
	for _, absent := range []string{"a.c", "a.b.2", "a.b.x", "a.b.0.c", "z"} {
		if v, ok := e.Get(absent); ok {
			t.Errorf("%s is %v", absent, v)
		}
	}
	for _, w := range []Where{Field("a.b.0", 1), Field("a.b.1", M{"c": "deep"}), Field("n", nil)} {
		if ok, why := w.holds(e); !ok {
			t.Errorf("%s: %s", w.text, why)
		}
	}
}
