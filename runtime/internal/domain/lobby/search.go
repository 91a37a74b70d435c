package lobby

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/anteroom/anteroom/runtime/wire"
)

const (
	// keyBytes is as much of a text as is compared.
	keyBytes = 128
	// scanAll is up to how many candidates are looked at whole; with more, the order asked
	// for is walked, unless that promises to be longer. One search looks at scanMost
	// lobbies, scanAtOnce in one step of the index, which nothing else can interrupt.
	scanAll    = 500
	scanAtOnce = 1000
	scanMost   = 2000
	// defaultResults are on a page where the policy says nothing.
	defaultResults = 50
	// attributeField begins the names of fields that are attributes.
	attributeField = "attributes."
	lastKey        = "\xff"
)

// builtin are the fields that every lobby has, and what they are.
var builtin = map[string]AttributeType{
	"name": AttributeString, "status": AttributeString, "hasPassword": AttributeBoolean,
	"players": AttributeNumber, "free": AttributeNumber, "maxMembers": AttributeNumber, "createdAt": AttributeNumber,
}

// searchable is what a field is; false when it cannot be searched.
func (p Policy) searchable(field string) (AttributeType, bool) {
	if t, ok := builtin[field]; ok {
		return t, true
	}
	key, ok := strings.CutPrefix(field, attributeField)
	for _, r := range p.Attributes {
		if ok && r.Key == key && r.found() {
			return r.Type, true
		}
	}
	return "", false
}

// found tells whether an attribute is in the index: a lobby's own that anyone may see.
func (r AttributeRule) found() bool {
	return r.Searchable && r.Visibility == AudiencePublic && r.scope() == ofLobby
}

// keys are the lobby's fields as the index has them.
func (l Lobby) keys() map[string]string {
	players := l.Players()
	keys := map[string]string{
		"name": textKey(l.Name), "status": textKey(string(l.Status)), "hasPassword": boolKey(l.PasswordHash != ""),
		"players": numberKey(float64(players)), "free": numberKey(float64(l.MaxMembers - players)),
		"maxMembers": numberKey(float64(l.MaxMembers)), "createdAt": numberKey(float64(l.CreatedAt)),
	}
	for _, r := range l.Policy.Attributes {
		value, set := l.Attributes[r.Key]
		if !set || !r.found() {
			continue
		}
		if key, ok := keyOf(value, r.Type); ok {
			keys[attributeField+r.Key] = key
		}
	}
	return keys
}

// keyOf gives a value in a form that sorts as the values do.
func keyOf(value any, t AttributeType) (string, bool) {
	switch v := value.(type) {
	case string:
		return textKey(v), t == AttributeString
	case bool:
		return boolKey(v), t == AttributeBoolean
	case float64:
		return numberKey(v), t == AttributeNumber
	}
	return "", false
}

func boolKey(v bool) string {
	if v {
		return "1"
	}
	return "0"
}

// numberKey is the number's bits, turned so that their order is that of the numbers.
func numberKey(v float64) string {
	if v == 0 {
		v = 0 // there is a negative one
	}
	bits := math.Float64bits(v)
	if bits>>63 == 1 {
		bits = ^bits
	} else {
		bits |= 1 << 63
	}
	return fmt.Sprintf("%016x", bits)
}

// textKey has no control characters, which the index uses for itself.
func textKey(v string) string {
	v = strings.Map(func(r rune) rune {
		if r < ' ' {
			return ' '
		}
		return r
	}, v)
	return v[:min(len(v), keyBytes)]
}

// query is a search that was understood.
type query struct {
	lobbyType string
	// fields are the filtered ones; a lobby has to have a key in one of the spans of each.
	fields     map[string][]Span
	sort       string
	descending bool
	limit      int
	after      Mark
	// print tells this query from others.
	print uint32
}

// understand turns a request into a query, or says what is wrong with it.
func (p Policy) understand(req *wire.LobbySearch) (query, error) {
	q := query{lobbyType: p.Type, fields: map[string][]Span{}, limit: cmp.Or(p.Search.MaxResults, defaultResults)}
	if req.Limit > 0 {
		q.limit = min(q.limit, req.Limit)
	}
	for _, field := range slices.Sorted(maps.Keys(req.Filter)) {
		t, ok := p.searchable(field)
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
	if _, ok := p.searchable(q.sort); !ok {
		return q, wire.Invalid("sort", "lobbies cannot be sorted by this")
	}
	q.print = printOf(p.Type, q.fields, q.sort, q.descending)
	return q, q.resume(req.Cursor)
}

// spansOf gives the spans of keys that a filter is true of, in order.
func spansOf(field string, t AttributeType, f wire.LobbyFilter) ([]Span, error) {
	at := "filter." + field
	spans := []Span{{Field: field, To: lastKey}}
	for _, c := range []struct {
		name  string
		value any
		cut   func(key string) []Span
	}{
		{"eq", f.Eq, func(k string) []Span { return []Span{{field, k, k}} }},
		{"ne", f.Ne, func(k string) []Span { return append(below(field, k), Span{field, beyond(k), lastKey}) }},
		{"lt", f.Lt, func(k string) []Span { return below(field, k) }},
		{"lte", f.Lte, func(k string) []Span { return []Span{{field, "", k}} }},
		{"gt", f.Gt, func(k string) []Span { return []Span{{field, beyond(k), lastKey}} }},
		{"gte", f.Gte, func(k string) []Span { return []Span{{field, k, lastKey}} }},
	} {
		if c.value == nil {
			continue
		}
		key, ok := keyOf(c.value, t)
		if !ok {
			return nil, wire.Invalid(at+"."+c.name, "must be a "+string(t))
		}
		spans = meet(spans, c.cut(key))
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
		spans = meet(spans, some)
	}
	if f.Near != nil {
		if t != AttributeNumber {
			return nil, wire.Invalid(at+".near", "is for numbers")
		}
		spans = meet(spans, []Span{{field, numberKey(f.Near.Value - f.Near.Within), numberKey(f.Near.Value + f.Near.Within)}})
	}
	return spans, nil
}

// below are the keys that are smaller than one; there are none below "".
func below(field, key string) []Span {
	if key == "" {
		return nil
	}
	return []Span{{field, "", before(key)}}
}

// before and beyond are next to a key: no key lies in between. Keys have no control
// characters, so that the last of those that are smaller ends with one.
func before(key string) string {
	last := key[len(key)-1]
	if last == 0 {
		return key[:len(key)-1]
	}
	return key[:len(key)-1] + string([]byte{last - 1}) + lastKey
}

func beyond(key string) string { return key + "\x01" }

// meet gives what is in both lists of spans.
func meet(a, b []Span) []Span {
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

// order compares two places in the order asked for.
func (q query) order(a, b Mark) int {
	c := cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.ID, b.ID))
	if q.descending {
		return -c
	}
	return c
}

func printOf(parts ...any) uint32 {
	h := fnv.New32a()
	_, _ = fmt.Fprint(h, parts...)
	return h.Sum32()
}

type cursor struct {
	Print uint32 `json:"p"`
	Key   []byte `json:"k"`
	ID    string `json:"i"`
}

func (q query) cursor(m Mark) string {
	data, err := json.Marshal(cursor{q.print, []byte(m.Key), m.ID})
	if err != nil {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(data)
}

func (q *query) resume(text string) error {
	if text == "" {
		return nil
	}
	var c cursor
	data, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || json.Unmarshal(data, &c) != nil || c.Print != q.print || c.ID == "" {
		return wire.Invalid("cursor", "this cursor is not of this search")
	}
	q.after = Mark{Key: string(c.Key), ID: c.ID}
	return nil
}

// Search finds public lobbies of a type. It reads at most scanMost entries, so that a
// page may be short while there is a cursor to go on with.
func (s *Service) Search(ctx context.Context, req *wire.LobbySearch) (wire.LobbyFound, error) {
	p, err := s.searched(req.Type)
	if err != nil {
		return wire.LobbyFound{}, err
	}
	q, err := p.understand(req)
	if err != nil {
		return wire.LobbyFound{}, err
	}
	places, next, err := s.scan(ctx, q)
	if err != nil {
		return wire.LobbyFound{}, err
	}
	ids := make([]string, len(places))
	for i, at := range places {
		ids[i] = at.ID
	}
	cards, err := s.Index.Cards(ctx, q.lobbyType, ids)
	if err != nil {
		return wire.LobbyFound{}, err
	}
	found, err := s.truly(ctx, q.lobbyType, cards)
	return wire.LobbyFound{Lobbies: found, Cursor: next}, err
}

// searched is the policy of a type that can be searched.
func (s *Service) searched(lobbyType string) (Policy, error) {
	p, ok := s.Policies.Policy(lobbyType)
	switch {
	case !ok:
		return p, wire.Invalid("type", "there is no such type of lobby")
	case s.Index == nil:
		return p, errNoIndex
	case !p.Search.Enabled:
		return p, wire.Refuse(wire.CodePermissionDenied, "the policy does not allow searching")
	}
	return p, nil
}

// scan gives the lobbies of a page and the cursor of the next one: from the filter
// that leaves the fewest lobbies, or, where that are many, along the order asked for.
func (s *Service) scan(ctx context.Context, q query) ([]Mark, string, error) {
	plan, err := s.plan(ctx, q)
	if err != nil {
		return nil, "", err
	}
	if !plan.whole {
		return s.scanOrder(ctx, q, plan)
	}
	var found []Mark
	for _, span := range q.fields[plan.fields[0]] {
		w := Walk{Span: span, Where: q.where(plan.fields[1:]), By: q.sort, Read: scanAtOnce, Limit: scanAtOnce}
		for over := false; !over; {
			walked, err := s.Index.Walk(ctx, q.lobbyType, w)
			if err != nil {
				return nil, "", err
			}
			for _, at := range walked.Found {
				if q.after.ID == "" || q.order(at, q.after) > 0 {
					found = append(found, at)
				}
			}
			over, w.Mark = walked.Over || walked.Read == 0, walked.End
		}
	}
	slices.SortFunc(found, q.order)
	if len(found) <= q.limit {
		return found, "", nil
	}
	found = found[:q.limit]
	return found, q.cursor(found[q.limit-1]), nil
}

// where has the spans of some of the fields.
func (q query) where(fields []string) [][]Span {
	all := make([][]Span, 0, len(fields))
	for _, field := range fields {
		all = append(all, q.fields[field])
	}
	return all
}

// plan is how a search goes about: the filtered fields, that with the fewest lobbies
// first, and whether these are looked at whole.
type plan struct {
	fields []string
	whole  bool
}

func (s *Service) plan(ctx context.Context, q query) (plan, error) {
	p := plan{fields: slices.Sorted(maps.Keys(q.fields))}
	if len(p.fields) == 0 {
		return p, nil
	}
	spans := []Span{{Field: q.sort, To: lastKey}}
	for _, field := range p.fields {
		spans = append(spans, q.fields[field]...)
	}
	counts, err := s.Index.Count(ctx, q.lobbyType, spans)
	if err != nil {
		return p, err
	}
	sums := map[string]int{}
	for i, span := range spans[1:] {
		sums[span.Field] += counts[i+1]
	}
	slices.SortStableFunc(p.fields, func(a, b string) int { return cmp.Compare(sums[a], sums[b]) })
	fewest := sums[p.fields[0]]
	p.whole = fewest <= scanAll || fewest <= scanMost && float64(fewest) < q.promised(counts[0], sums)
	return p, nil
}

// promised is how many of the lobbies would be walked along the order to fill a page, if
// the filters have nothing to do with each other.
func (q query) promised(all int, matching map[string]int) float64 {
	n := float64(q.limit)
	for field := range q.fields {
		n *= float64(max(all, 1)) / float64(max(matching[field], 1))
	}
	return n
}

func (s *Service) scanOrder(ctx context.Context, q query, p plan) ([]Mark, string, error) {
	spans, filtered := q.fields[q.sort]
	if !filtered {
		spans = []Span{{Field: q.sort, To: lastKey}}
	}
	if q.descending {
		spans = slices.Clone(spans)
		slices.Reverse(spans)
	}
	w := Walk{
		Descending: q.descending, Mark: q.after, By: q.sort,
		Where: q.where(slices.DeleteFunc(p.fields, func(field string) bool { return field == q.sort })),
	}
	var found []Mark
	read := 0
	for _, span := range spans {
		if w.Mark.ID != "" && q.passed(span, w.Mark) {
			continue
		}
		w.Span = span
		for over := false; !over; {
			w.Read, w.Limit = min(scanAtOnce, scanMost-read), q.limit-len(found)
			walked, err := s.Index.Walk(ctx, q.lobbyType, w)
			if err != nil {
				return nil, "", err
			}
			found = append(found, walked.Found...)
			if walked.Read > 0 {
				w.Mark = walked.End
			}
			read, over = read+walked.Read, walked.Over || walked.Read == 0
			if len(found) == q.limit || read >= scanMost {
				return found, q.cursor(w.Mark), nil
			}
		}
	}
	return found, "", nil
}

// passed tells whether a place is beyond a span.
func (q query) passed(span Span, at Mark) bool {
	if q.descending {
		return at.Key < span.From
	}
	return at.Key > span.To
}
