package schema

import (
	"encoding/json"
	"errors"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/anteroom/anteroom/runtime/internal/core/bombs"
	"github.com/anteroom/anteroom/runtime/wire"
)

// A request may take spare bytes, and perByte for each byte of its payload: the dearest
// is a list of empty positions, three bytes each.
const (
	spare   = 64 << 10
	perByte = 160
)

// FuzzRequest reads any payload as any request of the contract: it becomes a request that
// says the same when it is written and read again, or is refused with invalid_argument; it
// never takes more memory than its size allows.
func FuzzRequest(f *testing.F) {
	for i := range requests {
		f.Add(uint8(i), []byte(`{}`))
	}
	for _, seed := range []string{
		``, `null`, `[]`, `"text"`, `{"key":1}`, `{"key":"` + strings.Repeat("k", 65) + `"}`,
		`{"streams":[` + strings.Repeat(`{},`, 5000) + `{}]}`, `{"streams":[{"stream":"a:b","epoch":"","seq":18446744073709551616}]}`,
		`{"filter":` + strings.Repeat(`{"a":`, 5000) + `1` + strings.Repeat(`}`, 5000) + `}`,
		`{"attributes":{"a":` + strings.Repeat(`[`, 9000) + strings.Repeat(`]`, 9000) + `}}`, `{"data":` + strings.Repeat(`[`, 10001),
		`{"type":"duel","filter":{"a":{"in":[` + strings.Repeat(`1,`, 1000) + `1]}}}`, `{"latencies":{"` + strings.Repeat("l", 5000) + `":-1}}`,
		"{\"channel\":\"\xff\xfe\",\"text\":\"\\ud800\"}", `{"channel":"c","CHANNEL":"d","text":1e999}`,
	} {
		for i := range requests {
			f.Add(uint8(i), []byte(seed))
		}
	}
	for i := range requests {
		for _, bomb := range bombs.JSON() {
			f.Add(uint8(i), []byte(bomb))
		}
	}
	s := New()
	for _, r := range requests {
		_ = s.read(reflect.TypeOf(r), []byte(`{}`)) // what is learned of a type once is not a request's
	}
	f.Fuzz(func(t *testing.T, which uint8, payload []byte) {
		typ := reflect.TypeOf(requests[int(which)%len(requests)])
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		err := s.read(typ, payload)
		runtime.ReadMemStats(&after)
		if took := after.TotalAlloc - before.TotalAlloc; took > spare+uint64(perByte*len(payload)) {
			t.Errorf("%s of %d bytes took %d", typ.Name(), len(payload), took)
		}
		if err == nil {
			readsAgain(t, s, typ, payload)
			return
		}
		var refused *wire.Error
		if !errors.As(err, &refused) || refused.Code != wire.CodeInvalidArgument {
			t.Fatalf("%s %q: %v", typ.Name(), payload, err)
		}
		if said := len(refused.Field) + len(refused.Message); said > 512+2*len(payload) {
			t.Errorf("%s of %d bytes is refused with %d", typ.Name(), len(payload), said)
		}
	})
}

// readsAgain encodes a decoded request and decodes it again: the form that is compared under an
// idempotency key must be equivalent to the client's form.
func readsAgain(t *testing.T, s *Schema, typ reflect.Type, payload []byte) {
	t.Helper()
	first, second := reflect.New(typ).Interface(), reflect.New(typ).Interface()
	if err := json.Unmarshal(payload, first); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(first)
	if err != nil {
		t.Fatalf("%s %q cannot be written: %v", typ.Name(), payload, err)
	}
	if err := s.read(typ, text); err != nil {
		t.Fatalf("%s %q is written as %q: %v", typ.Name(), payload, text, err)
	}
	if err := json.Unmarshal(text, second); err != nil {
		t.Fatal(err)
	}
	again, err := json.Marshal(second)
	if err != nil || string(again) != string(text) {
		t.Fatalf("%s %q is written as %q, then as %q: %v", typ.Name(), payload, text, again, err)
	}
}
