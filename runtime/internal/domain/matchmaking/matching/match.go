package matching

import (
	"cmp"
	"math"
	"slices"
	"time"
)

const (
	// looksPerTicket and looksAtLeast bound the tickets that all searches of a run visit
	// together. After that, a search visits looksEach tickets and tries a single order of
	// candidates.
	looksPerTicket = 16
	looksAtLeast   = 1 << 18
	looksEach      = 32
	// choice is the number of fitting candidates that a search collects for a choice, in
	// multiples of a match's places.
	choice = 4
	// minPlaces is the number of places of the smallest match.
	minPlaces = 2
)

// Match proposes matches of the waiting tickets, and fills running matches. No ticket is in
// two proposals, and the proposals never contain two tickets that share a player. A ticket
// whose size fits no team is in none.
func Match(tickets []Ticket, running []Backfill, q Queue, now time.Time) []Candidate {
	m := newMatcher(tickets, &q, now)
	if q.NewFirst {
		m.matches()
		m.fill(running)
	} else {
		m.fill(running)
		m.matches()
	}
	return m.proposals
}

type matcher struct {
	q       *Queue
	now     time.Time
	tickets []entry
	pool    *pool
	// growing is the group in use; a run has only one.
	growing *group
	looks   int
	places  int
	// mixed says that tickets of several sizes may meet, so that their order matters.
	mixed     bool
	proposals []Candidate
}

func newMatcher(tickets []Ticket, q *Queue, now time.Time) *matcher {
	m := &matcher{q: q, now: now, pool: newPool(q), growing: newGroup(q)}
	all := q.entries(tickets, now)
	for i := range all {
		all[i].bucket = m.pool.bucket(&all[i])
	}
	m.tickets = byAge(all)
	m.pool.fill(m.tickets)
	separate(m.tickets)
	m.mixed = q.MixSizes && slices.ContainsFunc(tickets, func(t Ticket) bool { return t.Size != tickets[0].Size })
	m.looks = looksPerTicket*len(tickets) + looksAtLeast
	for _, t := range q.Teams {
		m.places += t.Max
	}
	m.proposals = make([]Candidate, 0, len(tickets)/max(m.places, 1))
	return m
}

// separate resolves the ids of tickets that share a player.
func separate(tickets []entry) {
	var byID map[string]*entry
	for i := range tickets {
		if t := &tickets[i]; len(t.Apart) > 0 {
			if byID == nil {
				byID = map[string]*entry{}
			}
			byID[t.ID] = t
		}
	}
	for _, t := range byID {
		for _, id := range t.Apart {
			if other := byID[id]; other != nil && other != t {
				t.apart = append(t.apart, other)
			}
		}
	}
}

// byAge sorts tickets, the oldest first, and sets their ranks.
func byAge(tickets []entry) []entry {
	type aged struct {
		at    int64
		where int
	}
	all := make([]aged, len(tickets))
	for i := range tickets {
		all[i] = aged{tickets[i].EnqueuedAt.UnixMilli(), i}
	}
	slices.SortFunc(all, func(a, b aged) int {
		if a.at != b.at {
			return cmp.Compare(a.at, b.at) // the usual case; it needs no access to the tickets
		}
		return before(tickets[a.where].Ticket, tickets[b.where].Ticket)
	})
	sorted := make([]entry, len(all))
	for rank, a := range all {
		sorted[rank] = tickets[a.where]
		sorted[rank].rank = rank
	}
	return sorted
}

// matches makes new matches, each around the oldest remaining ticket.
func (m *matcher) matches() {
	for i := range m.tickets {
		anchor := &m.tickets[i]
		if anchor.taken() {
			continue
		}
		if g := m.around(anchor); g != nil {
			take(g.members)
			m.proposals = append(m.proposals, g.proposal())
		}
	}
}

// around returns the best match around a ticket; nil for none. When the nearest candidates
// do not form a match, it tries other orders: the oldest first, whose windows are widest.
// With a balance rule it also tries those nearest to the anchor by that rule, and with
// parties of several sizes those of the anchor's size first and the largest first.
func (m *matcher) around(anchor *entry) *group {
	g := m.growing
	if g.reset(); !g.add(anchor) {
		return nil
	}
	if !m.q.wishes() {
		if m.grow(g, anchor); m.good(g, anchor) {
			return g
		}
		if m.places == minPlaces || m.looks <= 0 {
			return nil // with one free place, all fitting tickets have been tried
		}
	}
	g.reset()
	g.add(anchor)
	candidates := m.q.byWish(anchor, m.candidates(anchor, g.fits))
	orders := [][]*entry{candidates, sorted(candidates, func(a, b *entry) int { return a.rank - b.rank })}
	if r := m.q.balanceRule(); r != nil {
		orders = append(orders, sorted(candidates, likest(anchor, r.Attribute)))
	}
	if m.mixed {
		orders = append(orders,
			sorted(candidates, func(a, b *entry) int { return sameSizeFirst(anchor, a, b) }),
			sorted(candidates, largestFirst))
	}
	for _, order := range orders {
		g.reset()
		g.add(anchor)
		for _, t := range order {
			g.add(t)
		}
		if m.good(g, anchor) {
			return g
		}
	}
	return nil
}

// likest orders by the distance of a number to the anchor's.
func likest(anchor *entry, attribute string) func(a, b *entry) int {
	far := func(t *entry) float64 { return math.Abs(t.Numbers[attribute] - anchor.Numbers[attribute]) }
	return func(a, b *entry) int { return cmp.Compare(far(a), far(b)) }
}

func sameSizeFirst(anchor, a, b *entry) int {
	rank := func(t *entry) int {
		if t.Size == anchor.Size {
			return 0
		}
		return 1
	}
	return rank(a) - rank(b)
}

// grow adds the nearest fitting tickets until the group is full.
func (m *matcher) grow(g *group, anchor *entry) {
	left := m.budget()
	m.pool.near(anchor, func(t *entry) bool {
		if t == anchor {
			return true
		}
		m.looks--
		left--
		g.add(t)
		return left > 0 && !g.full()
	})
}

// candidates returns the nearest tickets to an anchor for which suits is true.
func (m *matcher) candidates(anchor *entry, suits func(*entry) bool) []*entry {
	left, most := m.budget(), max(choice*m.places, 64)
	var all []*entry
	m.pool.near(anchor, func(t *entry) bool {
		if t == anchor {
			return true
		}
		m.looks--
		left--
		if suits(t) {
			all = append(all, t)
		}
		return left > 0 && len(all) < most
	})
	return all
}

func (m *matcher) budget() int { return max(m.looks, looksEach) }

// good reports whether a group is a match: it is balanced, and full; or each team has its
// min and the anchor has waited PreferFullFor.
func (m *matcher) good(g *group, anchor *entry) bool {
	late := anchor.waited >= m.q.PreferFullFor
	return (g.full() || late && g.enough()) && g.balance()
}

// fill gives open places of running matches to suitable tickets, the longest open places
// first.
func (m *matcher) fill(running []Backfill) {
	running = slices.Clone(running)
	slices.SortFunc(running, func(a, b Backfill) int { return before(&a.Ticket, &b.Ticket) })
	for i := range running {
		b := &running[i]
		g := m.growing
		g.reset()
		g.region = b.Region
		for j, t := range m.q.Teams {
			g.sides[j].free = max(min(b.Open[t.Name], t.Max), 0)
			g.sides[j].has = t.Max - g.sides[j].free
		}
		if g.full() {
			continue
		}
		playing := &m.q.entries([]Ticket{b.Ticket}, m.now)[0]
		playing.bucket = m.pool.buckets[m.pool.bucketOf(playing)]
		g.judge(playing)
		candidates := m.candidates(playing, func(t *entry) bool {
			return !b.Barred[t.ID] && g.roomiest(t.size) >= 0 && g.fits(t)
		})
		for _, t := range m.q.byWish(playing, candidates) {
			g.add(t)
		}
		if len(g.members) > 0 {
			p := g.proposal()
			p.Backfill = b.ID
			take(g.members)
			m.proposals = append(m.proposals, p)
		}
	}
}
