package app

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/anteroom/anteroom/runtime/contract"
	"github.com/anteroom/anteroom/runtime/wire"
)

// TestBadInput sends every request of the contract in every wrong way: what its shape
// forbids, taken from the published schema, and what its domain refuses, from badInputs.
// Each is answered with its code, and leaves all that the domains know as it was. A request
// that is new in the contract fails here until it has its rows.
func TestBadInput(t *testing.T) {
	schema, r := readContract(t), newRealm(t)
	r.names["$secret"] = r.do("ann", wire.EventLobbyCreate, `{"type":"casual","password":"sesame"}`, "lobby", "id")
	before := r.quiet()
	for _, event := range schema.events() {
		in, known := badInputs[event]
		if !known || (len(in.bad) == 0) == (in.free == "") {
			t.Errorf("%s has no rows in badInputs, or does not say why it needs none", event)
		}
		for _, bad := range slices.Concat(schema.request(event).misshapen(t, in.by, r.named(in.good)), in.bad) {
			before = r.refuses(event, bad, before)
		}
	}
	for event := range badInputs {
		if !slices.Contains(schema.events(), event) {
			t.Errorf("there is no request %s", event)
		}
	}
}

// refuses sends a request that changes nothing, and gives the state after it.
func (r *realm) refuses(event string, bad refusal, before map[string]string) map[string]string {
	r.t.Helper()
	payload := r.named(bad.payload)
	a := r.users[bad.by].insist(event, json.RawMessage(payload))
	if got, want := a.refusal(), r.named(bad.want); got != want {
		r.t.Errorf("%s %.200s by %s: %q, want %q (%s)", event, payload, bad.by, got, want, a.Error.Message)
	}
	after := r.state()
	if d := changed(before, after); d != "" {
		r.t.Errorf("%s %.200s by %s changed\n%s", event, payload, bad.by, d)
	}
	return after
}

// insist asks again where the machine was too slow, as it is for passwords under the race
// detector.
func (c *client) insist(event string, payload any) (a answer) {
	c.t.Helper()
	for deadline := time.Now().Add(10 * patience); ; {
		a = c.ask(event, payload)
		if a.Error.Code != string(wire.CodeDeadlineExceeded) || time.Now().After(deadline) {
			return a
		}
	}
}

// refusal is an answer as the rows write it.
func (a answer) refusal() string {
	out := a.Error.Code
	if a.Error.Reason != "" {
		out += "/" + a.Error.Reason
	}
	if a.Error.Field != "" {
		out += "@" + a.Error.Field
	}
	if ids := a.Error.Current.IDs(); len(ids) > 0 {
		out += "=" + strings.Join(ids, ",")
	}
	return out
}

// TestKeyOfAnotherRequest sends every good request, which shows that the bad ones were not
// refused for another reason than theirs. Under its key another request is refused, and
// itself gives the same answer again; neither changes anything. What one request has made
// an end of, another one finds in the next realm.
func TestKeyOfAnotherRequest(t *testing.T) {
	schema := readContract(t)
	left := schema.events()
	slices.SortStableFunc(left, func(a, b string) int { return cmp.Compare(len(ends.FindString(a)), len(ends.FindString(b))) })
	for len(left) > 0 {
		r, refused := newRealm(t), []string{}
		for _, event := range left {
			in, shape := badInputs[event], schema.request(event)
			first := r.grants(event, in, shape)
			if !first.OK && len(refused) == len(left)-1 {
				t.Fatalf("%s by %s: %s (%s)", event, in.by, first.refusal(), first.Error.Message)
			}
			if !first.OK {
				refused = append(refused, event)
				continue
			}
			if _, keyed := shape.Properties["key"]; keyed {
				r.grantsOnce(event, in, shape, first)
			}
		}
		t.Log(len(refused), " are left for the next realm: ", refused)
		left = refused
	}
}

// ends are requests that leave least behind for others.
var ends = regexp.MustCompile(`:(ban|cancel|close|decline|delete|kick|leave|mute|promote|start|transferHost|voteKick)$`)

// grants sends the good request, with a key where it takes one.
func (r *realm) grants(event string, in inputs, shape definition) (a answer) {
	r.t.Helper()
	r.until("granted", func() bool { // lobby:regenerateCode has to wait
		a = r.users[in.by].ask(event, r.keyed(event, in, shape))
		return a.Error.Code != "rate_limited"
	})
	return a
}

func (r *realm) keyed(event string, in inputs, shape definition) map[string]any {
	r.t.Helper()
	var good map[string]any
	if err := json.Unmarshal([]byte(r.named(in.good)), &good); err != nil {
		r.t.Fatal(err)
	}
	if _, keyed := shape.Properties["key"]; keyed {
		good["key"] = "of " + event
	}
	return good
}

// grantsOnce repeats a request that was granted, and sends another one under its key.
func (r *realm) grantsOnce(event string, in inputs, shape definition, first answer) {
	r.t.Helper()
	good, before := r.keyed(event, in, shape), r.quiet()
	if a := r.users[in.by].ask(event, shape.another(r.t, good)); a.refusal() != "idempotency_mismatch" {
		r.t.Errorf("%s with the key of another request: %+v", event, a)
	}
	if a := r.users[in.by].ask(event, good); !a.OK || string(a.Data) != string(first.Data) {
		r.t.Errorf("%s again: %s, want %s", event, a.Data, first.Data)
	}
	if d := changed(before, r.state()); d != "" {
		r.t.Errorf("%s was repeated and changed\n%s", event, d)
	}
}

// published is the contract's schema.
type published struct {
	Defs map[string]definition `json:"$defs"`
}

// definition is a schema, as far as it matters here.
type definition struct {
	Ref           string                `json:"$ref"`
	Type          string                `json:"type"`
	Properties    map[string]definition `json:"properties"`
	Required      []string              `json:"required"`
	Items         *definition           `json:"items"`
	AnyOf         []definition          `json:"anyOf"`
	Enum          []any                 `json:"enum"`
	MinItems      int                   `json:"minItems"`
	MaxItems      int                   `json:"maxItems"`
	MaxLength     int                   `json:"maxLength"`
	MaxProperties int                   `json:"maxProperties"`
	Minimum       *int                  `json:"minimum"`
	Maximum       *int                  `json:"maximum"`
}

func readContract(t *testing.T) published {
	t.Helper()
	var p published
	if err := json.Unmarshal(contract.Schema, &p); err != nil {
		t.Fatal(err)
	}
	return p
}

const ofRequest = ".request"

// events are all that clients may send, sorted.
func (p published) events() []string {
	var all []string
	for name := range p.Defs {
		if event, is := strings.CutSuffix(name, ofRequest); is {
			all = append(all, event)
		}
	}
	slices.Sort(all)
	return all
}

func (p published) request(event string) definition {
	return p.Defs[strings.TrimPrefix(p.Defs[event+ofRequest].Ref, "#/$defs/")]
}

// misshapen are requests that the schema forbids, each with one thing wrong in it.
func (d definition) misshapen(t *testing.T, by, good string) []refusal {
	t.Helper()
	rows := []refusal{
		{by, `"text"`, "invalid_argument"}, {by, `[` + good + `]`, "invalid_argument"},
		{by, `{"more":"` + strings.Repeat("x", testPayload) + `"}`, "payload_too_large"},
	}
	with := func(field string, value any, at string) {
		var payload map[string]any
		if err := json.Unmarshal([]byte(good), &payload); err != nil {
			t.Fatal(err)
		}
		maps.DeleteFunc(payload, func(other string, _ any) bool { return !slices.Contains(d.Required, other) })
		if payload[field] = value; value == nil {
			delete(payload, field)
		}
		text, err := json.Marshal(payload)
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, refusal{by, string(text), "invalid_argument@" + at})
	}
	for _, field := range d.Required {
		with(field, nil, field)
	}
	for _, field := range slices.Sorted(maps.Keys(d.Properties)) {
		for at, values := range d.Properties[field].wrong(field) {
			for _, value := range values {
				with(field, value, at)
			}
		}
	}
	return rows
}

// wrong are values that a field may not have, by the field that the refusal names.
func (d definition) wrong(field string) map[string][]any {
	var out []any
	switch {
	case d.Type == "string" || d.Enum != nil || len(d.AnyOf) > 0:
		out = append(out, 7, []any{})
	case d.Type != "" || d.Ref != "":
		out = append(out, "text")
	}
	if d.MaxLength > 0 {
		out = append(out, strings.Repeat("x", d.MaxLength+1))
	}
	if d.MinItems > 0 {
		out = append(out, []any{})
	}
	if d.Minimum != nil && *d.Minimum <= 0 {
		out = append(out, *d.Minimum-1)
	}
	if d.Maximum != nil {
		out = append(out, *d.Maximum+1)
	}
	if d.MaxItems > 0 {
		out = append(out, slices.Repeat([]any{"a"}, d.MaxItems+1))
	}
	if d.MaxProperties > 0 {
		many := map[string]any{}
		for i := range d.MaxProperties + 1 {
			many[fmt.Sprint("k", i)] = map[string]any{}
		}
		out = append(out, many)
	}
	wrong := map[string][]any{field: out}
	if d.Items != nil && d.Items.MaxLength > 0 {
		wrong[field+"[0]"] = []any{[]any{strings.Repeat("x", d.Items.MaxLength+1)}, []any{""}}
	}
	return wrong
}

// another is a request of the right shape that says something else.
func (d definition) another(t *testing.T, good map[string]any) map[string]any {
	t.Helper()
	other := maps.Clone(good)
	for _, field := range slices.Sorted(maps.Keys(good)) {
		if field == "key" || len(d.Properties[field].Enum)+len(d.Properties[field].AnyOf) > 0 {
			continue
		}
		switch was := good[field].(type) {
		case string:
			other[field] = was + "x"
		case float64:
			other[field] = was + 1
		case bool:
			other[field] = !was
		case []any:
			other[field] = append(slices.Clone(was), "x")
		default:
			continue
		}
		return other
	}
	t.Fatalf("nothing to change in %v", good)
	return nil
}
