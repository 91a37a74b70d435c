package search

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/anteroom/anteroom/runtime/internal/domain/lobby/rules"
	"github.com/anteroom/anteroom/runtime/wire"
)

// has reports whether a span has a key.
func has(spans []Span, key string) bool {
	for _, s := range spans {
		if s.From <= key && key <= s.To {
			return true
		}
	}
	return false
}

// A filter selects the keys for which it is true, also next to its own values.
func TestSpansSelectTheKeysOfAFilter(t *testing.T) {
	texts := []string{"", "a", "aa", "az", "b", "ba", "c", "é", "~"}
	numbers := []float64{-2, -1, 0, 0.5, 1, 2, 3}
	for name, tc := range map[string]struct {
		filter wire.LobbyFilter
		text   func(v string) bool
		number func(v float64) bool
	}{
		"no condition":    {filter: wire.LobbyFilter{}, text: func(string) bool { return true }, number: func(float64) bool { return true }},
		"eq text":         {filter: wire.LobbyFilter{Eq: "b"}, text: func(v string) bool { return v == "b" }},
		"eq empty text":   {filter: wire.LobbyFilter{Eq: ""}, text: func(v string) bool { return v == "" }},
		"ne text":         {filter: wire.LobbyFilter{Ne: "b"}, text: func(v string) bool { return v != "b" }},
		"ne empty text":   {filter: wire.LobbyFilter{Ne: ""}, text: func(v string) bool { return v != "" }},
		"in texts":        {filter: wire.LobbyFilter{In: []any{"c", "a", "a"}}, text: func(v string) bool { return v == "a" || v == "c" }},
		"in nothing":      {filter: wire.LobbyFilter{In: []any{}}, text: func(string) bool { return false }},
		"in and ne":       {filter: wire.LobbyFilter{In: []any{"a", "b"}, Ne: "a"}, text: func(v string) bool { return v == "b" }},
		"lt text":         {filter: wire.LobbyFilter{Lt: "b"}, text: func(v string) bool { return v < "b" }},
		"lt empty text":   {filter: wire.LobbyFilter{Lt: ""}, text: func(string) bool { return false }},
		"lt number":       {filter: wire.LobbyFilter{Lt: 1.0}, number: func(v float64) bool { return v < 1 }},
		"lte number":      {filter: wire.LobbyFilter{Lte: 1.0}, number: func(v float64) bool { return v <= 1 }},
		"gt number":       {filter: wire.LobbyFilter{Gt: 1.0}, number: func(v float64) bool { return v > 1 }},
		"gte number":      {filter: wire.LobbyFilter{Gte: 1.0}, number: func(v float64) bool { return v >= 1 }},
		"between":         {filter: wire.LobbyFilter{Gt: -1.0, Lte: 1.0}, number: func(v float64) bool { return v > -1 && v <= 1 }},
		"an empty range":  {filter: wire.LobbyFilter{Gt: 1.0, Lt: 1.0}, number: func(float64) bool { return false }},
		"near":            {filter: wire.LobbyFilter{Near: &wire.LobbyNear{Value: 1, Within: 1}}, number: func(v float64) bool { return v >= 0 && v <= 2 }},
		"near and not eq": {filter: wire.LobbyFilter{Near: &wire.LobbyNear{Value: 1, Within: 1}, Ne: 1.0}, number: func(v float64) bool { return v >= 0 && v <= 2 && v != 1 }},
	} {
		if tc.text != nil {
			spans, err := spansOf("f", rules.AttributeString, tc.filter)
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			for _, v := range texts {
				if got, want := has(spans, textKey(v)), tc.text(v); got != want {
					t.Errorf("%s: %q is selected: %v, want %v (%q)", name, v, got, want, spans)
				}
			}
		}
		if tc.number != nil {
			spans, err := spansOf("f", rules.AttributeNumber, tc.filter)
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			for _, v := range numbers {
				if got, want := has(spans, numberKey(v)), tc.number(v); got != want {
					t.Errorf("%s: %v is selected: %v, want %v (%q)", name, v, got, want, spans)
				}
			}
		}
	}
}

func TestFiltersOfAnotherTypeAreRefused(t *testing.T) {
	for field, tc := range map[string]struct {
		filter wire.LobbyFilter
		t      rules.AttributeType
	}{
		"filter.f.eq":   {wire.LobbyFilter{Eq: 1.0}, rules.AttributeString},
		"filter.f.gte":  {wire.LobbyFilter{Gte: "1"}, rules.AttributeNumber},
		"filter.f.in":   {wire.LobbyFilter{In: []any{true, "x"}}, rules.AttributeBoolean},
		"filter.f.near": {wire.LobbyFilter{Near: &wire.LobbyNear{}}, rules.AttributeString},
	} {
		_, err := spansOf("f", tc.t, tc.filter)
		var refusal *wire.Error
		if !errors.As(err, &refusal) || refusal.Code != wire.CodeInvalidArgument || refusal.Field != field {
			t.Errorf("%s: got %v, want invalid_argument with this field", field, err)
		}
	}
}

// No key lies between a key and its neighbours.
func TestNeighboursOfKeys(t *testing.T) {
	for _, key := range []string{"a", "b", "aa", "0", numberKey(1)} {
		if p := predecessor(key); p >= key || p < key[:len(key)-1] {
			t.Errorf("got the predecessor %q of %q", p, key)
		}
		if s := successor(key); s <= key || s > key+" " {
			t.Errorf("got the successor %q of %q", s, key)
		}
	}
}

func TestIntersectionsOfSpans(t *testing.T) {
	span := func(from, to string) Span { return Span{"f", from, to} }
	for name, tc := range map[string]struct{ a, b, want []Span }{
		"overlap":    {[]Span{span("a", "d")}, []Span{span("c", "f")}, []Span{span("c", "d")}},
		"touch":      {[]Span{span("a", "c")}, []Span{span("c", "f")}, []Span{span("c", "c")}},
		"apart":      {[]Span{span("a", "b")}, []Span{span("c", "f")}, nil},
		"two in one": {[]Span{span("a", "z")}, []Span{span("b", "c"), span("e", "f")}, []Span{span("b", "c"), span("e", "f")}},
		"none":       {nil, []Span{span("a", "b")}, nil},
	} {
		if d := cmp.Diff(tc.want, intersect(tc.a, tc.b)); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
}
