package matchmaking

import (
	"fmt"
	"maps"
	"slices"

	"github.com/anteroom/anteroom/runtime/internal/domain/matchmaking/matching"
	"github.com/anteroom/anteroom/runtime/wire"
)

// checkDeclared refuses an attribute that no queue declares. The matcher would ignore it, and a
// misspelt attribute would get its default.
func checkDeclared(queues []Queue, attributes map[string]any) error {
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		known := slices.ContainsFunc(queues, func(q Queue) bool {
			return slices.ContainsFunc(q.Attributes, func(a Attribute) bool { return a.Name == name })
		})
		if !known {
			return wire.Invalid("attributes."+name, "no queue of this request declares this attribute")
		}
	}
	return nil
}

// checkFeasible refuses a ticket that can never be matched in a queue, however long it waits: it
// has too few members for a required SetOverlap, or no region within the queue's latency
// limits.
func (t Ticket) checkFeasible(q Queue) error {
	for _, r := range q.Match.Rules {
		if !r.Required || r.Type != matching.SetOverlap {
			continue
		}
		least := r.Value
		for _, step := range r.Expand {
			least = min(least, step.Value)
		}
		if have := len(t.Sets[r.Attribute]); float64(have) < least {
			return wire.Invalid("attributes."+r.Attribute, fmt.Sprintf("queue %s needs at least %v members in common, and the ticket has %d", q.Name, least, have))
		}
	}
	if len(q.Match.Regions) > 0 && !slices.ContainsFunc(q.Match.Regions, t.reachable(q)) {
		return wire.Invalid("latencies", fmt.Sprintf("queue %s allows none of these latencies", q.Name))
	}
	return nil
}

// reachable reports whether a ticket may be matched in a region once the queue's required
// Latency rules have widened most.
func (t Ticket) reachable(q Queue) func(matching.Region) bool {
	return func(region matching.Region) bool {
		latency, known := t.Latencies[region.Name]
		if !known || region.MaxLatency > 0 && latency > region.MaxLatency {
			return false
		}
		for _, r := range q.Match.Rules {
			if !r.Required || r.Type != matching.Latency {
				continue
			}
			most := r.Value
			for _, step := range r.Expand {
				most = max(most, step.Value)
			}
			if latency > most {
				return false
			}
		}
		return true
	}
}
