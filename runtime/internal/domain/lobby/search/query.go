package search

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/anteroom/anteroom/runtime/internal/domain/lobby/rules"
	"github.com/anteroom/anteroom/runtime/wire"
)

// defaultPageSize is the page size of a policy without one.
const defaultPageSize = 50

// Query is a parsed search.
type Query struct {
	LobbyType string
	// fields are the filtered ones; a lobby has to have a key in one of the spans of each.
	fields     map[string][]Span
	sort       string
	descending bool
	limit      int
	after      Mark
	// fingerprint distinguishes this query from other queries.
	fingerprint uint32
}

// ParseQuery parses a request. It returns a refusal that names the invalid field.
func ParseQuery(p rules.Policy, req *wire.LobbySearch) (Query, error) {
	q := Query{LobbyType: p.Type, fields: map[string][]Span{}, limit: cmp.Or(p.Search.MaxResults, defaultPageSize)}
	if req.Limit > 0 {
		q.limit = min(q.limit, req.Limit)
	}
	for _, field := range slices.Sorted(maps.Keys(req.Filter)) {
		t, ok := fieldType(p, field)
		if !ok {
			return q, wire.Invalid("filter."+field, "lobbies cannot be searched by this")
		}
		spans, err := spansOf(field, t, req.Filter[field])
		if err != nil {
			return q, err
		}
		q.fields[field] = spans
	}
	q.sort, q.descending = strings.CutPrefix(req.Sort, "-")
	if req.Sort == "" {
		q.sort, q.descending = "createdAt", true
	}
	if _, ok := fieldType(p, q.sort); !ok {
		return q, wire.Invalid("sort", "lobbies cannot be sorted by this")
	}
	q.fingerprint = fingerprintOf(p.Type, q.fields, q.sort, q.descending)
	return q, q.resume(req.Cursor)
}

// order compares two places in the order asked for.
func (q Query) order(a, b Mark) int {
	c := cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.ID, b.ID))
	if q.descending {
		return -c
	}
	return c
}
