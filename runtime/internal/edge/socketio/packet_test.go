package socketio

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/anteroom/anteroom/runtime/internal/core/bombs"
)

func TestParsePacket(t *testing.T) {
	for _, c := range []struct {
		name string
		text string
		want packet
		err  error
	}{
		{name: "connect", text: `0`, want: packet{kind: '0', namespace: "/"}},
		{name: "connect with auth", text: `0{"token":"t"}`, want: packet{kind: '0', namespace: "/", data: []byte(`{"token":"t"}`)}},
		{name: "connect elsewhere", text: `0/admin,{}`, want: packet{kind: '0', namespace: "/admin", data: []byte(`{}`)}},
		{name: "connect elsewhere, no comma", text: `0/admin`, want: packet{kind: '0', namespace: "/admin"}},
		{name: "event", text: `2["a"]`, want: packet{kind: '2', namespace: "/", data: []byte(`["a"]`)}},
		{name: "event with id", text: `212["a",{}]`, want: packet{kind: '2', namespace: "/", id: 12, hasID: true, data: []byte(`["a",{}]`)}},
		{name: "event elsewhere with id", text: `2/x,0["a"]`, want: packet{kind: '2', namespace: "/x", hasID: true, data: []byte(`["a"]`)}},
		{name: "ack", text: `37[1]`, want: packet{kind: '3', namespace: "/", id: 7, hasID: true, data: []byte(`[1]`)}},
		{name: "disconnect", text: `1`, want: packet{kind: '1', namespace: "/"}},
		{name: "nothing", text: ``, err: errEmpty},
		{name: "binary event of many", text: `517-["a"]`, err: errTooMany},
		{name: "binary event without a count", text: `5["a"]`, err: errBinary},
		{name: "binary event with a long count", text: `5123456789-["a"]`, err: errBinary},
		{name: "binary ack", text: `61-1[{"_placeholder":true,"num":0}]`, err: errBinary},
		{name: "connect error", text: `4{}`, err: errType},
		{name: "no type", text: `x`, err: errType},
		{name: "long namespace", text: `0/` + strings.Repeat("n", maxNamespace) + `,`, err: errNamespace},
		{name: "long id", text: `2` + strings.Repeat("9", 16) + `["a"]`, err: errID},
		{name: "broken JSON", text: `2["a",`, err: errPayload},
		{name: "data after the array", text: `2["a"]["b"]`, err: errPayload},
		{name: "event that is an object", text: `2{}`, err: errPayload},
		{name: "event without data", text: `2`, err: errPayload},
		{name: "auth that is a list", text: `0[]`, err: errPayload},
		{name: "disconnect with data", text: `1{}`, err: errPayload},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := parsePacket([]byte(c.text))
			if !errors.Is(err, c.err) {
				t.Fatalf("error %v, want %v", err, c.err)
			}
			if err != nil {
				return
			}
			if len(got.data) == 0 {
				got.data = nil
			}
			if diff := cmp.Diff(c.want, got, cmp.AllowUnexported(packet{})); diff != "" {
				t.Errorf("packet (-want +got):\n%s", diff)
			}
		})
	}
}

func TestEvent(t *testing.T) {
	for _, c := range []struct {
		name, data, event string
		args              []string
		err               error
	}{
		{name: "no argument", data: `["a"]`, event: "a"},
		{name: "spaces", data: ` [ "a" , { "b" : [1,2] } ] `, event: "a", args: []string{`{ "b" : [1,2] }`}},
		{name: "brackets and quotes in strings", data: `["a","]\",[{\\",7]`, event: "a", args: []string{`"]\",[{\\"`, `7`}},
		{name: "escapes in the name", data: `["\u0061:b",null]`, event: "a:b", args: []string{`null`}},
		{name: "more than are told apart", data: `["a",1,2,3,4,5,6]`, event: "a", args: []string{`1`, `2`, `3`, `4`}},
		{name: "empty", data: `[]`, err: errName},
		{name: "number as name", data: `[1]`, err: errName},
		{name: "long name", data: `["` + strings.Repeat("n", maxEventName) + `"]`, err: errName},
		{name: "reserved", data: `["disconnect"]`, err: errReserved},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := packet{data: []byte(c.data)}
			event, args, err := p.event()
			if !errors.Is(err, c.err) {
				t.Fatalf("error %v, want %v", err, c.err)
			}
			var got []string
			for _, a := range args {
				got = append(got, string(a))
			}
			if diff := cmp.Diff(c.args, got); event != c.event || diff != "" {
				t.Errorf("event %q, want %q; args (-want +got):\n%s", event, c.event, diff)
			}
		})
	}
}

func TestEncode(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{string(eventText("chat:message", json.RawMessage(`{"a":1}`))), `2["chat:message",{"a":1}]`},
		{string(eventText("a", nil)), `2["a"]`},
		{string(ackText(17, json.RawMessage(`{"ok":true}`))), `317[{"ok":true}]`},
	} {
		if c.got != c.want {
			t.Errorf("got %s, want %s", c.got, c.want)
		}
	}
}

// FuzzPacket checks that any text is either refused or read within bounds, that
// arguments are JSON and those encoding/json sees, and that what was read can be
// written and read again.
func FuzzPacket(f *testing.F) {
	for _, seed := range []string{
		`0{"token":"t"}`, `0/admin,`, `2["a"]`, `212["a",{"b":"]"},[1,[2]]]`, `2/x,1["a"]`, `37[]`, `1`,
		`51-["a"]`, `2["a","\\\""]`, "2[\"\xff\"]", `2 [ "a" ]`, `2[[1],"a"]`,
	} {
		f.Add([]byte(seed))
	}
	for _, bomb := range bombs.JSON() {
		f.Add([]byte(`21["a",` + bomb + `]`))
		f.Add([]byte("0" + bomb))
	}
	for _, declared := range []string{`599999-["a"]`, `518446744073709551616-["a"]`, `516-1["a",{"_placeholder":true,"num":99999999}]`, `5-["a"]`} {
		f.Add([]byte(declared))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if !utf8.Valid(text) {
			return // the engine lets nothing else through
		}
		p, err := parsePacket(text)
		if err != nil {
			return
		}
		if len(p.namespace) > maxNamespace || p.id >= 1e15 || len(p.data) > len(text) {
			t.Fatalf("out of bounds: %+v", p)
		}
		if p.kind != packetEvent {
			return
		}
		name, args, err := p.event()
		if err != nil {
			return
		}
		var all []json.RawMessage
		if err := json.Unmarshal(p.data, &all); err != nil {
			t.Fatalf("data is not an array: %v", err)
		}
		if want := min(len(all)-1, maxArgs); len(args) != want {
			t.Fatalf("%d arguments of %s, want %d", len(args), p.data, want)
		}
		for i, arg := range args {
			if !sameJSON(arg, all[i+1]) {
				t.Fatalf("argument %d is %s, want %s", i, arg, all[i+1])
			}
		}
		if len(args) == 1 && name != "" {
			again, err := parsePacket(eventText("e", args[0]))
			if err != nil {
				t.Fatalf("cannot be read again: %v", err)
			}
			if _, back, err := again.event(); err != nil || len(back) != 1 || !sameJSON(back[0], args[0]) {
				t.Fatalf("read again as %s, %v", back, err)
			}
		}
	})
}

func sameJSON(a, b json.RawMessage) bool {
	return strings.TrimSpace(string(a)) == strings.TrimSpace(string(b))
}
