package schema

import (
	"encoding/json"
	"errors"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/anteroom/anteroom/runtime/internal/core/bombs"
	"github.com/anteroom/anteroom/runtime/wire"
)

// TestEveryRequestIsReadExactly sends each request of the contract with a member in another
// case, a member twice, 33 levels, and a number that a double does not hold, in each member.
func TestEveryRequestIsReadExactly(t *testing.T) {
	s := New()
	for _, request := range append(slices.Clone(requests), wire.ConnectAuth{}) {
		typ := reflect.TypeOf(request)
		for name := range maps.Keys(shapeOf(typ).members) {
			upper := strings.ToUpper(name[:1]) + name[1:]
			deep := strings.Repeat("[", MaxDepth) + strings.Repeat("]", MaxDepth)
			for payload, field := range map[string]string{
				`{"` + upper + `":"a"}`:                           upper,
				`{"` + strings.ToUpper(name) + `":null}`:          strings.ToUpper(name),
				`{"` + name + `":null,"` + name + `":null}`:       name,
				`{"` + name + `":null,"\u00` + hex(name) + `":1}`: name,
				`{"` + name + `":9007199254740993}`:               name,
				`{"` + name + `":-9007199254740993}`:              name,
				`{"` + name + `":1e400}`:                          name,
				`{"` + name + `":{"a":[1,9007199254740993]}}`:     name + ".a[1]",
				`{"` + name + `":` + deep + `}`:                   name + "[0]",
				`{"x":{"a":1,"b":{},"a":2}}`:                      "x.a",
				`{"x":[[{"n":18446744073709551615}]]}`:            "x[0][0].n",
				"{\"x\":\"\xff\"}":                                "",
			} {
				err := s.read(typ, []byte(payload))
				var refused *wire.Error
				if !errors.As(err, &refused) || refused.Code != wire.CodeInvalidArgument || refused.Field != field {
					t.Errorf("%s %.80s: %v, want a refusal of %s", typ.Name(), payload, err, field)
				}
			}
		}
	}
}

// hex is a name with its first letter as the rest of an escape.
func hex(name string) string {
	const digits = "0123456789abcdef"
	return string([]byte{digits[name[0]>>4], digits[name[0]&15]}) + name[1:]
}

func TestWhatIsExactIsTaken(t *testing.T) {
	many := make([]string, 200)
	for i := range many {
		many[i] = `"` + strings.Repeat("k", i+1) + `":1`
	}
	for _, data := range []string{
		`null`, `{}`, `{"a":{"a":{"A":1,"a":2}}}`, `[{"a":1},{"a":1}]`, `"\"a\":1,\"a\":2"`, `"\\"`, `{"":1,"\\":2,"\"":3}`,
		strings.Repeat("[", MaxDepth-1) + strings.Repeat("]", MaxDepth-1), `"` + strings.Repeat("[", 99) + `"`,
		`9007199254740992`, `-9007199254740992`, `9007199254740994`, `1152921504606846976`, `1152921504606847000`, `100000000000000000000`,
		`0.1`, `-0`, `1e300`, `3.14159265358979323846264338327950288`, `{` + strings.Join(many, ",") + `}`,
	} {
		text := json.RawMessage(`{"channel":"c","data":` + data + `}`)
		if err := Exact(text, reflect.TypeFor[wire.ChatSend]()); err != nil {
			t.Errorf("%s: %v", data, err)
		}
	}
	if err := Exact([]byte(`{"data":{`+strings.Join(many, ",")+`,"kkk":2}}`), reflect.TypeFor[wire.ChatSend]()); wire.CodeOf(err) != wire.CodeInvalidArgument {
		t.Errorf("a double among many members: %v", err)
	}
}

// FuzzExact: the reading of any text ends without a panic, and what it takes encoding/json
// writes with the same members.
func FuzzExact(f *testing.F) {
	for _, bomb := range bombs.JSON() {
		f.Add([]byte(bomb))
	}
	f.Add([]byte(`{"channel":"c","data":{"a":[1,{"b":"\u0041"}]},"\u0064ata":1}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		if Exact(text, reflect.TypeFor[wire.ChatSend]()) != nil || !json.Valid(text) {
			return
		}
		var into any
		if err := json.Unmarshal(text, &into); err != nil {
			t.Fatal(err)
		}
		again, err := json.Marshal(into)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := strings.Count(names(again), "\n"), strings.Count(names(text), "\n"); got != want {
			t.Errorf("%q has %d members, and %d when it is written again", text, want, got)
		}
	})
}

// names has the names of all members of a text, a line each.
func names(text []byte) string {
	var all strings.Builder
	decoder := json.NewDecoder(strings.NewReader(string(text)))
	for {
		token, err := decoder.Token()
		if err != nil {
			return all.String()
		}
		if token == json.Delim('{') || token == json.Delim('[') {
			continue
		}
		all.WriteString("\n")
	}
}

func BenchmarkDecodeChatSend(b *testing.B) {
	s := New()
	args := []json.RawMessage{json.RawMessage(`{"channel":"lobby:01JABCDEFGHJKMNPQRSTVWXYZ0","text":"good luck and have fun, all of you","key":"01JABCDEFGHJKMNPQRSTVWXYZ0","data":{"emote":"wave","at":[12.5,7]}}`)}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Decode[wire.ChatSend](s, args); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkExactChatSend(b *testing.B) {
	text, typ := []byte(`{"channel":"lobby:01JABCDEFGHJKMNPQRSTVWXYZ0","text":"good luck and have fun, all of you","key":"01JABCDEFGHJKMNPQRSTVWXYZ0","data":{"emote":"wave","at":[12.5,7]}}`), reflect.TypeFor[wire.ChatSend]()
	b.ReportAllocs()
	for b.Loop() {
		if err := Exact(text, typ); err != nil {
			b.Fatal(err)
		}
	}
}
