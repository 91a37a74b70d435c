package matching

import (
	"cmp"
	"slices"
	"time"
)

// RuleType is the type of a rule.
type RuleType string

// The types of rules.
const (
	// Distance: numbers differ by at most the value.
	Distance RuleType = "Distance"
	// Equality: values are equal.
	Equality RuleType = "Equality"
	// SetOverlap: all sets have at least the value's number of members in common.
	SetOverlap RuleType = "SetOverlap"
	// Latency: some region has a latency of at most the value's milliseconds for all
	// players.
	Latency RuleType = "Latency"
	// TeamBalance: the teams' averages differ by at most the value.
	TeamBalance RuleType = "TeamBalance"
)

// Queue is the shape of a queue's matches and the rules to find them.
type Queue struct {
	Teams []Team
	// MixSizes allows tickets of different sizes in a match.
	MixSizes bool
	Rules    []Rule
	Regions  []Region
	// PreferFullFor is the wait of the oldest ticket before teams may be smaller than Max.
	PreferFullFor time.Duration
	// NewFirst makes new matches before it fills running matches.
	NewFirst bool
}

// ofOnes reports whether every team is a single player.
func (q *Queue) ofOnes() bool {
	return !slices.ContainsFunc(q.Teams, func(t Team) bool { return t.Max > 1 })
}

// Team is one team of a match, with the bounds of its players.
type Team struct {
	Name     string
	Min, Max int
}

// Rule compares the tickets of a match.
type Rule struct {
	Name string
	Type RuleType
	// Attribute is the compared attribute; "" for Latency.
	Attribute string
	Value     float64
	// Required rules must hold; the others order candidates by their weight.
	Required bool
	Weight   float64
	// Expand loosens the rule, in order of increasing After.
	Expand []Step
}

// Step is the value of a rule after a wait.
type Step struct {
	After time.Duration
	Value float64
}

// window returns the value of a rule for a ticket with a wait.
func (r Rule) window(waited time.Duration) float64 {
	value := r.Value
	for _, s := range r.Expand {
		if waited >= s.After {
			value = s.Value
		}
	}
	return value
}

// Region is a place where a match may run. It is excluded for players with a latency of
// more than MaxLatency milliseconds, whatever the rules say.
type Region struct {
	Name       string
	MaxLatency float64
}

// Ticket is a waiting party.
type Ticket struct {
	ID string
	// Size is the number of its players; at least 1.
	Size       int
	EnqueuedAt time.Time
	// Attempt counts the failed proposals of the ticket; among equally old tickets a higher
	// Attempt comes first.
	Attempt int
	Numbers map[string]float64
	Texts   map[string]string
	Sets    map[string][]string
	// Latencies are milliseconds by region.
	Latencies map[string]float64
	// Apart are the ids of other tickets that share a player with this ticket. The
	// proposals of one run never contain both. Both tickets of a pair list each other.
	Apart []string
}

// before orders tickets, the oldest first. No two tickets are equal.
func before(a, b *Ticket) int {
	if c := a.EnqueuedAt.Compare(b.EnqueuedAt); c != 0 {
		return c // the usual case
	}
	return cmp.Or(cmp.Compare(b.Attempt, a.Attempt), cmp.Compare(a.ID, b.ID))
}

// Backfill is a running match with open places.
type Backfill struct {
	// Ticket represents the present players: its numbers are their means, and so on.
	// EnqueuedAt is the time at which the places opened; Size is not used.
	Ticket
	// Open are the free places by team.
	Open map[string]int
	// Region is the region where the match runs; "" for none.
	Region string
	// Barred are the ids of tickets that may not join.
	Barred map[string]bool
}

// Candidate is a possible match.
type Candidate struct {
	// Teams are in the queue's order.
	Teams []Side
	// Region is the region with the lowest highest latency among the players; "" when the
	// queue has no regions.
	Region string
	// Backfill is the running match that the proposal fills; "" for a new match.
	Backfill string
	// Spread is the range of the tickets' numbers by the first Distance rule; 0 without.
	Spread float64
}

// Side is one team of a proposal.
type Side struct {
	Name    string
	Tickets []string
}

// Tickets returns the ids of all tickets of a proposal, sorted.
func (p Candidate) Tickets() []string {
	var all []string
	for _, side := range p.Teams {
		all = append(all, side.Tickets...)
	}
	slices.Sort(all)
	return all
}
