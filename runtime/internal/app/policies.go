package app

import (
	"log/slog"
	"maps"
	"slices"
	"sync/atomic"

	"github.com/anteroom/anteroom/api/config/v1alpha1"
	"github.com/anteroom/anteroom/runtime/internal/core/text"
	"github.com/anteroom/anteroom/runtime/internal/domain/chat"
	lobbyrules "github.com/anteroom/anteroom/runtime/internal/domain/lobby/rules"
	"github.com/anteroom/anteroom/runtime/internal/domain/matchmaking"
	"github.com/anteroom/anteroom/runtime/internal/edge/session"
)

// policies are the rules in force, in the form that the parts of the server read
// them. They are replaced as a whole, so that nobody sees half of a set.
type policies struct {
	current atomic.Pointer[ruleset]
	// secrets is the folder with the keys that policies name.
	secrets string
	hooks   *hooks
	// claims receives the token claims that the queues use.
	claims *claimNames
	log    *slog.Logger
}

type ruleset struct {
	queues   map[string]matchmaking.Queue
	lobbies  map[string]lobbyrules.Policy // by lobby type
	filters  map[string][]chat.Filter     // of their chats
	fields   map[string]map[text.Kind][]text.FieldFilter
	limits   session.Limits
	outbound int64
	revision string
}

func newPolicies(set *v1alpha1.PolicySet, secrets string, hooks *hooks, claims *claimNames, log *slog.Logger) *policies {
	p := &policies{secrets: secrets, hooks: hooks, claims: claims, log: log}
	p.apply(set)
	return p
}

// apply puts a set into force.
func (p *policies) apply(set *v1alpha1.PolicySet) {
	rules := &ruleset{
		lobbies:  make(map[string]lobbyrules.Policy, len(set.Lobbies)),
		queues:   p.queues(set),
		filters:  make(map[string][]chat.Filter, len(set.Lobbies)),
		fields:   map[string]map[text.Kind][]text.FieldFilter{},
		limits:   sessionLimits(set),
		outbound: set.Limits.PerConnection.OutboundBytes,
		revision: set.Revision,
	}
	for _, l := range set.Lobbies {
		rules.lobbies[l.Spec.LobbyType] = lobbyPolicy(l)
		messages, fields := chatFilters(l, p.secrets, p.hooks, p.log)
		rules.filters[l.Spec.LobbyType] = messages
		if len(fields) > 0 {
			rules.fields[l.Spec.LobbyType] = fields
		}
	}
	p.claims.set(rules.queues)
	p.current.Store(rules)
}

// Policy implements lobby.Policies.
func (p *policies) Policy(lobbyType string) (lobbyrules.Policy, bool) {
	found, ok := p.current.Load().lobbies[lobbyType]
	return found, ok
}

// lobbyTypes are those that have a policy, sorted.
func (p *policies) lobbyTypes() []string { return slices.Sorted(maps.Keys(p.current.Load().lobbies)) }

// filters are those of the chats of a lobby type. They hold for all lobbies at once,
// also for those that keep the rest of the policy that they were made with.
func (p *policies) filters(lobbyType string) []chat.Filter {
	return p.current.Load().filters[lobbyType]
}

// Screens implements screening.Policies.
func (p *policies) Screens() bool { return len(p.current.Load().fields) > 0 }

// FieldFilters implements screening.Policies.
func (p *policies) FieldFilters(lobbyType string, kind text.Kind) []text.FieldFilter {
	return p.current.Load().fields[lobbyType][kind]
}

func (p *policies) limits() session.Limits { return p.current.Load().limits }

// outboundBytes is how much may wait for one client.
func (p *policies) outboundBytes() int64 { return p.current.Load().outbound }

func (p *policies) revision() string { return p.current.Load().revision }

func sessionLimits(set *v1alpha1.PolicySet) session.Limits {
	l := set.Limits
	return session.Limits{
		Connections:        l.ConnectionsPerPod,
		ConnectionsPerUser: l.ConnectionsPerUser,
		ConnectsPerSecond:  l.ConnectsPerSecond,
		EventsPerSecond:    l.PerConnection.EventsPerSecond,
		Burst:              l.PerConnection.Burst,
		Subscriptions:      l.PerConnection.Subscriptions,
		OutboundBytes:      l.PerConnection.OutboundBytes,
		PolicyRevision:     set.Revision,
	}
}
