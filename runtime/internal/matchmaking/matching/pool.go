package matching

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// pool finds the tickets that lie near another, without those that are taken.
type pool struct {
	q *Queue
	// key is the first rule that spans, which orders each bucket; nil for order of age alone.
	key     *Rule
	buckets map[string]*bucket
}

// bucket has the tickets that required Equality rules let meet, by number.
type bucket struct {
	values []float64
	// rows are the tickets with each value, oldest first; heads how many of them are
	// certainly taken.
	rows  [][]*entry
	heads []int
	// up and down lead from a value towards the next that has tickets left.
	up, down []int
}

func newPool(q *Queue, tickets []*entry) *pool {
	p := &pool{q: q, buckets: map[string]*bucket{}}
	for i := range q.Rules {
		if r := &q.Rules[i]; q.spans(r) {
			p.key = r
			break
		}
	}
	byBucket := map[string][]*entry{}
	for _, t := range tickets {
		name := p.bucketOf(t)
		byBucket[name] = append(byBucket[name], t)
	}
	for name, lot := range byBucket {
		p.buckets[name] = p.newBucket(lot)
	}
	return p
}

// newBucket sorts tickets into rows by their number, and each row by age.
func (p *pool) newBucket(lot []*entry) *bucket {
	b := &bucket{}
	slices.SortFunc(lot, func(x, y *entry) int {
		if c := cmp.Compare(p.number(x), p.number(y)); c != 0 {
			return c
		}
		return x.rank - y.rank
	})
	for from := 0; from < len(lot); {
		to, v := from, p.number(lot[from])
		for to < len(lot) && p.number(lot[to]) == v {
			lot[to].bucket = b
			to++
		}
		b.values = append(b.values, v)
		b.rows = append(b.rows, lot[from:to:to])
		from = to
	}
	n := len(b.values)
	b.heads, b.up, b.down = make([]int, n), make([]int, n+1), make([]int, n+1)
	for i := range n + 1 {
		b.up[i], b.down[i] = i, i
	}
	return b
}

// number is what tickets are ordered by: the first of those that spans compare.
func (p *pool) number(t *entry) float64 {
	if p.key == nil {
		return 0
	}
	return t.numbers[0]
}

// bucketOf names the bucket of a ticket.
func (p *pool) bucketOf(t *entry) string {
	name, some := "", false
	for i := range p.q.Rules {
		if r := &p.q.Rules[i]; r.Required && r.Type == Equality {
			if some {
				name += "\x00"
			}
			name, some = name+t.Texts[r.Attribute], true
		}
	}
	return name
}

func take(tickets []*entry) {
	for _, t := range tickets {
		t.taken = true
	}
}

// near calls visit for the tickets in the window of a ticket that has waited so
// long, the nearest first and among equally near ones the oldest, until visit says
// false.
func (p *pool) near(t *entry, waited time.Duration, visit func(*entry) bool) {
	b := t.bucket
	if b == nil { // a running match
		b = p.buckets[p.bucketOf(t)]
	}
	if b == nil {
		return
	}
	v, w := p.number(t), math.Inf(1)
	if p.key != nil {
		w = p.key.window(waited)
	}
	at, _ := slices.BinarySearch(b.values, v)
	right, left := b.rise(at), b.sink(at-1)
	for {
		dr, dl := math.Inf(1), math.Inf(1)
		if right < len(b.values) {
			dr = b.values[right] - v
		}
		if left >= 0 {
			dl = v - b.values[left]
		}
		near := min(dr, dl)
		if near > w || math.IsInf(near, 1) {
			return
		}
		var rows []int
		if dr == near {
			rows = append(rows, right)
		}
		if dl == near {
			rows = append(rows, left)
		}
		if !b.visit(rows, visit) {
			return
		}
		if dr == near {
			right = b.rise(right + 1)
		}
		if dl == near {
			left = b.sink(left - 1)
		}
	}
}

// visit goes through one row, or two that it merges by age, and afterwards shortens
// rows that are mostly taken.
func (b *bucket) visit(rows []int, visit func(*entry) bool) bool {
	var going bool
	if len(rows) == 1 {
		going = visitRow(b.row(rows[0]), visit)
	} else {
		going = visitBoth(b.row(rows[0]), b.row(rows[1]), visit)
	}
	for _, i := range rows {
		b.shorten(i)
	}
	return going
}

func (b *bucket) row(i int) []*entry { return b.rows[i][b.heads[i]:] }

// shorten drops the taken tickets of a row once most of those in its first part are,
// so that what cannot be matched does not keep the others waiting behind it.
func (b *bucket) shorten(i int) {
	const look = 64
	row, gone := b.row(i), 0
	for _, t := range row[:min(look, len(row))] {
		if t.taken {
			gone++
		}
	}
	if gone > look/2 {
		b.rows[i] = slices.DeleteFunc(slices.Clone(row), func(t *entry) bool { return t.taken })
		b.heads[i] = 0
	}
}

// live tells whether a value has tickets left, and forgets those at its head that
// are taken.
func (b *bucket) live(i int) bool {
	for b.heads[i] < len(b.rows[i]) && b.rows[i][b.heads[i]].taken {
		b.heads[i]++
	}
	return b.heads[i] < len(b.rows[i])
}

// rise is the first value from i upwards with tickets left; len(values) for none.
// What was found empty is skipped from then on (path halving).
func (b *bucket) rise(i int) int {
	for i < len(b.values) {
		if b.up[i] == i && b.live(i) {
			return i
		}
		if b.up[i] == i {
			b.up[i] = i + 1
		}
		b.up[i] = b.up[b.up[i]]
		i = b.up[i]
	}
	return i
}

// sink is rise downwards; -1 for none. down is shifted by one.
func (b *bucket) sink(i int) int {
	for i >= 0 {
		if b.down[i+1] == i+1 && b.live(i) {
			return i
		}
		if b.down[i+1] == i+1 {
			b.down[i+1] = i
		}
		b.down[i+1] = b.down[b.down[i+1]]
		i = b.down[i+1] - 1
	}
	return i
}

func visitRow(row []*entry, visit func(*entry) bool) bool {
	for _, t := range row {
		if !t.taken && !visit(t) {
			return false
		}
	}
	return true
}

// visitBoth merges two rows by age.
func visitBoth(a, b []*entry, visit func(*entry) bool) bool {
	for len(a) > 0 && len(b) > 0 {
		next := &a
		if b[0].rank < a[0].rank {
			next = &b
		}
		t := (*next)[0]
		*next = (*next)[1:]
		if !t.taken && !visit(t) {
			return false
		}
	}
	return visitRow(a, visit) && visitRow(b, visit)
}

// wish is how far a candidate is from what the rules that are not required ask of it
// beside an anchor: 0 for all that is wished, more for less, by weight.
func (q *Queue) wish(anchor, t *entry, waited time.Duration) float64 {
	total := 0.0
	for i := range q.Rules {
		r := &q.Rules[i]
		if r.Required {
			continue
		}
		w := r.window(waited)
		switch r.Type {
		case Distance:
			total += r.Weight * beyond(math.Abs(anchor.Numbers[r.Attribute]-t.Numbers[r.Attribute]), w)
		case Equality:
			if anchor.Texts[r.Attribute] != t.Texts[r.Attribute] {
				total += r.Weight
			}
		case SetOverlap:
			total += r.Weight * min(1, max(0, w-float64(common(anchor, t, r.Attribute)))/max(w, 1))
		case Latency:
			total += r.Weight * beyond(q.together(anchor, t), w)
		}
	}
	return total
}

// beyond is how far a distance is beyond a window: 0 within, towards 1 far out.
func beyond(distance, window float64) float64 {
	over := distance - window
	if over <= 0 {
		return 0
	}
	if math.IsInf(over, 1) {
		return 1
	}
	return over / (over + max(window, 1))
}

func common(a, b *entry, attribute string) int {
	n := 0
	for _, m := range a.Sets[attribute] {
		if slices.Contains(b.Sets[attribute], m) {
			n++
		}
	}
	return n
}

// together is the lowest latency that two tickets can both have to one region.
func (q *Queue) together(a, b *entry) float64 {
	best := math.Inf(1)
	for _, r := range q.Regions {
		x, ok := a.Latencies[r.Name]
		y, also := b.Latencies[r.Name]
		if ok && also {
			best = min(best, max(x, y))
		}
	}
	return best
}

// wishes tells whether there are rules that are not required.
func (q *Queue) wishes() bool {
	return slices.ContainsFunc(q.Rules, func(r Rule) bool { return !r.Required && r.Type != TeamBalance })
}

// byWish orders candidates by how well they suit an anchor and leaves the rest as it is.
func (q *Queue) byWish(anchor *entry, waited time.Duration, candidates []*entry) []*entry {
	type wished struct {
		t *entry
		v float64
	}
	all := make([]wished, len(candidates))
	for i, t := range candidates {
		all[i] = wished{t, q.wish(anchor, t, waited)}
	}
	slices.SortStableFunc(all, func(a, b wished) int { return cmp.Compare(a.v, b.v) })
	out := make([]*entry, len(all))
	for i, w := range all {
		out[i] = w.t
	}
	return out
}
