package matching

import (
	"cmp"
	"math"
	"slices"
	"strings"
)

// pool finds the tickets near another ticket, without taken tickets.
type pool struct {
	q *Queue
	// key is the first rule that spans, which orders each bucket; nil for order by age.
	key *Rule
	// equal are the attributes that must be equal.
	equal   []string
	buckets map[string]*bucket
}

// bucket has the tickets that agree in all required Equality rules, ordered by number.
type bucket struct {
	// lot are the tickets by number, and for equal numbers by age.
	lot []*entry
	// gone says which tickets of lot are taken.
	gone []bool
	// values are the distinct numbers. The tickets with values[i] are in lot from heads[i]
	// to ends[i]; some taken tickets are outside.
	values      []float64
	heads, ends []int32
	// up and down lead from a value towards the next value with tickets left.
	up, down []int32
}

func newPool(q *Queue) *pool {
	p := &pool{q: q, buckets: map[string]*bucket{}}
	for i := range q.Rules {
		r := &q.Rules[i]
		if q.spans(r) && p.key == nil {
			p.key = r
		}
		if r.Required && r.Type == Equality {
			p.equal = append(p.equal, r.Attribute)
		}
	}
	return p
}

// bucket returns the bucket of a ticket.
func (p *pool) bucket(t *entry) *bucket {
	name := p.bucketOf(t)
	b := p.buckets[name]
	if b == nil {
		b = &bucket{}
		p.buckets[name] = b
	}
	return b
}

// fill adds tickets, which are sorted by age, to their buckets.
func (p *pool) fill(tickets []entry) {
	for i := range tickets {
		t := &tickets[i]
		t.bucket.lot = append(t.bucket.lot, t)
	}
	for _, b := range p.buckets {
		p.order(b)
	}
}

// order sorts a bucket.
func (p *pool) order(b *bucket) {
	type numbered struct {
		number float64
		rank   int
		t      *entry
	}
	all := make([]numbered, len(b.lot))
	for i, t := range b.lot {
		all[i] = numbered{p.number(t), t.rank, t}
	}
	slices.SortFunc(all, func(x, y numbered) int {
		if x.number != y.number {
			return cmp.Compare(x.number, y.number)
		}
		return x.rank - y.rank
	})
	b.gone = make([]bool, len(all))
	b.values, b.heads, b.ends = make([]float64, 0, len(all)), make([]int32, 0, len(all)), make([]int32, 0, len(all))
	for i, one := range all {
		b.lot[i], one.t.at = one.t, int32(i)
		if i == 0 || one.number != all[i-1].number {
			b.values, b.heads, b.ends = append(b.values, one.number), append(b.heads, int32(i)), append(b.ends, int32(i))
		}
		b.ends[len(b.ends)-1]++
	}
	n := len(b.values)
	b.up, b.down = make([]int32, n+1), make([]int32, n+1)
	for i := range b.up {
		b.up[i], b.down[i] = int32(i), int32(i)
	}
}

// number returns the number by which tickets are ordered: that of the first span.
func (p *pool) number(t *entry) float64 {
	if p.key == nil {
		return 0
	}
	return t.numbers[0]
}

// bucketOf returns the name of a ticket's bucket.
func (p *pool) bucketOf(t *entry) string {
	if len(p.equal) == 1 {
		return t.Texts[p.equal[0]]
	}
	var name strings.Builder
	for _, attribute := range p.equal {
		name.WriteString(t.Texts[attribute])
		name.WriteByte(0)
	}
	return name.String()
}

// take removes the tickets of a proposal, and the tickets that share a player with them.
func take(tickets []*entry) {
	for _, t := range tickets {
		t.bucket.gone[t.at] = true
		for _, other := range t.apart {
			other.bucket.gone[other.at] = true
		}
	}
}

// near calls visit for the tickets within the window of a ticket, until visit returns
// false. It visits the nearest first, and among equally near tickets the oldest.
func (p *pool) near(t *entry, visit func(*entry) bool) {
	b := t.bucket
	if b == nil {
		return // a running match for which no ticket of its bucket waits
	}
	v, w := p.number(t), math.Inf(1)
	if p.key != nil {
		w = p.key.window(t.waited)
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

// visit visits a row, or two rows merged by age, and then shortens rows that are mostly
// taken.
func (b *bucket) visit(rows []int, visit func(*entry) bool) bool {
	var going bool
	if len(rows) == 1 {
		going = b.visitRow(b.heads[rows[0]], b.ends[rows[0]], visit)
	} else {
		going = b.visitBoth(rows[0], rows[1], visit)
	}
	for _, i := range rows {
		b.shorten(i)
	}
	return going
}

// shorten drops the taken tickets of a row when most of its first tickets are taken.
// Otherwise each search would visit them again.
func (b *bucket) shorten(i int) {
	const look = 64
	head, end := b.heads[i], b.ends[i]
	gone := 0
	for _, taken := range b.gone[head:min(head+look, end)] {
		if taken {
			gone++
		}
	}
	if gone <= look/2 {
		return
	}
	left := head
	for at := head; at < end; at++ {
		if !b.gone[at] {
			b.swap(left, at)
			left++
		}
	}
	b.ends[i] = left
}

func (b *bucket) swap(i, j int32) {
	b.lot[i], b.lot[j] = b.lot[j], b.lot[i]
	b.gone[i], b.gone[j] = b.gone[j], b.gone[i]
	b.lot[i].at, b.lot[j].at = i, j
}

// live reports whether a value has tickets left, and skips taken tickets at its head.
func (b *bucket) live(i int) bool {
	for b.heads[i] < b.ends[i] && b.gone[b.heads[i]] {
		b.heads[i]++
	}
	return b.heads[i] < b.ends[i]
}

// rise returns the first value from an index upwards with tickets left; len(values) for
// none. Later calls skip values that were found empty (path halving).
func (b *bucket) rise(from int) int {
	i, end := int32(from), int32(len(b.values))
	for i < end {
		if b.up[i] == i && b.live(int(i)) {
			break
		}
		if b.up[i] == i {
			b.up[i] = i + 1
		}
		b.up[i] = b.up[b.up[i]]
		i = b.up[i]
	}
	return int(i)
}

// sink is rise downwards; -1 for none. Indexes of down are shifted by one.
func (b *bucket) sink(from int) int {
	i := int32(from)
	for i >= 0 {
		if b.down[i+1] == i+1 && b.live(int(i)) {
			break
		}
		if b.down[i+1] == i+1 {
			b.down[i+1] = i
		}
		b.down[i+1] = b.down[b.down[i+1]]
		i = b.down[i+1] - 1
	}
	return int(i)
}

func (b *bucket) visitRow(from, to int32, visit func(*entry) bool) bool {
	for i := from; i < to; i++ {
		if !b.gone[i] && !visit(b.lot[i]) {
			return false
		}
	}
	return true
}

// visitBoth visits two rows merged by age.
func (b *bucket) visitBoth(one, other int, visit func(*entry) bool) bool {
	i, j := b.heads[one], b.heads[other]
	for i < b.ends[one] && j < b.ends[other] {
		next := &i
		if b.lot[j].rank < b.lot[i].rank {
			next = &j
		}
		at := *next
		*next++
		if !b.gone[at] && !visit(b.lot[at]) {
			return false
		}
	}
	return b.visitRow(i, b.ends[one], visit) && b.visitRow(j, b.ends[other], visit)
}

// wish returns how far a candidate is from fulfilling the optional rules together with an
// anchor: 0 when all hold, higher by weight when not.
func (q *Queue) wish(anchor, t *entry) float64 {
	total := 0.0
	for i := range q.Rules {
		r := &q.Rules[i]
		if r.Required {
			continue
		}
		w := r.window(anchor.waited)
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

// beyond returns how far a distance exceeds a window: 0 within, approaching 1 far outside.
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

// together returns the lowest latency that both tickets can have to a common region.
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

// wishes reports whether the queue has optional rules that order candidates.
func (q *Queue) wishes() bool {
	return slices.ContainsFunc(q.Rules, func(r Rule) bool { return !r.Required && r.Type != TeamBalance })
}

// byWish orders candidates by wish; the sort is stable.
func (q *Queue) byWish(anchor *entry, candidates []*entry) []*entry {
	type wished struct {
		t *entry
		v float64
	}
	all := make([]wished, len(candidates))
	for i, t := range candidates {
		all[i] = wished{t, q.wish(anchor, t)}
	}
	slices.SortStableFunc(all, func(a, b wished) int { return cmp.Compare(a.v, b.v) })
	out := make([]*entry, len(all))
	for i, w := range all {
		out[i] = w.t
	}
	return out
}
