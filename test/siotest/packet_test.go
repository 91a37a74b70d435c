package siotest

import (
	"strings"
	"testing"
)

func TestPackets(t *testing.T) {
	seven := uint64(7)
	tests := []struct {
		text string
		want packet
	}{
		{`0`, packet{kind: packetConnect, namespace: "/"}},
		{`0{"sid":"a"}`, packet{kind: packetConnect, namespace: "/", data: []byte(`{"sid":"a"}`)}},
		{`1/admin,`, packet{kind: packetDisconnect, namespace: "/admin"}},
		{`2["hi",1]`, packet{kind: packetEvent, namespace: "/", data: []byte(`["hi",1]`)}},
		{`2/admin,7["hi"]`, packet{kind: packetEvent, namespace: "/admin", id: &seven, data: []byte(`["hi"]`)}},
		{`37[]`, packet{kind: packetAck, namespace: "/", id: &seven, data: []byte(`[]`)}},
		{`4{"message":"no"}`, packet{kind: packetConnectError, namespace: "/", data: []byte(`{"message":"no"}`)}},
	}
	for _, test := range tests {
		got, err := decodePacket(test.text)
		if err != nil {
			t.Errorf("%s: %v", test.text, err)
			continue
		}
		if got.kind != test.want.kind || got.namespace != test.want.namespace || string(got.data) != string(test.want.data) ||
			(got.id == nil) != (test.want.id == nil) || got.id != nil && *got.id != *test.want.id {
			t.Errorf("%s: got %+v", test.text, got)
		}
		if again := got.encode(); again != test.text {
			t.Errorf("%s was written as %s", test.text, again)
		}
	}
	for _, bad := range []string{"", "9", `2["open`, `51-["x",{"_placeholder":true,"num":0}]`, `299999999999999999999["x"]`} {
		if _, err := decodePacket(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

// FuzzPacket: no text makes the decoder panic, and an accepted packet is encoded to the
// same packet.
func FuzzPacket(f *testing.F) {
	for _, seed := range []string{`0{}`, `2/a,7["x"]`, `37[]`, `2[`, "", "4\"x\""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := decodePacket(text)
		if err != nil {
			return
		}
		again, err := decodePacket(p.encode())
		if err != nil || again.namespace != p.namespace || string(again.data) != string(p.data) {
			t.Errorf("%q was read as %+v, written and read as %+v: %v", text, p, again, err)
		}
		if p.kind == packetEvent {
			name, args, err := decodeEvent(p.data)
			if err == nil && (len(args) > strings.Count(text, ",") || len(name) > 6*len(text)) {
				t.Errorf("%q holds the event %q with %d arguments", text, name, len(args))
			}
		}
	})
}
