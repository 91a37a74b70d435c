package matching

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// ranked is a queue as a ranked game has it, and a pool with ratings that are
// normally distributed, some of whom play in parties.
func ranked(teamSize, n int, seed uint64) (Queue, []Ticket) {
	q := Queue{
		Teams: teams(2, teamSize, teamSize), MixSizes: true, PreferFullFor: 20 * time.Second,
		Rules: []Rule{
			{Name: "skill", Type: Distance, Attribute: "skill", Value: 50, Required: true,
				Expand: []Step{{10 * time.Second, 100}, {30 * time.Second, 300}}},
			{Name: "mode", Type: Equality, Attribute: "mode", Required: true},
			{Name: "even", Type: TeamBalance, Attribute: "skill", Value: 100, Required: true},
		},
	}
	rng := rand.New(rand.NewPCG(seed, 7))
	tickets := make([]Ticket, n)
	for i := range tickets {
		size := 1
		if teamSize > 1 && rng.IntN(5) == 0 {
			size = 2
		}
		tickets[i] = Ticket{
			ID: fmt.Sprint("t", i), Size: size, EnqueuedAt: t0.Add(-time.Duration(rng.IntN(60_000)) * time.Millisecond),
			Numbers: map[string]float64{"skill": 1500 + 300*rng.NormFloat64()},
			Texts:   map[string]string{"mode": []string{"ranked", "casual"}[rng.IntN(2)]},
		}
	}
	return q, tickets
}

// BenchmarkMatch is one interval over a pool of waiting tickets.
func BenchmarkMatch(b *testing.B) {
	for _, size := range []int{1, 4} {
		for _, n := range []int{1000, 10_000, 100_000} {
			b.Run(fmt.Sprintf("%dv%d/%d", size, size, n), func(b *testing.B) {
				q, tickets := ranked(size, n, 1)
				var proposals []Proposal
				for b.Loop() {
					proposals = Match(tickets, nil, q, t0)
				}
				b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N), "ms/interval")
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/ticket")
				mean, p95 := spreads(proposals)
				b.ReportMetric(mean, "spread-mean")
				b.ReportMetric(p95, "spread-p95")
				b.ReportMetric(float64(len(proposals)), "matches")
			})
		}
	}
}

// BenchmarkUnmatchable is an interval over a pool of which hardly any two fit.
func BenchmarkUnmatchable(b *testing.B) {
	q, tickets := ranked(4, 100_000, 1)
	for i := range tickets {
		tickets[i].Size = 3
	}
	for b.Loop() {
		Match(tickets, nil, q, t0)
	}
}

func spreads(proposals []Proposal) (mean, p95 float64) {
	if len(proposals) == 0 {
		return 0, 0
	}
	all := make([]float64, len(proposals))
	for i, p := range proposals {
		all[i] = p.Spread
		mean += p.Spread / float64(len(proposals))
	}
	slices.Sort(all)
	return mean, all[len(all)*95/100]
}

// TestQuality compares small duels with the best that is possible: as many pairs, and
// a sum of differences that is not far from the least one.
func TestQuality(t *testing.T) {
	q := duel(Rule{Name: "skill", Type: Distance, Attribute: "skill", Value: 400, Required: true})
	const rounds, n = 200, 12
	var ours, best, oursPairs, bestPairs float64
	for seed := range rounds {
		_, tickets := ranked(1, n, uint64(seed))
		proposals := Match(tickets, nil, q, t0)
		for _, p := range proposals {
			ours += p.Spread
		}
		oursPairs += float64(len(proposals))
		pairs, sum := optimum(tickets, 400)
		bestPairs, best = bestPairs+float64(pairs), best+sum
	}
	t.Logf("pairs %.0f of %.0f possible; mean difference %.1f, the least possible %.1f",
		oursPairs, bestPairs, ours/oursPairs, best/bestPairs)
	if oursPairs < 0.9*bestPairs {
		t.Errorf("%.0f pairs of %.0f possible", oursPairs, bestPairs)
	}
	if ours/oursPairs > 2*best/bestPairs {
		t.Errorf("mean difference %.1f, the least possible is %.1f", ours/oursPairs, best/bestPairs)
	}
}

// optimum is the largest number of pairs within a distance, and the least sum of
// their differences, by trying all.
func optimum(tickets []Ticket, window float64) (pairs int, sum float64) {
	n := len(tickets)
	type result struct {
		pairs int
		sum   float64
	}
	table := make([]result, 1<<n)
	for set := 1; set < 1<<n; set++ {
		first := 0
		for set&(1<<first) == 0 {
			first++
		}
		rest := set &^ (1 << first)
		best := table[rest]
		for other := first + 1; other < n; other++ {
			d := math.Abs(tickets[first].Numbers["skill"] - tickets[other].Numbers["skill"])
			if rest&(1<<other) == 0 || d > window {
				continue
			}
			with := table[rest&^(1<<other)]
			with = result{with.pairs + 1, with.sum + d}
			if with.pairs > best.pairs || with.pairs == best.pairs && with.sum < best.sum {
				best = with
			}
		}
		table[set] = best
	}
	return table[1<<n-1].pairs, table[1<<n-1].sum
}
