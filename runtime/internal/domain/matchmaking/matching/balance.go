package matching

import (
	"cmp"
	"math"
	"slices"
)

// balanceRounds bounds the exchanges of tickets between teams.
const balanceRounds = 64

// balance exchanges tickets of a group between the teams, so that the teams' averages by
// the TeamBalance rules come close. It reports whether the required TeamBalance rules hold.
// Only tickets of the same size are exchanged, so that the teams' sizes stay.
func (g *group) balance() bool {
	if g.q.ofOnes() {
		return true // the spans of the group have checked it
	}
	holds := true
	for i := range g.q.Rules {
		r := &g.q.Rules[i]
		if r.Type != TeamBalance {
			continue
		}
		g.even(r.Attribute)
		if r.Required && g.gap(r.Attribute) > g.tightest(r)+epsilon {
			holds = false
		}
	}
	return holds
}

// balanceRule returns the first required TeamBalance rule; nil for none.
func (q *Queue) balanceRule() *Rule {
	for i := range q.Rules {
		if q.Rules[i].Required && q.Rules[i].Type == TeamBalance {
			return &q.Rules[i]
		}
	}
	return nil
}

// epsilon tolerates rounding differences of sums.
const epsilon = 1e-9

// tightest returns the smallest window of a rule among the group's tickets.
func (g *group) tightest(r *Rule) float64 {
	w := math.Inf(1)
	for _, t := range g.members {
		w = min(w, r.window(t.waited))
	}
	return w
}

func (s *side) average(attribute string) float64 {
	sum := 0.0
	for _, t := range s.tickets {
		sum += t.Numbers[attribute] * float64(t.Size)
	}
	return sum / float64(max(s.has, 1))
}

// gap returns the difference of the highest and the lowest average.
func (g *group) gap(attribute string) float64 {
	lowest, highest := math.Inf(1), math.Inf(-1)
	for i := range g.sides {
		if g.sides[i].has == 0 {
			continue
		}
		a := g.sides[i].average(attribute)
		lowest, highest = min(lowest, a), max(highest, a)
	}
	return max(highest-lowest, 0)
}

// even exchanges tickets between the strongest and the weakest team while that brings the
// averages closer.
func (g *group) even(attribute string) {
	for range balanceRounds {
		strong, weak := g.extremes(attribute)
		if strong == weak || !g.exchange(strong, weak, attribute) {
			return
		}
	}
}

func (g *group) extremes(attribute string) (strong, weak int) {
	strong, weak = -1, -1
	for i := range g.sides {
		if g.sides[i].has == 0 {
			continue
		}
		if strong < 0 || g.sides[i].average(attribute) > g.sides[strong].average(attribute) {
			strong = i
		}
		if weak < 0 || g.sides[i].average(attribute) < g.sides[weak].average(attribute) {
			weak = i
		}
	}
	return strong, weak
}

// exchange makes the exchange between two teams that reduces their gap most; false when
// none does.
func (g *group) exchange(strong, weak int, attribute string) bool {
	a, b := &g.sides[strong], &g.sides[weak]
	type pair struct{ i, j int }
	gap := a.average(attribute) - b.average(attribute)
	best, left := pair{-1, -1}, gap
	for i, s := range a.tickets {
		for j, t := range b.tickets {
			if s.Size != t.Size {
				continue
			}
			moved := (s.Numbers[attribute] - t.Numbers[attribute]) * float64(s.Size)
			after := math.Abs(gap - moved/float64(a.has) - moved/float64(b.has))
			if after < left-epsilon {
				best, left = pair{i, j}, after
			}
		}
	}
	if best.i < 0 {
		return false
	}
	a.tickets[best.i], b.tickets[best.j] = b.tickets[best.j], a.tickets[best.i]
	return true
}

// sorted returns a sorted copy of tickets; the sort is stable.
func sorted(tickets []*entry, by func(a, b *entry) int) []*entry {
	all := slices.Clone(tickets)
	slices.SortStableFunc(all, by)
	return all
}

// largestFirst orders by size, largest first.
func largestFirst(a, b *entry) int { return cmp.Compare(b.Size, a.Size) }
