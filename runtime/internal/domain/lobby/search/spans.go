package search

import (
	"slices"

	"github.com/anteroom/anteroom/runtime/internal/domain/lobby/rules"
	"github.com/anteroom/anteroom/runtime/wire"
)

// lastKey is greater than every key.
const lastKey = "\xff"

// spansOf gives the spans of keys that a filter is true of, in order.
func spansOf(field string, t rules.AttributeType, f wire.LobbyFilter) ([]Span, error) {
	at := "filter." + field
	spans := []Span{{Field: field, To: lastKey}}
	for _, c := range []struct {
		name  string
		value any
		cut   func(key string) []Span
	}{
		{"eq", f.Eq, func(k string) []Span { return []Span{{field, k, k}} }},
		{"ne", f.Ne, func(k string) []Span { return append(below(field, k), Span{field, successor(k), lastKey}) }},
		{"lt", f.Lt, func(k string) []Span { return below(field, k) }},
		{"lte", f.Lte, func(k string) []Span { return []Span{{field, "", k}} }},
		{"gt", f.Gt, func(k string) []Span { return []Span{{field, successor(k), lastKey}} }},
		{"gte", f.Gte, func(k string) []Span { return []Span{{field, k, lastKey}} }},
	} {
		if c.value == nil {
			continue
		}
		key, ok := keyOf(c.value, t)
		if !ok {
			return nil, wire.Invalid(at+"."+c.name, "must be a "+string(t))
		}
		spans = intersect(spans, c.cut(key))
	}
	if f.In != nil {
		keys := make([]string, 0, len(f.In))
		for _, value := range f.In {
			key, ok := keyOf(value, t)
			if !ok {
				return nil, wire.Invalid(at+".in", "must be of the type "+string(t))
			}
			keys = append(keys, key)
		}
		slices.Sort(keys)
		var some []Span
		for _, key := range slices.Compact(keys) {
			some = append(some, Span{field, key, key})
		}
		spans = intersect(spans, some)
	}
	if f.Near != nil {
		if t != rules.AttributeNumber {
			return nil, wire.Invalid(at+".near", "is for numbers")
		}
		spans = intersect(spans, []Span{{field, numberKey(f.Near.Value - f.Near.Within), numberKey(f.Near.Value + f.Near.Within)}})
	}
	return spans, nil
}

// below are the keys that are smaller than one; there are none below "".
func below(field, key string) []Span {
	if key == "" {
		return nil
	}
	return []Span{{field, "", predecessor(key)}}
}

// predecessor and successor return the neighbours of a key: no key lies in between. Keys have
// no control characters, so a neighbour can end with one.
func predecessor(key string) string {
	last := key[len(key)-1]
	if last == 0 {
		return key[:len(key)-1]
	}
	return key[:len(key)-1] + string([]byte{last - 1}) + lastKey
}

func successor(key string) string { return key + "\x01" }

// intersect returns the intersection of two lists of spans.
func intersect(a, b []Span) []Span {
	var both []Span
	for _, x := range a {
		for _, y := range b {
			m := Span{x.Field, max(x.From, y.From), min(x.To, y.To)}
			if m.From <= m.To {
				both = append(both, m)
			}
		}
	}
	return both
}
