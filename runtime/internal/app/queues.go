package app

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/anteroom/anteroom/api/config/v1alpha1"
	realtime "github.com/anteroom/anteroom/api/v1alpha1"
	"github.com/anteroom/anteroom/runtime/internal/lobby"
	"github.com/anteroom/anteroom/runtime/internal/matchmaking"
	"github.com/anteroom/anteroom/runtime/internal/matchmaking/matching"
	"github.com/anteroom/anteroom/runtime/wire"
)

// queues turns the queues of a set into those that matchmaking goes by. Those that
// this server cannot serve are left out, and told.
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

// queueOf turns a queue as the operator renders it, with the API server's defaults
// filled in and validated, into the one that matchmaking goes by; fault says why not.
func queueOf(q v1alpha1.MatchmakingQueue, lobbyTypes map[string]string) (queue matchmaking.Queue, fault string) {
	s := q.Spec
	if s.Handoff.Type != realtime.HandoffLobby || s.Handoff.LobbyPolicyRef == nil {
		return queue, "this server hands matches over to lobbies only"
	}
	lobbyType, known := lobbyTypes[s.Handoff.LobbyPolicyRef.Name]
	if !known {
		return queue, "there is no LobbyPolicy " + s.Handoff.LobbyPolicyRef.Name
	}
	queue = matchmaking.Queue{
		Name: q.Name, Revision: q.Revision(), Match: matchOf(s),
		Interval: s.Timing.Interval.Duration, TicketTTL: s.Timing.TicketTTL.Duration,
		ReadyCheck: matchmaking.ReadyCheck{
			Enabled: s.ReadyCheck.Enabled, Timeout: s.ReadyCheck.Timeout.Duration,
			Cooldown: s.ReadyCheck.DeclineCooldown.Duration, Requeue: matchmaking.Requeue(s.ReadyCheck.Requeue),
		},
		Handoff:  matchmaking.Handoff{LobbyType: lobbyType, Timeout: s.Handoff.Timeout.Duration},
		Estimate: on(s.Expose.Estimate), Population: matchmaking.Population(s.Expose.Population),
		TicketsPerUser: int(s.Limits.TicketsPerUser), MaxTickets: int(s.Limits.MaxTickets),
	}
	if s.Party.Max != nil {
		queue.PartyMax = int(*s.Party.Max)
	}
	for _, a := range s.Attributes {
		if a.Source == realtime.SourceToken {
			return queue, "this server takes no attributes from tokens: " + a.Name
		}
		queue.Attributes = append(queue.Attributes, matchmaking.Attribute{
			Name: a.Name, Type: matchmaking.AttributeType(a.Type), Default: a.Default,
		})
	}
	return queue, ""
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

// decimal is the number that the API server has checked; "" is 0.
func decimal(d realtime.Decimal) float64 {
	n, _ := strconv.ParseFloat(string(d), 64)
	return n
}

// lobbyPlaces makes the places of matches: a lobby of the queue's type.
type lobbyPlaces struct{ lobbies *lobby.Service }

// Make implements matchmaking.Places.
func (p lobbyPlaces) Make(ctx context.Context, q matchmaking.Queue, r matchmaking.Round) (wire.MMHandoff, error) {
	cmd := lobby.SeatCommand{}
	for _, side := range r.Teams {
		var team []lobby.Actor
		for _, player := range side.Players {
			team = append(team, lobby.Actor{ID: player.ID, Name: player.Name})
		}
		cmd.Teams = append(cmd.Teams, team)
	}
	l, err := p.lobbies.Seated(ctx, q.Handoff.LobbyType, r.ID, cmd)
	var refusal *wire.Error
	if errors.As(err, &refusal) {
		return wire.MMHandoff{}, errors.Join(errors.New("the LobbyPolicy does not take this match"), err)
	}
	return wire.MMHandoff{Type: "lobby", LobbyID: l.ID}, err
}
