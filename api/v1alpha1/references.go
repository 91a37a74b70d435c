package v1alpha1

import (
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// LocalReference names an object in the same namespace.
type LocalReference struct {
	// Name of the object.
	//
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule=`self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$')`,message="must be a name that an object can have: a-z, 0-9, '-' and '.', such as game-keys"
	Name string `json:"name"`
}

// KeyReference names one key of a Secret or ConfigMap in the same namespace.
type KeyReference struct {
	// Name of the Secret or ConfigMap.
	//
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule=`self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$')`,message="must be a name that an object can have: a-z, 0-9, '-' and '.', such as game-keys"
	Name string `json:"name"`

	// Key in its data.
	//
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Key string `json:"key"`
}

// ClusterReference names the RealtimeCluster an object belongs to.
type ClusterReference struct {
	// Name of a RealtimeCluster in the same namespace. The cluster may be created later; until
	// then the condition Accepted reports that it is missing.
	//
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule=`self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$')`,message="must be a name that an object can have: a-z, 0-9, '-' and '.', such as game-keys"
	Name string `json:"name"`
}

// LabelSelector picks objects by their labels; all of it must hold. An empty
// selector picks everything. It reads like the selectors of Kubernetes itself.
type LabelSelector struct {
	// MatchLabels are labels that must be there with just these values.
	//
	// +optional
	// +kubebuilder:validation:MaxProperties=32
	MatchLabels map[string]string `json:"matchLabels,omitempty"`

	// MatchExpressions are further requirements.
	//
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=32
	MatchExpressions []LabelRequirement `json:"matchExpressions,omitempty"`
}

// LabelRequirement relates one label to a set of values.
type LabelRequirement struct {
	// Key is the label's key.
	//
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=317
	Key string `json:"key"`

	// Operator is In, NotIn, Exists or DoesNotExist.
	//
	// +required
	// +kubebuilder:validation:Enum=In;NotIn;Exists;DoesNotExist
	Operator metav1.LabelSelectorOperator `json:"operator"`

	// Values for In and NotIn; left out with Exists and DoesNotExist.
	//
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MaxLength=63
	Values []string `json:"values,omitempty"`
}

// Standard returns the same selector in the type that client libraries take; nil for nil.
func (s *LabelSelector) Standard() *metav1.LabelSelector {
	if s == nil {
		return nil
	}
	out := &metav1.LabelSelector{MatchLabels: s.DeepCopy().MatchLabels}
	for _, r := range s.MatchExpressions {
		out.MatchExpressions = append(out.MatchExpressions, metav1.LabelSelectorRequirement{
			Key: r.Key, Operator: r.Operator, Values: slices.Clone(r.Values),
		})
	}
	return out
}

// LabelAllowPolicies of a Secret says whether LobbyPolicies and MatchmakingQueues may name
// it: "true" lets them. Who may write a policy could otherwise have requests signed with
// any Secret of the namespace, and sent to an address of their choice.
const LabelAllowPolicies = GroupName + "/allow-policies"
