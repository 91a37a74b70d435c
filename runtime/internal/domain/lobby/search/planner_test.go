package search

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/anteroom/anteroom/runtime/wire"
)

// counts is an index in which each field has a number of lobbies.
type counts struct {
	Index
	fields map[string]int
}

func (c counts) Count(_ context.Context, _ string, spans []Span) ([]int, error) {
	if c.fields == nil {
		return nil, errors.New("the store is down")
	}
	all := make([]int, len(spans))
	for i, s := range spans {
		all[i] = c.fields[s.Field]
	}
	return all, nil
}

func TestPlans(t *testing.T) {
	one := []Span{{Field: "a", To: lastKey}}
	two := []Span{{Field: "b", From: "1", To: "1"}, {Field: "b", From: "2", To: "2"}}
	for name, tc := range map[string]struct {
		filters map[string][]Span
		counts  map[string]int
		limit   int
		fields  []string
		whole   bool
	}{
		"no filter":                    {nil, nil, 10, nil, false},
		"few candidates":               {map[string][]Span{"a": one}, map[string]int{"s": 9000, "a": readAllBelow}, 10, []string{"a"}, true},
		"one too many, common":         {map[string][]Span{"a": one}, map[string]int{"s": 900, "a": readAllBelow + 1}, 10, []string{"a"}, false},
		"many, but rare in the order":  {map[string][]Span{"a": one}, map[string]int{"s": 100_000, "a": readAllBelow + 1}, 10, []string{"a"}, true},
		"as many as a search reads":    {map[string][]Span{"a": one}, map[string]int{"s": 1_000_000, "a": readBudget}, 10, []string{"a"}, true},
		"more than a search reads":     {map[string][]Span{"a": one}, map[string]int{"s": 1_000_000, "a": readBudget + 1}, 10, []string{"a"}, false},
		"the rarest field first":       {map[string][]Span{"a": one, "b": two}, map[string]int{"s": 900, "a": 50, "b": 20}, 10, []string{"b", "a"}, true},
		"the spans of a field add up":  {map[string][]Span{"a": one, "b": two}, map[string]int{"s": 900, "a": 50, "b": 30}, 10, []string{"a", "b"}, true},
		"no candidate":                 {map[string][]Span{"a": one}, map[string]int{"s": 900}, 10, []string{"a"}, true},
		"two filters, rarely together": {map[string][]Span{"a": one, "b": two}, map[string]int{"s": 10_000, "a": 1000, "b": 600}, 10, []string{"a", "b"}, false},
		"two filters, more on a page":  {map[string][]Span{"a": one, "b": two}, map[string]int{"s": 10_000, "a": 1000, "b": 600}, 50, []string{"a", "b"}, true},
	} {
		q := Query{fields: tc.filters, sort: "s", limit: tc.limit}
		if tc.counts == nil {
			tc.counts = map[string]int{}
		}
		p, err := makePlan(t.Context(), counts{fields: tc.counts}, q)
		if d := cmp.Diff(tc.fields, p.fields); err != nil || d != "" || p.readAll != tc.whole {
			t.Errorf("%s: got %v, %v, want whole %v (-want +got):\n%s", name, p, err, tc.whole, d)
		}
	}
	if _, err := makePlan(t.Context(), counts{}, Query{fields: map[string][]Span{"a": one}}); err == nil {
		t.Error("got no error, want the error of the index")
	}
}

// The order of a page is by key, then by id, and turns around as a whole.
func TestOrder(t *testing.T) {
	for _, tc := range []struct {
		a, b Mark
		want int
	}{
		{Mark{"k", "1"}, Mark{"l", "0"}, -1}, {Mark{"k", "1"}, Mark{"k", "2"}, -1}, {Mark{"k", "1"}, Mark{"k", "1"}, 0}, {Mark{"l", "0"}, Mark{"k", "9"}, 1},
	} {
		if got := (Query{}).order(tc.a, tc.b); got != tc.want {
			t.Errorf("%v and %v: got %d, want %d", tc.a, tc.b, got, tc.want)
		}
		if got := (Query{descending: true}).order(tc.a, tc.b); got != -tc.want {
			t.Errorf("%v and %v, descending: got %d, want %d", tc.a, tc.b, got, -tc.want)
		}
	}
}

// A walk skips the spans that its mark has passed.
func TestPassedSpans(t *testing.T) {
	span := Span{"f", "c", "e"}
	for _, tc := range []struct {
		key        string
		descending bool
		want       bool
	}{{"b", false, false}, {"c", false, false}, {"e", false, false}, {"f", false, true}, {"f", true, false}, {"e", true, false}, {"c", true, false}, {"b", true, true}} {
		if got := (Query{descending: tc.descending}).passed(span, Mark{Key: tc.key}); got != tc.want {
			t.Errorf("%s, descending %v: got %v, want %v", tc.key, tc.descending, got, tc.want)
		}
	}
}

func TestCursorsBelongToTheirQuery(t *testing.T) {
	q := Query{fingerprint: fingerprintOf("duel", "name")}
	text := q.cursor(Mark{Key: "\x00k", ID: "lobby"})
	same := q
	if err := same.resume(text); err != nil || same.after != (Mark{Key: "\x00k", ID: "lobby"}) {
		t.Errorf("got %+v, %v, want the mark of the cursor", same.after, err)
	}
	other := Query{fingerprint: fingerprintOf("duel", "players")}
	if err := other.resume(text); wire.CodeOf(err) != wire.CodeInvalidArgument {
		t.Errorf("cursor of another query: got %v, want invalid_argument", err)
	}
	for _, bad := range []string{"?", "e30", q.cursor(Mark{Key: "k"})} {
		if err := q.resume(bad); wire.CodeOf(err) != wire.CodeInvalidArgument {
			t.Errorf("%q: got %v, want invalid_argument", bad, err)
		}
	}
	if err := q.resume(""); err != nil || q.after != (Mark{}) {
		t.Errorf("no cursor: got %+v, %v, want the beginning", q.after, err)
	}
}
