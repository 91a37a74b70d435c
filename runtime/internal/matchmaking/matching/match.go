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
// ticket is in two proposals. Tickets that no match can take (a size that no team
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
	tickets []*entry
	pool    *pool
	looks   int
	places  int
	// mixed says that tickets of several sizes may meet, so that how they are seated
	// matters.
	mixed     bool
	proposals []Proposal
}

func newMatcher(tickets []Ticket, q *Queue, now time.Time) *matcher {
	m := &matcher{q: q, now: now, tickets: make([]*entry, len(tickets))}
	all := make([]entry, len(tickets))
	for i := range tickets {
		all[i] = q.entry(&tickets[i])
		m.tickets[i] = &all[i]
	}
	slices.SortFunc(m.tickets, func(a, b *entry) int { return before(a.Ticket, b.Ticket) })
	for i, t := range m.tickets {
		t.rank = i
	}
	m.mixed = q.MixSizes && slices.ContainsFunc(m.tickets, func(t *entry) bool { return t.Size != m.tickets[0].Size })
	m.pool = newPool(q, m.tickets)
	m.looks = looksPerTicket*len(tickets) + looksAtLeast
	for _, t := range q.Teams {
		m.places += t.Max
	}
	return m
}

// matches makes new matches, each around the oldest ticket that is left.
func (m *matcher) matches() {
	for _, anchor := range m.tickets {
		if anchor.taken {
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
	start := func() *group {
		g := newGroup(m.q, m.now)
		if !g.add(anchor) {
			return nil
		}
		return g
	}
	g := start()
	if g == nil {
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
	waited := m.now.Sub(anchor.EnqueuedAt)
	candidates := m.q.byWish(anchor, waited, m.candidates(anchor, start().fits))
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
		g := start()
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
	m.pool.near(anchor, m.now.Sub(anchor.EnqueuedAt), func(t *entry) bool {
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
	m.pool.near(anchor, m.now.Sub(anchor.EnqueuedAt), func(t *entry) bool {
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
	late := m.now.Sub(anchor.EnqueuedAt) >= m.q.PreferFullFor
	return (g.full() || late && g.enough()) && g.balance()
}

// fill gives open places in running matches to the tickets that suit them, for the
// longest open ones first.
func (m *matcher) fill(running []Backfill) {
	running = slices.Clone(running)
	slices.SortFunc(running, func(a, b Backfill) int { return before(&a.Ticket, &b.Ticket) })
	for i := range running {
		b := &running[i]
		g := newGroup(m.q, m.now)
		g.region = b.Region
		for j, t := range m.q.Teams {
			g.sides[j].free = max(min(b.Open[t.Name], t.Max), 0)
			g.sides[j].has = t.Max - g.sides[j].free
		}
		if g.full() {
			continue
		}
		one := m.q.entry(&b.Ticket)
		playing := &one
		g.judge(playing)
		candidates := m.candidates(playing, func(t *entry) bool {
			return !b.Barred[t.ID] && g.roomiest(t.Size) >= 0 && g.fits(t)
		})
		for _, t := range m.q.byWish(playing, m.now.Sub(b.EnqueuedAt), candidates) {
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
