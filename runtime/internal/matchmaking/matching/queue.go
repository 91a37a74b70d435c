package matching

import (
	"cmp"
	"slices"
	"time"
)

// RuleType is how a rule judges a match.
type RuleType string

// The types of rules.
const (
	// Distance: numbers differ by at most the value.
	Distance RuleType = "Distance"
	// Equality: values are the same.
	Equality RuleType = "Equality"
	// SetOverlap: sets have at least so many members in common.
	SetOverlap RuleType = "SetOverlap"
	// Latency: there is a region to which everyone has at most so many milliseconds.
	Latency RuleType = "Latency"
	// TeamBalance: the teams' averages differ by at most the value.
	TeamBalance RuleType = "TeamBalance"
)

// Queue is what a match looks like and how it is found.
type Queue struct {
	Teams []Team
	// MixSizes lets tickets of different sizes meet.
	MixSizes bool
	Rules    []Rule
	Regions  []Region
	// PreferFullFor is how long only full teams will do.
	PreferFullFor time.Duration
	// NewFirst uses tickets for new matches before they fill running ones.
	NewFirst bool
}

// ofOnes tells whether every team is a single player.
func (q *Queue) ofOnes() bool {
	return !slices.ContainsFunc(q.Teams, func(t Team) bool { return t.Max > 1 })
}

// Team is one side of a match, with the bounds of its players.
type Team struct {
	Name     string
	Min, Max int
}

// Rule judges whether tickets belong together.
type Rule struct {
	Name string
	Type RuleType
	// Attribute is the one that is judged; "" for Latency.
	Attribute string
	Value     float64
	// Required rules have to hold; the others are wishes by their weight.
	Required bool
	Weight   float64
	// Expand loosens the rule, in order of rising After.
	Expand []Step
}

// Step is a value that a rule has after a wait.
type Step struct {
	After time.Duration
	Value float64
}

// window is the value of a rule for a ticket that has waited so long.
func (r Rule) window(waited time.Duration) float64 {
	value := r.Value
	for _, s := range r.Expand {
		if waited >= s.After {
			value = s.Value
		}
	}
	return value
}

// Region is where a match may run; nobody with more than MaxLatency milliseconds
// plays there, whatever the rules say.
type Region struct {
	Name       string
	MaxLatency float64
}

// Ticket is a party that waits.
type Ticket struct {
	ID string
	// Size is how many players it has; at least 1.
	Size       int
	EnqueuedAt time.Time
	// Attempt is how often a match with it has come to nothing; among equally old
	// tickets the more tried goes first.
	Attempt int
	Numbers map[string]float64
	Texts   map[string]string
	Sets    map[string][]string
	// Latencies are milliseconds by region.
	Latencies map[string]float64
	// Apart are the ids of other tickets that share a player with this one. They are never
	// in one run's proposals together. Both tickets of a pair name each other.
	Apart []string
}

// before orders tickets: the oldest first. No two are equal.
func before(a, b *Ticket) int {
	if c := a.EnqueuedAt.Compare(b.EnqueuedAt); c != 0 {
		return c // most often
	}
	return cmp.Or(cmp.Compare(b.Attempt, a.Attempt), cmp.Compare(a.ID, b.ID))
}

// Backfill is a running match with open places.
type Backfill struct {
	// Ticket stands for those who play already: its numbers are their mean, and so on.
	// EnqueuedAt is when the places became open; Size is not used.
	Ticket
	// Open are the free places by team.
	Open map[string]int
	// Region is where the match runs; "" when it is nowhere in particular.
	Region string
	// Barred are tickets that may not come in, by id.
	Barred map[string]bool
}

// Proposal is a match that could be made.
type Proposal struct {
	// Teams are in the queue's order.
	Teams []Side
	// Region is where everyone has the lowest latency, as far as the worst off are
	// concerned; "" when the queue has no regions.
	Region string
	// Backfill is the running match that this fills; "" for a new one.
	Backfill string
	// Spread is how far apart the tickets are by the first Distance rule; 0 without.
	Spread float64
}

// Side is one team of a proposal.
type Side struct {
	Name    string
	Tickets []string
}

// Tickets are all that are in a proposal, sorted.
func (p Proposal) Tickets() []string {
	var all []string
	for _, side := range p.Teams {
		all = append(all, side.Tickets...)
	}
	slices.Sort(all)
	return all
}
