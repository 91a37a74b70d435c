package search

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/anteroom/anteroom/runtime/internal/domain/lobby/rules"
	"github.com/anteroom/anteroom/runtime/wire"
)

// Keys sort as their values do.
func TestNumberKeysSortAsNumbers(t *testing.T) {
	numbers := []float64{
		-math.MaxFloat64, -1e9, -2, -1, -math.SmallestNonzeroFloat64, 0, math.SmallestNonzeroFloat64, 0.5, 1, 1.5, 2, 10, 1e9, math.MaxFloat64,
	}
	var keys []string
	for _, n := range numbers {
		keys = append(keys, numberKey(n))
	}
	if !slices.IsSorted(keys) || len(slices.Compact(slices.Clone(keys))) != len(numbers) {
		t.Errorf("got keys %v, want strictly ascending keys", keys)
	}
	if got, want := numberKey(math.Copysign(0, -1)), numberKey(0); got != want {
		t.Errorf("negative zero: got %s, want %s", got, want)
	}
}

func TestTextKeys(t *testing.T) {
	long := strings.Repeat("x", keyLength)
	for text, want := range map[string]string{
		"": "", "a b": "a b", "é": "é", "a\tb\x00\x1fc": "a b  c", "\x7f": "\x7f", long: long, long + "y": long,
	} {
		if got := textKey(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestKeysOfValues(t *testing.T) {
	for _, tc := range []struct {
		value any
		t     rules.AttributeType
		want  string
		ok    bool
	}{
		{"map", rules.AttributeString, "map", true},
		{"1", rules.AttributeNumber, "1", false},
		{1.0, rules.AttributeNumber, numberKey(1), true},
		{1.0, rules.AttributeString, numberKey(1), false},
		{true, rules.AttributeBoolean, "1", true},
		{false, rules.AttributeBoolean, "0", true},
		{true, rules.AttributeNumber, "1", false},
		{nil, rules.AttributeString, "", false},
		{[]any{}, rules.AttributeString, "", false},
	} {
		if got, ok := keyOf(tc.value, tc.t); got != tc.want || ok != tc.ok {
			t.Errorf("%v as %s: got %q, %v, want %q, %v", tc.value, tc.t, got, ok, tc.want, tc.ok)
		}
	}
}

// The index has the builtin fields and the searchable, public attributes of the lobby.
func TestKeysOfALobby(t *testing.T) {
	attribute := func(key string, w rules.Writer, a rules.Audience, searchable bool) rules.AttributeRule {
		return rules.AttributeRule{Key: key, Type: rules.AttributeString, WritableBy: w, Visibility: a, Searchable: searchable}
	}
	p := rules.Policy{Attributes: []rules.AttributeRule{
		attribute("map", rules.WriterHost, rules.AudiencePublic, true),
		attribute("mode", rules.WriterServer, rules.AudiencePublic, true),
		attribute("plain", rules.WriterHost, rules.AudiencePublic, false),
		attribute("inner", rules.WriterHost, rules.AudienceMembers, true),
		attribute("hero", rules.WriterMember, rules.AudiencePublic, true),
		attribute("unset", rules.WriterHost, rules.AudiencePublic, true),
	}}
	l := rules.Lobby{
		Name: "n", Status: wire.LobbyOpen, PasswordHash: "h", MaxMembers: 4, CreatedAt: 9, Policy: p,
		Members:    map[string]rules.Member{"a": {Role: wire.RoleHost}, "b": {Role: wire.RoleSpectator}},
		Attributes: wire.Attributes{"map": "m", "mode": "x", "plain": "p", "inner": "i", "hero": "h"},
	}
	want := map[string]string{
		"name": "n", "status": "open", "hasPassword": "1", "players": numberKey(1), "free": numberKey(3),
		"maxMembers": numberKey(4), "createdAt": numberKey(9), "attributes.map": "m", "attributes.mode": "x",
	}
	if d := cmp.Diff(want, keysOf(l)); d != "" {
		t.Errorf("keys (-want +got):\n%s", d)
	}
	for field := range want {
		if _, ok := fieldType(p, field); !ok {
			t.Errorf("%s is in the index and cannot be searched", field)
		}
	}
	for _, field := range []string{"attributes.plain", "attributes.inner", "attributes.hero", "attributes.none", "map", ""} {
		if _, ok := fieldType(p, field); ok {
			t.Errorf("%q is not in the index and can be searched", field)
		}
	}
}
