package desired

import (
	"cmp"
	"fmt"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	configv1 "github.com/anteroom/anteroom/api/config/v1alpha1"
	"github.com/anteroom/anteroom/api/v1alpha1"
)

// Problem says why an object does not apply, or will stop to apply. Other objects are not affected.
type Problem struct {
	// Warning reports that the object still applies.
	Warning bool
	// Kind and Name identify the faulty object.
	Kind string
	Name string
	// Reason is a word in CamelCase, for a condition.
	Reason string
	// Field is the path of the faulty field.
	Field string
	// Message states the problem and its remedy.
	Message string
}

// The reasons of problems.
const (
	ReasonDuplicateLobbyType = "DuplicateLobbyType"
	ReasonLobbyPolicyMissing = "LobbyPolicyMissing"
	ReasonInvalidSelector    = "InvalidSelector"
	ReasonTooMany            = "TooMany"
	ReasonTooLarge           = "TooLarge"
	ReasonReferenceMissing   = "ReferenceMissing"
	ReasonReferenceInvalid   = "ReferenceInvalid"
	ReasonSecretBarred       = "SecretBarred"
)

// PolicySet renders the configuration that the cluster's servers apply while they run: its
// limits, and the policies and queues of its namespace that name the cluster and match its
// policySelector. The words of ConfigMaps are merged into the filters. Invalid objects are left
// out and listed in the problems; of too many or too large objects the oldest apply. Found is nil
// when references were not resolved.
func PolicySet(c *v1alpha1.RealtimeCluster, policies []v1alpha1.LobbyPolicy, queues []v1alpha1.MatchmakingQueue, found *References) (*configv1.PolicySet, []Problem) {
	set := &configv1.PolicySet{
		TypeMeta: metav1.TypeMeta{APIVersion: configv1.APIVersion, Kind: configv1.KindPolicySet},
		Limits:   limits(c.Spec.Limits),
	}
	picks, problems := selector(c)
	m := merger{cluster: c, picks: picks, refs: resolver{found: found, files: map[string]bool{}}, room: room{left: MaxPolicySetBytes}}
	var more []Problem
	set.Lobbies, more = m.lobbies(policies)
	problems = append(problems, more...)
	set.Queues, more = m.queues(queues, set.Lobbies)
	problems = append(problems, more...)
	problems = append(problems, m.refs.warnings...)
	set.Revision = set.ComputeRevision()
	return set, problems
}

func limits(l v1alpha1.LimitsSpec) configv1.Limits {
	return configv1.Limits{
		ConnectionsPerPod:  int(l.ConnectionsPerPod),
		ConnectsPerSecond:  int(l.ConnectsPerSecond),
		ConnectionsPerUser: int(l.ConnectionsPerUser),
		PerConnection: configv1.ConnectionLimits{
			EventsPerSecond: int(l.PerConnection.EventsPerSecond),
			Burst:           int(l.PerConnection.Burst),
			OutboundBytes:   l.PerConnection.OutboundBytes.Value(),
			Subscriptions:   int(l.PerConnection.Subscriptions),
		},
	}
}

// selector parses the cluster's policySelector. An invalid selector matches nothing, so that no
// object applies by mistake.
func selector(c *v1alpha1.RealtimeCluster) (labels.Selector, []Problem) {
	if c.Spec.PolicySelector == nil {
		return labels.Everything(), nil
	}
	picks, err := metav1.LabelSelectorAsSelector(c.Spec.PolicySelector.Standard())
	if err != nil {
		return labels.Nothing(), []Problem{{
			Kind: v1alpha1.KindRealtimeCluster, Name: c.Name,
			Reason: ReasonInvalidSelector, Field: "spec.policySelector", Message: err.Error(),
		}}
	}
	return picks, nil
}

// Selects returns whether the cluster's policySelector matches an object, as a function.
func Selects(c *v1alpha1.RealtimeCluster) func(metav1.Object) bool {
	picks, _ := selector(c)
	return func(o metav1.Object) bool { return picks.Matches(labels.Set(o.GetLabels())) }
}

// belongs reports whether an object names the cluster c.
func belongs(c *v1alpha1.RealtimeCluster, picks labels.Selector, object metav1.ObjectMeta, cluster string) bool {
	return object.Namespace == c.Namespace && cluster == c.Name && picks.Matches(labels.Set(object.Labels))
}

// merger assembles the PolicySet of a cluster.
type merger struct {
	cluster *v1alpha1.RealtimeCluster
	picks   labels.Selector
	refs    resolver
	room    room
}

// lobbies returns the policies that apply, sorted by name. Of several policies with the same lobby
// type the oldest applies, and of equally old policies the first by name.
func (m *merger) lobbies(policies []v1alpha1.LobbyPolicy) (out []configv1.LobbyPolicy, problems []Problem) {
	var own []v1alpha1.LobbyPolicy
	for _, p := range policies {
		if belongs(m.cluster, m.picks, p.ObjectMeta, p.Spec.ClusterRef.Name) {
			own = append(own, p)
		}
	}
	slices.SortFunc(own, func(a, b v1alpha1.LobbyPolicy) int { return byAge(a.ObjectMeta, b.ObjectMeta) })
	owners := map[string]string{}
	for _, p := range own {
		if first, taken := owners[p.Spec.LobbyType]; taken {
			problems = append(problems, duplicate(p, first))
			continue
		}
		if len(out) == configv1.MaxLobbyPolicies {
			problems = append(problems, tooMany(v1alpha1.KindLobbyPolicy, p.Name, configv1.MaxLobbyPolicies))
			continue
		}
		spec, fault := m.refs.lobby(p)
		if fault != nil {
			problems = append(problems, *fault)
			continue
		}
		item := configv1.LobbyPolicy{Name: p.Name, Spec: spec}
		if size, fits := m.room.take(item); !fits {
			problems = append(problems, tooLarge(v1alpha1.KindLobbyPolicy, p.Name, size))
			continue
		}
		owners[p.Spec.LobbyType] = p.Name
		out = append(out, item)
	}
	slices.SortFunc(out, func(a, b configv1.LobbyPolicy) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortFunc(problems, byName)
	return out, problems
}

// queues returns the queues that apply, sorted by name.
func (m *merger) queues(queues []v1alpha1.MatchmakingQueue, lobbies []configv1.LobbyPolicy) (out []configv1.MatchmakingQueue, problems []Problem) {
	known := map[string]bool{}
	for _, l := range lobbies {
		known[l.Name] = true
	}
	var own []v1alpha1.MatchmakingQueue
	for _, q := range queues {
		if belongs(m.cluster, m.picks, q.ObjectMeta, q.Spec.ClusterRef.Name) {
			own = append(own, q)
		}
	}
	slices.SortFunc(own, func(a, b v1alpha1.MatchmakingQueue) int { return byAge(a.ObjectMeta, b.ObjectMeta) })
	for _, q := range own {
		if ref := q.Spec.Handoff.LobbyPolicyRef; ref != nil && !known[ref.Name] {
			problems = append(problems, missing(q, ref.Name))
			continue
		}
		if len(out) == configv1.MaxQueues {
			problems = append(problems, tooMany(v1alpha1.KindMatchmakingQueue, q.Name, configv1.MaxQueues))
			continue
		}
		if fault := m.refs.queue(q); fault != nil {
			problems = append(problems, *fault)
			continue
		}
		item := configv1.MatchmakingQueue{Name: q.Name, Spec: q.Spec}
		if size, fits := m.room.take(item); !fits {
			problems = append(problems, tooLarge(v1alpha1.KindMatchmakingQueue, q.Name, size))
			continue
		}
		out = append(out, item)
	}
	slices.SortFunc(out, func(a, b configv1.MatchmakingQueue) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortFunc(problems, byName)
	return out, problems
}

// byAge orders objects by age: the oldest object keeps a name that two objects claim.
func byAge(a, b metav1.ObjectMeta) int {
	return cmp.Or(a.CreationTimestamp.Compare(b.CreationTimestamp.Time), cmp.Compare(a.Name, b.Name))
}

func byName(a, b Problem) int { return cmp.Compare(a.Name, b.Name) }

func duplicate(p v1alpha1.LobbyPolicy, first string) Problem {
	return Problem{
		Kind: v1alpha1.KindLobbyPolicy, Name: p.Name, Reason: ReasonDuplicateLobbyType, Field: "spec.lobbyType",
		Message: fmt.Sprintf("LobbyPolicy %q is for lobby type %q already: delete one of the two, or create this one with another lobbyType",
			first, p.Spec.LobbyType),
	}
}

func missing(q v1alpha1.MatchmakingQueue, policy string) Problem {
	return Problem{
		Kind: v1alpha1.KindMatchmakingQueue, Name: q.Name, Reason: ReasonLobbyPolicyMissing, Field: "spec.handoff.lobbyPolicyRef.name",
		Message: fmt.Sprintf("no LobbyPolicy %q applies to this cluster: create it with clusterRef.name %q, or name another",
			policy, q.Spec.ClusterRef.Name),
	}
}

func tooMany(kind, name string, bound int) Problem {
	return Problem{
		Kind: kind, Name: name, Reason: ReasonTooMany, Field: "spec.clusterRef.name",
		Message: fmt.Sprintf("a cluster takes %d of this kind: delete some, or move them to another cluster", bound),
	}
}
