package matching

import (
	"cmp"
	"math"
	"slices"
	"time"
)

const (
	// looksPerTicket and looksAtLeast bound how many tickets all searches of a run look
	// at together; looksEach is what a search has after that, and then it tries one order of
	// candidates only.
	looksPerTicket = 16
	looksAtLeast   = 1 << 18
	looksEach      = 32
	// choice is how many fitting candidates, in places of a match, a search collects
	// where it can choose among them.
	choice = 4
	// minPlaces is how many places the smallest match has.
	minPlaces = 2
)

// Match proposes matches of the tickets that wait, and fills running ones. No
// ticket is in two proposals, and no two tickets that share a player are in any. Tickets that no match can take (a size that no team
// has room for) are in none.
func Match(tickets []Ticket, running []Backfill, q Queue, now time.Time) []Proposal {
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
	// growing is the one group that there is at a time.
	growing *group
	looks   int
	places  int
	// mixed says that tickets of several sizes may meet, so that how they are seated
	// matters.
	mixed     bool
	proposals []Proposal
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
	m.proposals = make([]Proposal, 0, len(tickets)/max(m.places, 1))
	return m
}

// separate resolves which tickets share a player.
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

// byAge gives tickets their ranks, the oldest first, and that order.
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
			return cmp.Compare(a.at, b.at) // most often, and without a look at the tickets
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

// matches makes new matches, each around the oldest ticket that is left.
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

// around is the best match around a ticket; nil when there is none. When the nearest
// candidates do not make one together, other orders of them are tried: the oldest
// first, whose windows are the widest; where teams have to be balanced, those most like
// the anchor; and where there are parties of several sizes, those of the anchor's
// first, and the largest.
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
			return nil // with one place left, all that fit have been tried
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

// likest orders by how near a number is to an anchor's.
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

// grow takes in the nearest tickets that fit, until there is no place left.
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

// candidates are the nearest tickets to an anchor that suit by themselves.
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

// good tells whether a group is a match: full, or at its least once the anchor has
// waited long enough, and in balance.
func (m *matcher) good(g *group, anchor *entry) bool {
	late := anchor.waited >= m.q.PreferFullFor
	return (g.full() || late && g.enough()) && g.balance()
}

// fill gives open places in running matches to the tickets that suit them, for the
// longest open ones first.
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
