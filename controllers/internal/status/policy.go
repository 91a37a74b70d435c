package status

import (
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/anteroom/anteroom/api/v1alpha1"
	"github.com/anteroom/anteroom/controllers/internal/desired"
)

// Policy is an observation of a LobbyPolicy or MatchmakingQueue.
type Policy struct {
	Kind       string
	Generation int64
	// ClusterName is the name in clusterRef; Cluster is nil when that cluster does not exist.
	ClusterName string
	Cluster     *v1alpha1.RealtimeCluster
	// Selected reports whether the cluster's policySelector matches the object.
	Selected bool
	// Problem says why the PolicySet does not contain the object, or is a warning; nil for none.
	Problem *desired.Problem
	// SetRevision is the revision of the newest PolicySet, and Revision the object's own.
	SetRevision string
	Revision    string
	Pods        []Pod
}

// PolicyStatus is the part of the status that both kinds share.
type PolicyStatus struct {
	Revision   string
	Pods       *v1alpha1.PropagationStatus
	Conditions []metav1.Condition
}

// Accepted reports whether the object applies to its cluster.
func (s PolicyStatus) Accepted() bool {
	return meta.IsStatusConditionTrue(s.Conditions, v1alpha1.ConditionAccepted)
}

// PolicyStatusOf returns the status for an observation. A condition keeps the time of its last
// change.
func PolicyStatusOf(p Policy, old []metav1.Condition) PolicyStatus {
	out := PolicyStatus{Conditions: append([]metav1.Condition(nil), old...)}
	accepted := Accepted(p)
	set(&out.Conditions, v1alpha1.ConditionAccepted, p.Generation, accepted)
	if accepted.Status != metav1.ConditionTrue {
		set(&out.Conditions, v1alpha1.ConditionPropagated, p.Generation, no(accepted.Reason, "it is not accepted: "+accepted.Message))
		return out
	}
	pods := Propagation(p.Pods, p.SetRevision)
	out.Revision, out.Pods = p.Revision, &pods
	set(&out.Conditions, v1alpha1.ConditionPropagated, p.Generation, propagated(pods, p.SetRevision))
	return out
}

// reasons maps the reason of a problem to the reason of a condition.
var reasons = map[string]string{
	desired.ReasonDuplicateLobbyType: v1alpha1.ReasonLobbyTypeTaken,
	desired.ReasonLobbyPolicyMissing: v1alpha1.ReasonReferenceNotFound,
	desired.ReasonReferenceMissing:   v1alpha1.ReasonReferenceNotFound,
	desired.ReasonReferenceInvalid:   v1alpha1.ReasonReferenceInvalid,
	desired.ReasonSecretBarred:       v1alpha1.ReasonSecretNotLabelled,
	desired.ReasonTooMany:            v1alpha1.ReasonTooMany,
	desired.ReasonTooLarge:           v1alpha1.ReasonTooLarge,
}

// Accepted reports whether the object is part of its cluster's policies.
func Accepted(p Policy) metav1.Condition {
	switch {
	case p.Cluster == nil:
		return no(v1alpha1.ReasonClusterNotFound, fmt.Sprintf("there is no RealtimeCluster %q in this namespace: create it, or name another in spec.clusterRef", p.ClusterName))
	case p.Problem != nil && p.Problem.Reason == desired.ReasonInvalidSelector:
		return no(v1alpha1.ReasonInvalidSelector, fmt.Sprintf("%s of RealtimeCluster %q means nothing: %s", p.Problem.Field, p.ClusterName, p.Problem.Message))
	case !p.Selected:
		return no(v1alpha1.ReasonNotSelected, fmt.Sprintf("spec.policySelector of RealtimeCluster %q does not pick its labels", p.ClusterName))
	case p.Problem != nil && !p.Problem.Warning:
		reason, ok := reasons[p.Problem.Reason]
		if !ok {
			reason = p.Problem.Reason
		}
		return no(reason, p.Problem.Field+": "+p.Problem.Message)
	case !served(p):
		return no(v1alpha1.ReasonFeatureDisabled, fmt.Sprintf("RealtimeCluster %q does not serve it: see spec.features", p.ClusterName))
	}
	if p.Problem != nil {
		return yes(reasons[p.Problem.Reason], p.Problem.Field+": "+p.Problem.Message)
	}
	return yes(v1alpha1.ReasonAccepted, fmt.Sprintf("it applies to RealtimeCluster %q", p.ClusterName))
}

func served(p Policy) bool {
	f := p.Cluster.Spec.Features.Lobby
	if p.Kind == v1alpha1.KindMatchmakingQueue {
		f = p.Cluster.Spec.Features.Matchmaking
	}
	return f.Enabled == nil || *f.Enabled
}
