package app

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/anteroom/anteroom/api/config/v1alpha1"
	realtime "github.com/anteroom/anteroom/api/v1alpha1"
	"github.com/anteroom/anteroom/runtime/internal/domain/matchmaking"
	"github.com/anteroom/anteroom/runtime/internal/domain/matchmaking/matching"
)

// queues converts the queues of a set into the form of matchmaking. Queues that this server
// cannot serve are left out and logged.
func (p *policies) queues(set *v1alpha1.PolicySet) map[string]matchmaking.Queue {
	types := map[string]string{} // lobby types by the name of their policy
	for _, l := range set.Lobbies {
		types[l.Name] = l.Spec.LobbyType
	}
	all := map[string]matchmaking.Queue{}
	for _, q := range set.Queues {
		queue, fault := queueOf(q, types)
		if fault != "" {
			p.log.Warn("a queue is not served", "queue", q.Name, "reason", fault)
			continue
		}
		if q.Spec.Backfill.Enabled && !queue.Backfill {
			p.log.Warn("open places are filled in lobbies only: the backfill of this queue is ignored", "queue", q.Name)
		}
		all[q.Name] = queue
	}
	return all
}

// Queue implements matchmaking.Queues.
func (p *policies) Queue(name string) (matchmaking.Queue, bool) {
	q, known := p.current.Load().queues[name]
	return q, known
}

// Queues implements matchmaking.Queues.
func (p *policies) Queues() []matchmaking.Queue {
	queues := p.current.Load().queues
	all := slices.Collect(maps.Values(queues))
	slices.SortFunc(all, func(a, b matchmaking.Queue) int { return cmp.Compare(a.Name, b.Name) })
	return all
}

// queueOf converts a rendered queue, validated and with the API server's defaults, into the form
// of matchmaking; fault is the reason why this server cannot serve it.
func queueOf(q v1alpha1.MatchmakingQueue, lobbyTypes map[string]string) (queue matchmaking.Queue, fault string) {
	s := q.Spec
	handoff, fault := handoffOf(s.Handoff, lobbyTypes)
	if fault != "" {
		return queue, fault
	}
	for _, r := range s.Rules {
		// An absent value must not become 0, the strictest: nobody would be matched.
		if _, err := r.Value.Float64(); err != nil && r.Type != realtime.RuleEquality {
			return queue, "rule " + r.Name + " has no value"
		}
	}
	queue = matchmaking.Queue{
		Name: q.Name, Revision: q.Revision(), Match: matchOf(s),
		Interval: s.Timing.Interval.Duration, TicketTTL: s.Timing.TicketTTL.Duration,
		ReadyCheck: matchmaking.ReadyCheck{
			Enabled: s.ReadyCheck.Enabled, Timeout: s.ReadyCheck.Timeout.Duration,
			Cooldown: s.ReadyCheck.DeclineCooldown.Duration, Requeue: matchmaking.Requeue(s.ReadyCheck.Requeue),
		},
		Handoff: handoff, Backfill: s.Backfill.Enabled && handoff.LobbyType != "",
		Estimate: on(s.Expose.Estimate), Population: matchmaking.Population(s.Expose.Population),
		TicketsPerUser: int(s.Limits.TicketsPerUser), MaxTickets: int(s.Limits.MaxTickets),
	}
	if s.Party.Max != nil {
		queue.PartyMax = int(*s.Party.Max)
	}
	for _, a := range s.Attributes {
		queue.Attributes = append(queue.Attributes, matchmaking.Attribute{
			Name: a.Name, Type: matchmaking.AttributeType(a.Type), FromToken: a.Source == realtime.SourceToken, Default: a.Default,
		})
	}
	return queue, ""
}

func handoffOf(h realtime.HandoffSpec, lobbyTypes map[string]string) (handoff matchmaking.Handoff, fault string) {
	handoff = matchmaking.Handoff{URL: h.URL, Agones: h.Type == realtime.HandoffAgones, Timeout: h.Timeout.Duration}
	switch {
	case h.SecretRef != nil:
		handoff.SecretFile = v1alpha1.PolicySecretFile(*h.SecretRef)
	case h.LobbyPolicyRef != nil:
		handoff.LobbyType = lobbyTypes[h.LobbyPolicyRef.Name]
		if handoff.LobbyType == "" {
			return handoff, "there is no LobbyPolicy " + h.LobbyPolicyRef.Name
		}
	}
	return handoff, ""
}

func matchOf(s realtime.MatchmakingQueueSpec) matching.Queue {
	m := matching.Queue{
		MixSizes: on(s.Party.MixSizes), PreferFullFor: s.Timing.PreferFullFor.Duration,
		NewFirst: s.Backfill.Prefer == realtime.PreferNew,
	}
	for _, t := range s.Teams {
		m.Teams = append(m.Teams, matching.Team{Name: t.Name, Min: int(t.Min), Max: int(t.Max)})
	}
	for _, r := range s.Regions {
		m.Regions = append(m.Regions, matching.Region{
			Name: r.Name, MaxLatency: float64(r.MaxLatency.Duration) / float64(time.Millisecond),
		})
	}
	for _, r := range s.Rules {
		rule := matching.Rule{
			Name: r.Name, Type: matching.RuleType(r.Type), Attribute: r.Attribute,
			Value: decimal(r.Value), Required: on(r.Required), Weight: float64(r.Weight),
		}
		for _, e := range r.Expand {
			rule.Expand = append(rule.Expand, matching.Step{After: e.After.Duration, Value: decimal(e.Value)})
		}
		m.Rules = append(m.Rules, rule)
	}
	return m
}

// decimal is the number that the API server has checked; "" is 0, which only a rule
// without a value has: see [queueOf].
func decimal(d realtime.Decimal) float64 {
	n, _ := strconv.ParseFloat(string(d), 64)
	return n
}
