package v1alpha1

import (
	"math"

	"k8s.io/apimachinery/pkg/util/validation/field"

	realtime "github.com/anteroom/anteroom/api/v1alpha1"
)

// Bounds of a PolicySet.
const (
	// MaxLobbyPolicies is how many lobby policies a set may have.
	MaxLobbyPolicies = 1000
	// MaxQueues is how many matchmaking queues a set may have.
	MaxQueues = 1000
)

// Validate returns every problem of the set, and an empty list when there is
// none. The API server has validated the specs; what is checked here is what only
// shows when they come together, and what a server must be able to read.
func (p *PolicySet) Validate() field.ErrorList {
	var problems field.ErrorList
	problems = append(problems, validateType(p.TypeMeta, KindPolicySet)...)
	problems = append(problems, p.Limits.validate(field.NewPath("limits"))...)
	problems = append(problems, validateLobbies(field.NewPath("lobbies"), p.Lobbies)...)
	problems = append(problems, validateQueues(field.NewPath("queues"), p.Queues)...)
	if want := p.ComputeRevision(); p.Revision != want {
		problems = append(problems, field.Invalid(field.NewPath("revision"), p.Revision, "must be "+want+", the hash of this content"))
	}
	return problems
}

func (l Limits) validate(at *field.Path) field.ErrorList {
	problems := count(at.Child("connectionsPerPod"), l.ConnectionsPerPod)
	problems = append(problems, count(at.Child("connectsPerSecond"), l.ConnectsPerSecond)...)
	problems = append(problems, count(at.Child("connectionsPerUser"), l.ConnectionsPerUser)...)
	return append(problems, l.PerConnection.validate(at.Child("perConnection"))...)
}

func (l ConnectionLimits) validate(at *field.Path) field.ErrorList {
	problems := count(at.Child("eventsPerSecond"), l.EventsPerSecond)
	problems = append(problems, count(at.Child("burst"), l.Burst)...)
	problems = append(problems, oneTo(at.Child("outboundBytes"), l.OutboundBytes, math.MaxInt32)...)
	return append(problems, count(at.Child("subscriptions"), l.Subscriptions)...)
}

func count(at *field.Path, value int) field.ErrorList {
	return oneTo(at, int64(value), math.MaxInt32)
}

func validateLobbies(at *field.Path, lobbies []LobbyPolicy) field.ErrorList {
	var problems field.ErrorList
	if len(lobbies) > MaxLobbyPolicies {
		problems = append(problems, field.TooMany(at, len(lobbies), MaxLobbyPolicies))
	}
	names, types := map[string]bool{}, map[string]bool{}
	for i, l := range lobbies {
		problems = append(problems, unique(at.Index(i).Child("name"), l.Name, names)...)
		problems = append(problems, unique(at.Index(i).Child("spec", "lobbyType"), l.Spec.LobbyType, types)...)
		for j, a := range l.Spec.Attributes {
			problems = append(problems, validateAttribute(at.Index(i).Child("spec", "attributes").Index(j), a)...)
		}
	}
	return problems
}

// validateAttribute checks that what is written as text can be read as numbers
// and switches.
func validateAttribute(at *field.Path, a realtime.LobbyAttribute) field.ErrorList {
	var problems field.ErrorList
	number := func(at *field.Path, text string) {
		if _, err := realtime.Decimal(text).Float64(); err != nil {
			problems = append(problems, field.Invalid(at, text, "must be a number"))
		}
	}
	if a.Min != "" {
		number(at.Child("min"), string(a.Min))
	}
	if a.Max != "" {
		number(at.Child("max"), string(a.Max))
	}
	switch {
	case a.Default == nil:
	case a.Type == realtime.LobbyAttributeNumber:
		number(at.Child("default"), *a.Default)
	case a.Type == realtime.LobbyAttributeBoolean && *a.Default != "true" && *a.Default != "false":
		problems = append(problems, field.NotSupported(at.Child("default"), *a.Default, []string{"true", "false"}))
	}
	return problems
}

func validateQueues(at *field.Path, queues []MatchmakingQueue) field.ErrorList {
	var problems field.ErrorList
	if len(queues) > MaxQueues {
		problems = append(problems, field.TooMany(at, len(queues), MaxQueues))
	}
	names := map[string]bool{}
	for i, q := range queues {
		problems = append(problems, unique(at.Index(i).Child("name"), q.Name, names)...)
	}
	return problems
}

// unique checks a name that must be there, and is not in seen; then puts it in.
func unique(at *field.Path, name string, seen map[string]bool) field.ErrorList {
	if name == "" {
		return field.ErrorList{field.Required(at, "must not be empty")}
	}
	if seen[name] {
		return field.ErrorList{field.Duplicate(at, name)}
	}
	seen[name] = true
	return nil
}
