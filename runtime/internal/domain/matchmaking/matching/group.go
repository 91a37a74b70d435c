package matching

import (
	"math"
	"slices"
	"time"
)

// entry is a ticket in a run of the matcher.
type entry struct {
	*Ticket
	// size and waited are the ticket's size and wait.
	size   int
	waited time.Duration
	// numbers are the numbers that the spans of a group compare, in the spans' order.
	numbers []float64
	// rank is the ticket's index among all tickets, the oldest first.
	rank int
	// apart are the waiting tickets that share a player with this ticket.
	apart []*entry
	// bucket is the ticket's bucket in the pool, and at its index there.
	bucket *bucket
	at     int32
}

// taken reports whether the ticket, or a ticket with a common player, is in a proposal.
func (t *entry) taken() bool { return t.bucket.gone[t.at] }

// entries makes the entries of tickets, without ranks and buckets.
func (q *Queue) entries(tickets []Ticket, now time.Time) []entry {
	var compared []string
	for i := range q.Rules {
		if r := &q.Rules[i]; q.spans(r) {
			compared = append(compared, r.Attribute)
		}
	}
	all := make([]entry, len(tickets))
	numbers := make([]float64, 0, len(compared)*len(tickets))
	for i := range tickets {
		t := &tickets[i]
		for _, attribute := range compared {
			numbers = append(numbers, t.Numbers[attribute])
		}
		all[i] = entry{
			Ticket: t, size: t.Size, waited: now.Sub(t.EnqueuedAt), numbers: numbers[len(numbers)-len(compared):],
		}
	}
	return all
}

// spans reports whether a rule compares numbers within a group. Where each team is one
// player, a team's average is that player's number, so TeamBalance does too.
func (q *Queue) spans(r *Rule) bool {
	return r.Required && (r.Type == Distance || r.Type == TeamBalance && q.ofOnes())
}

// group is a match while it grows. For each required rule it keeps the values with which
// the next ticket is compared, so that the cost of a comparison does not depend on the
// group's size.
type group struct {
	q       *Queue
	members []*entry
	sides   []side
	ranges  []span
	shared  []overlap
	// latency is the highest latency by region; limit the lowest limit among all tickets.
	latency []float64
	limit   float64
	region  string
}

// span is the state of a Distance rule for a group: the range of the numbers in it, and the
// range of numbers that all its tickets accept.
type span struct {
	rule           *Rule
	least, most    float64
	accept, refuse float64
}

// overlap is the state of a SetOverlap rule for a group.
type overlap struct {
	rule   *Rule
	common []string
	need   float64
	any    bool
}

// side is a team while it fills.
type side struct {
	free, has int
	tickets   []*entry
}

func newGroup(q *Queue) *group {
	g := &group{q: q, sides: make([]side, len(q.Teams))}
	for i := range q.Rules {
		r := &q.Rules[i]
		switch {
		case q.spans(r):
			g.ranges = append(g.ranges, span{rule: r})
		case r.Required && r.Type == SetOverlap:
			g.shared = append(g.shared, overlap{rule: r})
		}
	}
	if len(q.Regions) > 0 {
		g.latency = make([]float64, len(q.Regions))
	}
	g.reset()
	return g
}

// reset empties the group for its next use.
func (g *group) reset() {
	g.members, g.limit, g.region = g.members[:0], math.Inf(1), ""
	for i, t := range g.q.Teams {
		g.sides[i] = side{free: t.Max, tickets: g.sides[i].tickets[:0]}
	}
	for i := range g.ranges {
		g.ranges[i] = span{
			rule: g.ranges[i].rule, least: math.Inf(1), most: math.Inf(-1), accept: math.Inf(-1), refuse: math.Inf(1),
		}
	}
	for i := range g.shared {
		g.shared[i] = overlap{rule: g.shared[i].rule}
	}
	clear(g.latency)
}

// add adds a ticket if it fits and a team has room; otherwise it returns false and changes
// nothing.
func (g *group) add(t *entry) bool {
	at := g.roomiest(t.size)
	if at < 0 || !g.fits(t) {
		return false
	}
	g.judge(t)
	g.members = append(g.members, t)
	s := &g.sides[at]
	s.tickets, s.free, s.has = append(s.tickets, t), s.free-t.size, s.has+t.size
	return true
}

// roomiest returns the team with the fewest players that has size free places; -1 for none.
func (g *group) roomiest(size int) int {
	best := -1
	for i := range g.sides {
		if g.sides[i].free >= size && (best < 0 || g.sides[i].has < g.sides[best].has) {
			best = i
		}
	}
	return best
}

func (g *group) fits(t *entry) bool {
	if !g.q.MixSizes && len(g.members) > 0 && g.members[0].size != t.size {
		return false
	}
	for _, other := range t.apart {
		if slices.Contains(g.members, other) {
			return false
		}
	}
	for i := range g.ranges {
		if !g.ranges[i].fits(t.numbers[i], t.waited) {
			return false
		}
	}
	for i := range g.shared {
		if !g.shared[i].fits(t) {
			return false
		}
	}
	return g.latency == nil || g.reachable(t)
}

func (s *span) fits(v float64, waited time.Duration) bool {
	w := s.rule.window(waited)
	return v >= s.accept && v <= s.refuse && s.most-v <= w && v-s.least <= w
}

func (o *overlap) fits(t *entry) bool {
	need := max(o.need, o.rule.window(t.waited))
	set := t.Sets[o.rule.Attribute]
	if !o.any {
		return float64(len(set)) >= need
	}
	n := 0
	for _, member := range o.common {
		if slices.Contains(set, member) {
			n++
		}
	}
	return float64(n) >= need
}

// reachable reports whether a region is possible for the group with one more ticket.
func (g *group) reachable(t *entry) bool {
	limit := min(g.limit, g.latencyLimit(t))
	for i, r := range g.q.Regions {
		if worst, ok := g.worst(i, r, t); ok && worst <= min(limit, r.MaxLatency) {
			return true
		}
	}
	return false
}

// worst returns the highest latency to a region in the group with one more ticket; false
// when the match may not run there.
func (g *group) worst(i int, r Region, t *entry) (float64, bool) {
	own, known := t.Latencies[r.Name]
	return max(g.latency[i], own), known && (g.region == "" || g.region == r.Name)
}

// latencyLimit returns the lowest limit of the required Latency rules for a ticket.
func (g *group) latencyLimit(t *entry) float64 {
	limit := math.Inf(1)
	for i := range g.q.Rules {
		if r := &g.q.Rules[i]; r.Required && r.Type == Latency {
			limit = min(limit, r.window(t.waited))
		}
	}
	return limit
}

// judge adds a ticket to the values with which further tickets are compared.
func (g *group) judge(t *entry) {
	for i := range g.ranges {
		s := &g.ranges[i]
		v, w := t.numbers[i], s.rule.window(t.waited)
		s.least, s.most = min(s.least, v), max(s.most, v)
		s.accept, s.refuse = max(s.accept, v-w), min(s.refuse, v+w)
	}
	for i := range g.shared {
		o := &g.shared[i]
		set := t.Sets[o.rule.Attribute]
		if o.any {
			set = slices.DeleteFunc(slices.Clone(o.common), func(m string) bool { return !slices.Contains(set, m) })
		}
		o.common, o.any, o.need = set, true, max(o.need, o.rule.window(t.waited))
	}
	if g.latency == nil {
		return
	}
	g.limit = min(g.limit, g.latencyLimit(t))
	for i, r := range g.q.Regions {
		own, known := t.Latencies[r.Name]
		if !known && len(t.Latencies) > 0 {
			own = math.Inf(1)
		}
		g.latency[i] = max(g.latency[i], own)
	}
}

// full reports whether no team has a free place.
func (g *group) full() bool {
	return !slices.ContainsFunc(g.sides, func(s side) bool { return s.free > 0 })
}

// enough reports whether every team has its min players.
func (g *group) enough() bool {
	for i, t := range g.q.Teams {
		if g.sides[i].has < t.Min {
			return false
		}
	}
	return true
}

// bestRegion returns the allowed region with the lowest highest latency; "" without
// regions.
func (g *group) bestRegion() string {
	best, lowest := "", math.Inf(1)
	for i, r := range g.q.Regions {
		if (g.region == "" || g.region == r.Name) && g.latency[i] <= min(g.limit, r.MaxLatency) && g.latency[i] < lowest {
			best, lowest = r.Name, g.latency[i]
		}
	}
	return best
}

func (g *group) spread() float64 {
	if len(g.ranges) == 0 || len(g.members) == 0 {
		return 0
	}
	return g.ranges[0].most - g.ranges[0].least
}

// proposal returns the group as a proposal.
func (g *group) proposal() Candidate {
	p := Candidate{Region: g.bestRegion(), Spread: g.spread(), Teams: make([]Side, 0, len(g.sides))}
	for i, s := range g.sides {
		ids := make([]string, len(s.tickets))
		for j, t := range s.tickets {
			ids[j] = t.ID
		}
		slices.Sort(ids)
		p.Teams = append(p.Teams, Side{Name: g.q.Teams[i].Name, Tickets: ids})
	}
	return p
}
