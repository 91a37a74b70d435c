package matching

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var t0 = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// solo is a ticket of a single player with a wait.
func solo(id string, skill float64, waited time.Duration) Ticket {
	return Ticket{ID: id, Size: 1, EnqueuedAt: t0.Add(-waited), Numbers: map[string]float64{"skill": skill}}
}

func party(id string, size int, waited time.Duration) Ticket {
	t := solo(id, 1500, waited)
	t.Size = size
	return t
}

func teams(n, least, most int) []Team {
	all := make([]Team, n)
	for i := range all {
		all[i] = Team{Name: fmt.Sprint(string(rune('a' + i))), Min: least, Max: most}
	}
	return all
}

var skill = Rule{
	Name: "skill", Type: Distance, Attribute: "skill", Value: 100, Required: true,
	Expand: []Step{{After: 10 * time.Second, Value: 300}},
}

func duel(rules ...Rule) Queue {
	return Queue{Teams: teams(2, 1, 1), MixSizes: true, Rules: rules, PreferFullFor: 20 * time.Second}
}

// describe returns proposals as text: the teams with their tickets.
func describe(proposals []Candidate) []string {
	var all []string
	for _, p := range proposals {
		text := ""
		for _, side := range p.Teams {
			text += fmt.Sprint(side.Name, side.Tickets)
		}
		if p.Region != "" {
			text += " in " + p.Region
		}
		if p.Backfill != "" {
			text += " into " + p.Backfill
		}
		all = append(all, text)
	}
	return all
}

func TestMatch(t *testing.T) {
	text := func(id, mode string) Ticket {
		t := solo(id, 0, time.Second)
		t.Texts = map[string]string{"mode": mode}
		return t
	}
	maps := func(id string, waited time.Duration, maps ...string) Ticket {
		t := solo(id, 0, waited)
		t.Sets = map[string][]string{"maps": maps}
		return t
	}
	ping := func(id string, waited time.Duration, eu, us float64) Ticket {
		t := solo(id, 0, waited)
		t.Latencies = map[string]float64{"eu": eu, "us": us}
		return t
	}
	mode := Rule{Name: "mode", Type: Equality, Attribute: "mode", Required: true}
	overlap := Rule{Name: "maps", Type: SetOverlap, Attribute: "maps", Value: 2, Required: true, Expand: []Step{{10 * time.Second, 1}}}
	latency := Rule{Name: "ping", Type: Latency, Value: 60, Required: true, Expand: []Step{{10 * time.Second, 150}}}
	regional := duel(latency)
	regional.Regions = []Region{{"eu", 200}, {"us", 200}}
	big := Queue{Teams: teams(2, 2, 3), MixSizes: true, PreferFullFor: 20 * time.Second}
	strict := big
	strict.MixSizes = false
	balanced := Queue{Teams: teams(2, 2, 2), MixSizes: true, PreferFullFor: 20 * time.Second,
		Rules: []Rule{{Name: "even", Type: TeamBalance, Attribute: "skill", Value: 50, Required: true}}}

	for name, tc := range map[string]struct {
		queue   Queue
		tickets []Ticket
		want    []string
	}{
		"nobody":              {duel(), nil, nil},
		"one alone":           {duel(), []Ticket{solo("x", 0, 0)}, nil},
		"oldest first":        {duel(), []Ticket{solo("c", 0, 1), solo("a", 0, 3), solo("b", 0, 2)}, []string{"a[a]b[b]"}},
		"requeued goes first": {duel(), []Ticket{solo("a", 0, 2), solo("b", 0, 2), {ID: "z", Size: 1, EnqueuedAt: t0.Add(-2), Attempt: 1}}, []string{"a[z]b[a]"}},
		"nearest":             {duel(skill), []Ticket{solo("a", 1500, 3), solo("far", 1590, 2), solo("near", 1490, 1)}, []string{"a[a]b[near]"}},
		"equally near: oldest": {duel(skill), []Ticket{solo("a", 1500, 9), solo("young", 1490, 1), solo("old", 1510, 2)},
			[]string{"a[a]b[old]"}},
		"out of the window": {duel(skill), []Ticket{solo("a", 1500, 3), solo("b", 1601, 2)}, nil},
		"both windows count": {duel(skill), []Ticket{solo("a", 1500, 10*time.Second), solo("b", 1650, time.Second)},
			nil},
		"both windows are wide": {duel(skill), []Ticket{solo("a", 1500, 10*time.Second), solo("b", 1650, 11*time.Second)},
			[]string{"a[b]b[a]"}},
		"equality":          {duel(mode), []Ticket{text("a", "ctf"), text("b", "dm"), text("c", "ctf")}, []string{"a[a]b[c]"}},
		"overlap":           {duel(overlap), []Ticket{maps("a", 3, "x", "y"), maps("b", 2, "y", "z"), maps("c", 1, "y", "x")}, []string{"a[a]b[c]"}},
		"overlap, loosened": {duel(overlap), []Ticket{maps("a", 11*time.Second, "x", "y"), maps("b", 10*time.Second, "y", "z")}, []string{"a[a]b[b]"}},
		"latency":           {regional, []Ticket{ping("a", 3, 50, 300), ping("b", 2, 300, 50), ping("c", 1, 60, 55)}, []string{"a[a]b[c] in eu"}},
		"latency, loosened": {regional, []Ticket{ping("a", 11*time.Second, 50, 300), ping("b", 10*time.Second, 140, 50)}, []string{"a[a]b[b] in eu"}},
		"a region's own limit": {regional, []Ticket{ping("a", 11*time.Second, 201, 300), ping("b", 10*time.Second, 201, 300)},
			nil},
		"optional rule": {duel(Rule{Name: "mode", Type: Equality, Attribute: "mode", Weight: 1}), []Ticket{text("a", "ctf"), text("b", "dm"), text("c", "ctf")}, []string{"a[a]b[c]"}},
		"optional rule, no other ticket": {duel(Rule{Name: "mode", Type: Equality, Attribute: "mode", Weight: 1}), []Ticket{text("a", "ctf"), text("b", "dm")},
			[]string{"a[a]b[b]"}},
		"full teams first":          {big, []Ticket{party("a", 2, 19*time.Second), party("b", 2, 1)}, nil},
		"then fewer":                {big, []Ticket{party("a", 2, 20*time.Second), party("b", 2, 1)}, []string{"a[a]b[b]"}},
		"too few":                   {big, []Ticket{party("a", 2, time.Minute), party("b", 1, 1)}, nil},
		"parties are seated":        {big, []Ticket{party("a", 2, 9), party("b", 2, 8), party("c", 2, 7), party("d", 1, 6), party("e", 1, 5)}, []string{"a[a d]b[b e]"}},
		"another order fits":        {big, []Ticket{party("a", 1, 9), party("b", 1, 8), party("c", 1, 7), party("d", 3, 6)}, []string{"a[a b c]b[d]"}},
		"a party stays together":    {big, []Ticket{party("a", 4, time.Minute), party("b", 2, 1)}, nil},
		"sizes do not mix":          {strict, []Ticket{party("a", 2, time.Minute), party("b", 1, 2), party("c", 2, 1)}, []string{"a[a]b[c]"}},
		"strong and weak are mixed": {balanced, []Ticket{solo("a", 100, 4), solo("b", 90, 3), solo("c", 10, 2), solo("d", 0, 1)}, []string{"a[b c]b[a d]"}},
		"no balance":                {balanced, []Ticket{solo("a", 1000, 4), solo("b", 0, 3), solo("c", 0, 2), solo("d", 0, 1)}, nil},
		"narrow windows do not block": {Queue{Teams: teams(2, 2, 2), MixSizes: true, Rules: []Rule{skill}, PreferFullFor: time.Minute},
			[]Ticket{solo("a", 1000, 14*time.Second), solo("near", 990, 0), solo("b", 1200, 13*time.Second), solo("c", 1250, 12*time.Second), solo("d", 1280, 11*time.Second)},
			[]string{"a[a c]b[b d]"}},
	} {
		t.Run(name, func(t *testing.T) {
			if d := cmp.Diff(tc.want, describe(Match(tc.tickets, nil, tc.queue, t0))); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func TestBackfill(t *testing.T) {
	running := Backfill{Ticket: Ticket{ID: "m1", EnqueuedAt: t0.Add(-time.Minute), Numbers: map[string]float64{"skill": 1500}}, Open: map[string]int{"b": 1}}
	waiting := []Ticket{solo("a", 1500, 2), solo("far", 3000, 3), solo("c", 1510, 1)}
	q := duel(skill)
	if d := cmp.Diff([]string{"a[]b[a] into m1"}, describe(Match(waiting, []Backfill{running}, q, t0))); d != "" {
		t.Errorf("backfill first (-want +got):\n%s", d)
	}
	q.NewFirst = true
	if d := cmp.Diff([]string{"a[a]b[c]"}, describe(Match(waiting, []Backfill{running}, q, t0))); d != "" {
		t.Errorf("new first (-want +got):\n%s", d)
	}
	q.NewFirst, running.Barred = false, map[string]bool{"a": true}
	if d := cmp.Diff([]string{"a[]b[c] into m1"}, describe(Match(waiting, []Backfill{running}, q, t0))); d != "" {
		t.Errorf("a is barred (-want +got):\n%s", d)
	}
	running.Open = nil
	if got := Match(waiting[:1], []Backfill{running}, q, t0); len(got) != 0 {
		t.Errorf("no open place: %v, want none", describe(got))
	}
}

// A party that does not fit does not keep other tickets out, and optional rules count.
func TestBackfillOfOnePlace(t *testing.T) {
	q := Queue{Teams: teams(2, 2, 2), MixSizes: true, PreferFullFor: time.Minute, Rules: []Rule{{Name: "mode", Type: Equality, Attribute: "mode", Weight: 1}}}
	running := Backfill{Ticket: Ticket{ID: "m1", EnqueuedAt: t0, Texts: map[string]string{"mode": "ctf"}}, Open: map[string]int{"b": 1}}
	var waiting []Ticket
	for i := range 100 {
		waiting = append(waiting, Ticket{ID: fmt.Sprint("p", i), Size: 2, EnqueuedAt: t0.Add(-time.Second)})
	}
	other, one := solo("other", 0, time.Millisecond), solo("one", 0, 0)
	other.Texts, one.Texts = map[string]string{"mode": "dm"}, map[string]string{"mode": "ctf"}
	if got := describe(Match(append(waiting, other, one), []Backfill{running}, q, t0)); len(got) == 0 || got[0] != "a[]b[one] into m1" {
		t.Errorf("got %v, want one into m1 first", got)
	}
}

func TestBackfillStaysInItsRegion(t *testing.T) {
	q := duel(Rule{Name: "ping", Type: Latency, Value: 60, Required: true})
	q.Regions = []Region{{"eu", 200}, {"us", 200}}
	near := solo("near", 0, 1)
	near.Latencies = map[string]float64{"eu": 20, "us": 300}
	far := solo("far", 0, 2)
	far.Latencies = map[string]float64{"eu": 300, "us": 20}
	running := Backfill{Ticket: Ticket{ID: "m1", EnqueuedAt: t0}, Open: map[string]int{"a": 1}, Region: "eu"}
	if d := cmp.Diff([]string{"a[near]b[] in eu into m1"}, describe(Match([]Ticket{near, far}, []Backfill{running}, q, t0))); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}
