package serverapi

import (
	"bytes"
	"math"
	"slices"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/vmihailenco/msgpack/v5"

	"github.com/anteroom/anteroom/runtime/internal/core/bombs"
	"github.com/anteroom/anteroom/runtime/internal/edge/session"
	"github.com/anteroom/anteroom/runtime/wire"
)

// published is what an emitter writes for an event.
func published(t *testing.T, data []any, rooms, except []string) []byte {
	t.Helper()
	out, err := msgpack.Marshal([]any{
		"emitter", object{"type": 2, "data": data, "nsp": "/"}, object{"rooms": rooms, "except": except, "flags": object{"volatile": true}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestEmissionsAreRead(t *testing.T) {
	s := newStand(t)
	var got []session.Emission
	take := func(payload []byte) { s.server.Emission(payload, func(e session.Emission) { got = append(got, e) }) }
	take(published(t, []any{"game:tick", object{"n": 1.5}, "two", nil, []any{true}}, []string{"red", "user:ada", "lobby:x", "room:blue"}, []string{"sid-1"}))
	take(published(t, []any{"hello"}, nil, nil))
	if len(got) != 2 {
		t.Fatalf("got %+v", got)
	}
	e := got[0]
	wantTo := []session.Audience{{Stream: "room:red", Session: "red"}, {Stream: "user:ada", Session: "user:ada"}, {Stream: "lobby:x", Session: "lobby:x"}, {Stream: "room:blue", Session: "room:blue"}}
	if e.Event != "game:tick" || string(e.Args) != `{"n":1.5},"two",null,[true]` || !slices.Equal(e.To, wantTo) ||
		!slices.Equal(e.Except, []session.Audience{{Stream: "room:sid-1", Session: "sid-1"}}) {
		t.Errorf("the first is %+v with %s", e, e.Args)
	}
	if e := got[1]; e.Event != "hello" || len(e.Args) != 0 || len(e.To) != 0 {
		t.Errorf("the second is %+v", e)
	}
}

// A number that JSON cannot write becomes null, as in JavaScript; the event is delivered.
func TestNaNBecomesNull(t *testing.T) {
	s := newStand(t)
	var got []string
	take := func(args ...any) {
		s.server.Emission(published(t, append([]any{"x"}, args...), nil, nil), func(e session.Emission) { got = append(got, string(e.Args)) })
	}
	take(math.NaN(), 1.5)
	take(object{"a": math.Inf(1), "b": []any{math.Inf(-1), float32(math.NaN()), object{"c": math.NaN()}}, "d": 2})
	want := []string{`null,1.5`, `{"a":null,"b":[null,null,{"c":null}],"d":2}`}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestBadEmissionsAreDroppedAndCounted(t *testing.T) {
	s := newStand(t)
	raw := func(v any) []byte {
		out, err := msgpack.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	many := make([]string, maxEmitterRooms+1)
	for i := range many {
		many[i] = "r"
	}
	cases := map[string]struct {
		payload []byte
		code    wire.Code
	}{
		"no msgpack":            {[]byte("[\"emitter\"]"), wire.CodeInvalidArgument},
		"cut off":               {published(t, []any{"x", long(40)}, nil, nil)[:30], wire.CodeInvalidArgument},
		"another shape":         {raw(object{"a": 1}), wire.CodeInvalidArgument},
		"no event":              {published(t, nil, nil, nil), wire.CodeInvalidArgument},
		"a nameless event":      {published(t, []any{7}, nil, nil), wire.CodeInvalidArgument},
		"the service's event":   {published(t, []any{"lobby:patch"}, nil, nil), wire.CodeInvalidArgument},
		"it in other letters":   {published(t, []any{"LOBBY:patch"}, nil, nil), wire.CodeInvalidArgument},
		"another packet":        {raw([]any{"emitter", object{"type": 3, "data": []any{"x"}, "nsp": "/"}, object{}}), wire.CodeInvalidArgument},
		"another namespace":     {raw([]any{"emitter", object{"type": 2, "data": []any{"x"}, "nsp": "/admin"}, object{}}), wire.CodeInvalidArgument},
		"a room that cannot be": {published(t, []any{"x"}, []string{"a b"}, nil), wire.CodeInvalidArgument},
		"too many rooms":        {published(t, []any{"x"}, many, nil), wire.CodeInvalidArgument},
		"bytes":                 {published(t, []any{"x", object{"a": []any{[]byte("b")}}}, nil, nil), wire.CodeInvalidArgument},
		"no array of three":     {raw([]any{"emitter", object{}}), wire.CodeInvalidArgument},
		"no maps":               {raw([]any{"emitter", "packet", "options"}), wire.CodeInvalidArgument},
		"rooms that are none":   {raw([]any{"emitter", object{"type": 2, "data": []any{"x"}, "nsp": "/"}, object{"rooms": "all"}}), wire.CodeInvalidArgument},
		"a room that is none":   {raw([]any{"emitter", object{"type": 2, "data": []any{"x"}, "nsp": "/"}, object{"except": []any{1}}}), wire.CodeInvalidArgument},
		"a length bomb":         {bombed([]byte{0xdd, 0xff, 0xff, 0xff, 0xff}), wire.CodeInvalidArgument},
		"a depth bomb":          {bombed(bytes.Repeat([]byte{0x91}, 1000)), wire.CodeInvalidArgument},
		"too large":             {published(t, []any{"x", long(1024 + emitterOverhead)}, nil, nil), wire.CodePayloadTooLarge},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			count := s.server.metrics.emissions.WithLabelValues(string(c.code))
			before := testutil.ToFloat64(count)
			s.server.Emission(c.payload, func(e session.Emission) { t.Errorf("it was delivered: %+v", e) })
			if now := testutil.ToFloat64(count); now != before+1 {
				t.Errorf("%v were dropped with %s, want %v", now, c.code, before+1)
			}
		})
	}
}

// bombed is a good emission whose argument is bomb.
func bombed(bomb []byte) []byte {
	head := append([]byte("\x93\xa1x\x83\xa4type\x02\xa4data\x92\xa1x"), bomb...)
	return append(head, "\xa3nsp\xa1/\x80"...)
}

// FuzzEmission: no payload makes the reader panic.
func FuzzEmission(f *testing.F) {
	seed, err := msgpack.Marshal([]any{"emitter", object{"type": 2, "data": []any{"x", 1}, "nsp": "/"}, object{"rooms": []string{"a"}}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed)
	f.Add([]byte{0x93})
	for _, bomb := range bombs.MsgPack() {
		f.Add(bomb)
		f.Add(bombed(bomb))
	}
	s := &Server{Options: Options{MaxData: 1 << 16}}
	f.Fuzz(func(t *testing.T, payload []byte) {
		if e, err := s.readEmission(payload); err == nil && (e.Event == "" || len(e.Event) > 64) {
			t.Errorf("an event named %q", e.Event)
		}
	})
}
