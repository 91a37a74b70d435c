package matching

import (
	"fmt"
	"math"
	"math/bits"
	"math/rand/v2"
	"slices"
	"syscall"
	"testing"
	"time"
)

// ranked returns a queue like that of a ranked game, and a pool with normally distributed
// ratings, in part in parties.
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
				var proposals []Candidate
				before := ownCPU(b)
				for b.Loop() {
					proposals = Match(tickets, nil, q, t0)
				}
				took := (ownCPU(b) - before) / time.Duration(b.N)
				b.ReportMetric(float64(took.Microseconds())/1e3, "cpu-ms/interval")
				b.ReportMetric(float64(took.Nanoseconds())/float64(n), "cpu-ns/ticket")
				mean, p95 := spreads(proposals)
				b.ReportMetric(mean, "spread-mean")
				b.ReportMetric(p95, "spread-p95")
				b.ReportMetric(float64(len(proposals)), "matches")
			})
		}
	}
}

// ownCPU returns processor time, because wall time is not meaningful on a shared machine.
func ownCPU(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkUnmatchable is an interval over a pool in which hardly any two tickets fit.
func BenchmarkUnmatchable(b *testing.B) {
	q, tickets := ranked(4, 100_000, 1)
	for i := range tickets {
		tickets[i].Size = 3
	}
	for b.Loop() {
		Match(tickets, nil, q, t0)
	}
}

func spreads(proposals []Candidate) (mean, p95 float64) {
	all := make([]float64, len(proposals))
	for i, p := range proposals {
		all[i] = p.Spread
	}
	return meanAndP95(all)
}

func meanAndP95(all []float64) (mean, p95 float64) {
	if len(all) == 0 {
		return 0, 0
	}
	for _, v := range all {
		mean += v / float64(len(all))
	}
	slices.Sort(all)
	return mean, all[len(all)*95/100]
}

// compared returns the differences of the pairs that Match makes of many small pools, and
// those of the optimum.
func compared() (ours, best []float64) {
	const rounds, n, window = 200, 12, 400
	q := duel(Rule{Name: "skill", Type: Distance, Attribute: "skill", Value: window, Required: true})
	for seed := range rounds {
		_, tickets := ranked(1, n, uint64(seed))
		for _, p := range Match(tickets, nil, q, t0) {
			ours = append(ours, p.Spread)
		}
		best = append(best, optimum(tickets, window)...)
	}
	return ours, best
}

// BenchmarkQuality compares the matches with the optimum.
func BenchmarkQuality(b *testing.B) {
	var ours, best []float64
	for b.Loop() {
		ours, best = compared()
	}
	b.ReportMetric(100*float64(len(ours))/float64(len(best)), "pairs-%")
	mean, p95 := meanAndP95(ours)
	leastMean, leastP95 := meanAndP95(best)
	b.ReportMetric(mean, "spread-mean")
	b.ReportMetric(p95, "spread-p95")
	b.ReportMetric(leastMean, "best-mean")
	b.ReportMetric(leastP95, "best-p95")
}

// Duels of small pools give nearly as many pairs as possible, with differences near the
// optimum.
func TestQuality(t *testing.T) {
	ours, best := compared()
	mean, _ := meanAndP95(ours)
	least, _ := meanAndP95(best)
	t.Logf("%d of %d pairs possible; mean difference %.1f, optimum %.1f", len(ours), len(best), mean, least)
	if float64(len(ours)) < 0.9*float64(len(best)) {
		t.Errorf("%d pairs of %d possible, want at least 90 %%", len(ours), len(best))
	}
	if mean > 2*least {
		t.Errorf("mean difference %.1f, want at most twice the optimum %.1f", mean, least)
	}
}

// optimum returns the differences of the largest set of pairs within a window that has the
// smallest sum, by exhaustive search.
func optimum(tickets []Ticket, window float64) []float64 {
	n := len(tickets)
	type result struct {
		pairs int
		sum   float64
		// with is the partner of the first ticket of the set; 0 for none.
		with int
	}
	table := make([]result, 1<<n)
	first := func(set int) int { return bits.TrailingZeros(uint(set)) }
	apart := func(a, b int) float64 { return math.Abs(tickets[a].Numbers["skill"] - tickets[b].Numbers["skill"]) }
	for set := 1; set < 1<<n; set++ {
		one := first(set)
		rest := set &^ (1 << one)
		best := table[rest]
		best.with = 0
		for other := one + 1; other < n; other++ {
			d := apart(one, other)
			if rest&(1<<other) == 0 || d > window {
				continue
			}
			left := table[rest&^(1<<other)]
			with := result{left.pairs + 1, left.sum + d, other}
			if with.pairs > best.pairs || with.pairs == best.pairs && with.sum < best.sum {
				best = with
			}
		}
		table[set] = best
	}
	var all []float64
	for set := 1<<n - 1; set != 0; {
		one, with := first(set), table[set].with
		set &^= 1 << one
		if with != 0 {
			set &^= 1 << with
			all = append(all, apart(one, with))
		}
	}
	return all
}
