package matching

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// drawQueue draws a queue with any of the rules.
func drawQueue(t *rapid.T) Queue {
	q := Queue{
		MixSizes:      rapid.Bool().Draw(t, "mix"),
		PreferFullFor: time.Duration(rapid.IntRange(0, 30).Draw(t, "prefer")) * time.Second,
	}
	for i := range rapid.IntRange(2, 3).Draw(t, "teams") {
		least := rapid.IntRange(1, 2).Draw(t, "min")
		q.Teams = append(q.Teams, Team{Name: string(rune('a' + i)), Min: least, Max: least + rapid.IntRange(0, 2).Draw(t, "more")})
	}
	possible := []Rule{
		{Name: "skill", Type: Distance, Attribute: "skill", Value: 100, Weight: 1, Expand: []Step{{5 * time.Second, 200}, {20 * time.Second, 800}}},
		{Name: "level", Type: Distance, Attribute: "level", Value: 3, Weight: 2},
		{Name: "mode", Type: Equality, Attribute: "mode", Weight: 3},
		{Name: "maps", Type: SetOverlap, Attribute: "maps", Value: 2, Weight: 1, Expand: []Step{{10 * time.Second, 1}}},
		{Name: "even", Type: TeamBalance, Attribute: "skill", Value: 150, Weight: 1, Expand: []Step{{15 * time.Second, 500}}},
		{Name: "ping", Type: Latency, Value: 60, Weight: 1, Expand: []Step{{8 * time.Second, 120}}},
	}
	for _, r := range possible {
		if rapid.Bool().Draw(t, r.Name) {
			r.Required = rapid.Bool().Draw(t, r.Name+" required")
			q.Rules = append(q.Rules, r)
		}
	}
	if slices.ContainsFunc(q.Rules, func(r Rule) bool { return r.Type == Latency }) || rapid.Bool().Draw(t, "regions") {
		q.Regions = []Region{{"eu", 150}, {"us", 150}}
	}
	return q
}

func drawTickets(t *rapid.T, q Queue) []Ticket {
	tickets := make([]Ticket, rapid.IntRange(0, 40).Draw(t, "tickets"))
	for i := range tickets {
		tickets[i] = Ticket{
			ID: fmt.Sprint("t", i), Size: rapid.IntRange(1, 3).Draw(t, "size"),
			EnqueuedAt: t0.Add(-time.Duration(rapid.IntRange(0, 40).Draw(t, "waited")) * time.Second),
			Attempt:    rapid.IntRange(0, 1).Draw(t, "attempt"),
			Numbers: map[string]float64{
				"skill": float64(rapid.IntRange(10, 20).Draw(t, "skill") * 100), "level": float64(rapid.IntRange(1, 9).Draw(t, "level")),
			},
			Texts: map[string]string{"mode": rapid.SampledFrom([]string{"ctf", "dm"}).Draw(t, "mode")},
			Sets:  map[string][]string{"maps": rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"x", "y", "z"}), 1, 3, rapid.ID[string]).Draw(t, "maps")},
		}
		if len(q.Regions) > 0 {
			tickets[i].Latencies = map[string]float64{
				"eu": float64(rapid.IntRange(1, 20).Draw(t, "eu") * 10), "us": float64(rapid.IntRange(1, 20).Draw(t, "us") * 10),
			}
		}
	}
	return tickets
}

// drawShared is drawTickets with some tickets that share a player.
func drawShared(t *rapid.T, q Queue) []Ticket {
	tickets := drawTickets(t, q)
	for range rapid.IntRange(0, 10).Draw(t, "apart") {
		if len(tickets) > 1 {
			i, j := rapid.IntRange(0, len(tickets)-1).Draw(t, "one"), rapid.IntRange(0, len(tickets)-1).Draw(t, "other")
			if i != j {
				tickets[i].Apart = append(tickets[i].Apart, tickets[j].ID)
				tickets[j].Apart = append(tickets[j].Apart, tickets[i].ID)
			}
		}
	}
	return tickets
}

// apartIn returns a ticket of the proposals that shares a player with another ticket of
// them; "" for none.
func apartIn(proposals []Candidate, tickets []Ticket) string {
	in := map[string]bool{}
	for _, p := range proposals {
		for _, id := range p.Tickets() {
			in[id] = true
		}
	}
	for _, t := range tickets {
		if in[t.ID] && slices.ContainsFunc(t.Apart, func(id string) bool { return in[id] }) {
			return t.ID
		}
	}
	return ""
}

// Every proposal fulfils every required rule at this time, and no ticket is in two
// proposals.
func TestProposalsAreValid(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := drawQueue(t)
		tickets := drawShared(t, q)
		byID := map[string]Ticket{}
		for _, tk := range tickets {
			byID[tk.ID] = tk
		}
		seen := map[string]bool{}
		proposals := Match(tickets, nil, q, t0)
		if id := apartIn(proposals, tickets); id != "" {
			t.Fatalf("%s is proposed together with a ticket that shares a player", id)
		}
		for _, p := range proposals {
			sides := make([][]Ticket, len(p.Teams))
			for i, side := range p.Teams {
				for _, id := range side.Tickets {
					if seen[id] {
						t.Fatalf("ticket %s is in two proposals", id)
					}
					seen[id] = true
					sides[i] = append(sides[i], byID[id])
				}
			}
			if fault := faultOf(q, sides, p.Region); fault != "" {
				t.Fatalf("%v: %s", describe([]Candidate{p}), fault)
			}
		}
	})
}

// drawRunning draws matches that have lost players.
func drawRunning(t *rapid.T, q Queue) []Backfill {
	playing := drawTickets(t, q)
	running := make([]Backfill, min(len(playing), rapid.IntRange(0, 5).Draw(t, "running")))
	for i := range running {
		b := &running[i]
		b.Ticket, b.Open, b.Barred = playing[i], map[string]int{}, map[string]bool{}
		b.ID = fmt.Sprint("m", i)
		for _, team := range q.Teams {
			b.Open[team.Name] = rapid.IntRange(-1, team.Max+1).Draw(t, "open")
		}
		for j := range rapid.IntRange(0, 20).Draw(t, "barred") {
			b.Barred[fmt.Sprint("t", j)] = true
		}
		if len(q.Regions) > 0 {
			b.Region = rapid.SampledFrom([]string{"eu", "us"}).Draw(t, "region")
		}
	}
	return running
}

// A ticket that fills a place suits the present and the other joining players, is not
// barred, and its place is free. No ticket is in two proposals, and the input's order does
// not matter.
func TestBackfillsAreValid(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := drawQueue(t)
		q.NewFirst = rapid.Bool().Draw(t, "new first")
		tickets, running := drawShared(t, q), drawRunning(t, q)
		proposals := Match(tickets, running, q, t0)
		shuffled := Match(rapid.Permutation(tickets).Draw(t, "order"), rapid.Permutation(running).Draw(t, "matches"), q, t0)
		if d := cmp.Diff(proposals, shuffled); d != "" {
			t.Fatalf("(-first +shuffled):\n%s", d)
		}
		if id := apartIn(proposals, tickets); id != "" {
			t.Fatalf("%s is proposed together with a ticket that shares a player", id)
		}
		byID, seen := map[string]Ticket{}, map[string]bool{}
		for _, tk := range tickets {
			byID[tk.ID] = tk
		}
		for _, p := range proposals {
			for _, id := range append(p.Tickets(), p.Backfill) {
				if id != "" && seen[id] {
					t.Fatalf("ticket %s is in two proposals", id)
				}
				seen[id] = true
			}
			if p.Backfill == "" {
				continue
			}
			if fault := fillFault(q, p, running, byID); fault != "" {
				t.Fatalf("%v: %s", describe([]Candidate{p}), fault)
			}
		}
	})
}

// fillFault checks a backfill against the definitions of the rules.
func fillFault(q Queue, p Candidate, running []Backfill, byID map[string]Ticket) string {
	b := running[slices.IndexFunc(running, func(b Backfill) bool { return b.ID == p.Backfill })]
	all := []Ticket{b.Ticket}
	for _, side := range p.Teams {
		players := 0
		for _, id := range side.Tickets {
			players += byID[id].Size
			all = append(all, byID[id])
			if b.Barred[id] {
				return id + " is barred"
			}
			if !q.MixSizes && byID[id].Size != all[1].Size {
				return "sizes mix"
			}
		}
		if players > max(b.Open[side.Name], 0) {
			return fmt.Sprintf("%d players for %d places", players, b.Open[side.Name])
		}
	}
	if len(all) == 1 {
		return "nobody comes"
	}
	if p.Region != b.Region {
		return "the match moves to " + p.Region
	}
	for _, a := range all {
		for _, r := range q.Rules {
			if r.Required && r.Type != TeamBalance {
				if fault := breach(r, a, all, nil, b.Region); fault != "" {
					return fault + " by " + a.ID
				}
			}
		}
	}
	return ""
}

// faultOf checks a match against the definitions of the rules. Of the code under test it
// uses only window.
func faultOf(q Queue, sides [][]Ticket, region string) string {
	var all []Ticket
	full, oldest := true, time.Duration(0)
	for i, side := range sides {
		players := 0
		for _, t := range side {
			players += t.Size
			oldest = max(oldest, t0.Sub(t.EnqueuedAt))
		}
		all = append(all, side...)
		if players < q.Teams[i].Min || players > q.Teams[i].Max {
			return fmt.Sprintf("%d players in a team of %+v", players, q.Teams[i])
		}
		full = full && players == q.Teams[i].Max
	}
	if !full && oldest < q.PreferFullFor {
		return "not full, too early"
	}
	for _, a := range all {
		if !q.MixSizes && a.Size != all[0].Size {
			return "sizes mix"
		}
		for _, r := range q.Rules {
			if fault := breach(r, a, all, sides, region); r.Required && fault != "" {
				return fault + " by " + a.ID
			}
		}
		for _, r := range q.Regions {
			if r.Name == region && a.Latencies[region] > r.MaxLatency {
				return "beyond the region's limit"
			}
		}
	}
	if len(q.Regions) > 0 && region == "" {
		return "nowhere"
	}
	return ""
}

// breach describes how a match breaks a rule with one ticket's window.
func breach(r Rule, a Ticket, all []Ticket, sides [][]Ticket, region string) string {
	w := r.window(t0.Sub(a.EnqueuedAt))
	shared := slices.Clone(a.Sets[r.Attribute])
	for _, b := range all {
		switch {
		case r.Type == Distance && math.Abs(a.Numbers[r.Attribute]-b.Numbers[r.Attribute]) > w:
			return fmt.Sprintf("%s: further than %v", r.Name, w)
		case r.Type == Equality && a.Texts[r.Attribute] != b.Texts[r.Attribute]:
			return r.Name + ": not equal"
		case r.Type == Latency && b.Latencies[region] > w:
			return fmt.Sprintf("%s: more than %v ms", r.Name, w)
		}
		shared = slices.DeleteFunc(shared, func(m string) bool { return !slices.Contains(b.Sets[r.Attribute], m) })
	}
	if r.Type == SetOverlap && float64(len(shared)) < w {
		return r.Name + ": overlap too small"
	}
	if r.Type == TeamBalance {
		lowest, highest := math.Inf(1), math.Inf(-1)
		for _, side := range sides {
			sum, n := 0.0, 0
			for _, t := range side {
				sum, n = sum+t.Numbers[r.Attribute]*float64(t.Size), n+t.Size
			}
			lowest, highest = min(lowest, sum/float64(n)), max(highest, sum/float64(n))
		}
		if highest-lowest > w+1e-6 {
			return r.Name + ": not balanced"
		}
	}
	return ""
}

// The proposals do not depend on the order of the tickets.
func TestOrderOfInputDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := drawQueue(t)
		tickets := drawShared(t, q)
		want := Match(slices.Clone(tickets), nil, q, t0)
		shuffled := rapid.Permutation(tickets).Draw(t, "order")
		if d := cmp.Diff(want, Match(shuffled, nil, q, t0)); d != "" {
			t.Fatalf("(-first +shuffled):\n%s", d)
		}
	})
}

// In a duel no two remaining tickets could be matched with each other.
func TestNoFeasiblePairIsLeft(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := drawQueue(t)
		q.Teams = teams(2, 1, 1)
		tickets := drawTickets(t, q)
		taken := map[string]bool{}
		for _, p := range Match(tickets, nil, q, t0) {
			for _, id := range p.Tickets() {
				taken[id] = true
			}
		}
		for i, a := range tickets {
			for _, b := range tickets[i+1:] {
				if taken[a.ID] || taken[b.ID] || a.Size != 1 || b.Size != 1 {
					continue
				}
				for _, region := range append([]string{""}, "eu", "us") {
					if faultOf(q, [][]Ticket{{a}, {b}}, region) == "" {
						t.Fatalf("%s and %s could be matched and were not", a.ID, b.ID)
					}
				}
			}
		}
	})
}

// When any tickets fit, the oldest are matched, and all tickets that can fill a match are
// matched.
func TestOldestPlayFirst(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := Queue{Teams: teams(2, 2, 2), MixSizes: true, PreferFullFor: time.Minute}
		tickets := make([]Ticket, rapid.IntRange(0, 30).Draw(t, "tickets"))
		for i := range tickets {
			tickets[i] = solo(fmt.Sprint("t", i), 0, time.Duration(rapid.IntRange(0, 9).Draw(t, "waited"))*time.Second)
		}
		proposals := Match(tickets, nil, q, t0)
		if len(proposals) != len(tickets)/4 {
			t.Fatalf("%d matches of %d tickets, want one for each 4", len(proposals), len(tickets))
		}
		slices.SortFunc(tickets, func(a, b Ticket) int { return before(&a, &b) })
		for i, p := range proposals {
			var want []string
			for _, tk := range tickets[4*i : 4*i+4] {
				want = append(want, tk.ID)
			}
			slices.Sort(want)
			if d := cmp.Diff(want, p.Tickets()); d != "" {
				t.Fatalf("match %d (-want +got):\n%s", i, d)
			}
		}
	})
}

// A ticket with a possible partner is matched as soon as both windows are wide enough,
// however many tickets arrive in between.
func TestBoundedWait(t *testing.T) {
	q := duel(Rule{Name: "skill", Type: Distance, Attribute: "skill", Value: 10, Required: true, Expand: []Step{{30 * time.Second, 1000}}})
	rng := rand.New(rand.NewPCG(1, 2))
	waiting := []Ticket{
		{ID: "x", Size: 1, EnqueuedAt: t0, Numbers: map[string]float64{"skill": 2900}},
		{ID: "y", Size: 1, EnqueuedAt: t0.Add(time.Second), Numbers: map[string]float64{"skill": 2000}},
	}
	for second := range 40 {
		now := t0.Add(time.Duration(second) * time.Second)
		for i := range 50 {
			waiting = append(waiting, Ticket{
				ID: fmt.Sprint(second, "-", i), Size: 1, EnqueuedAt: now, Numbers: map[string]float64{"skill": float64(rng.IntN(1000))},
			})
		}
		taken := map[string]bool{}
		for _, p := range Match(waiting, nil, q, now) {
			for _, id := range p.Tickets() {
				taken[id] = true
			}
		}
		waiting = slices.DeleteFunc(waiting, func(tk Ticket) bool { return taken[tk.ID] })
		if (second >= 31) != taken["x"] && second <= 31 {
			t.Fatalf("after %d s: x matched %v, want it at 31 s", second, taken["x"])
		}
		if taken["x"] {
			return
		}
	}
	t.Fatal("x was never matched")
}
