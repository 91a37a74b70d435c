package search

import (
	"cmp"
	"context"
	"maps"
	"slices"
)

// The bounds of a search.
const (
	// smallSet is the number of candidates up to which a search reads all of them.
	readAllBelow = 500
	// stepSize is the number of lobbies in one step of the index, which blocks the store.
	stepSize = 1000
	// readBudget is the number of lobbies that one search reads.
	readBudget = 2000
)

// conditions returns the spans of some fields.
func (q Query) conditions(fields []string) [][]Span {
	all := make([][]Span, 0, len(fields))
	for _, field := range fields {
		all = append(all, q.fields[field])
	}
	return all
}

// plan is the strategy of a search: the filtered fields, the field with the fewest lobbies
// first. readAll says that the search reads all candidates of the first field.
type plan struct {
	fields  []string
	readAll bool
}

func makePlan(ctx context.Context, index Index, q Query) (plan, error) {
	p := plan{fields: slices.Sorted(maps.Keys(q.fields))}
	if len(p.fields) == 0 {
		return p, nil
	}
	spans := []Span{{Field: q.sort, To: lastKey}}
	for _, field := range p.fields {
		spans = append(spans, q.fields[field]...)
	}
	counts, err := index.Count(ctx, q.LobbyType, spans)
	if err != nil {
		return p, err
	}
	sums := map[string]int{}
	for i, span := range spans[1:] {
		sums[span.Field] += counts[i+1]
	}
	slices.SortStableFunc(p.fields, func(a, b string) int { return cmp.Compare(sums[a], sums[b]) })
	fewest := sums[p.fields[0]]
	p.readAll = fewest <= readAllBelow || fewest <= readBudget && float64(fewest) < q.expectedReads(counts[0], sums)
	return p, nil
}

// expectedReads estimates how many lobbies a walk in the requested order reads to fill a page.
// It assumes that the filters are independent.
func (q Query) expectedReads(all int, matching map[string]int) float64 {
	n := float64(q.limit)
	for field := range q.fields {
		n *= float64(max(all, 1)) / float64(max(matching[field], 1))
	}
	return n
}
