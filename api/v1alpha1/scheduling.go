package v1alpha1

// The types of this file read exactly like those of a Pod, so that what is known
// about scheduling holds here too; they are repeated because this package depends
// on k8s.io/apimachinery only, and because every list here has a bound.

// Toleration lets a pod run on nodes with a matching taint.
type Toleration struct {
	// Key of the taint; left out with operator Exists: all taints.
	//
	// +optional
	// +kubebuilder:validation:MaxLength=317
	Key string `json:"key,omitempty"`

	// Operator is Equal (when left out) or Exists.
	//
	// +optional
	// +kubebuilder:validation:Enum=Equal;Exists
	Operator string `json:"operator,omitempty"`

	// Value of the taint, for Equal.
	//
	// +optional
	// +kubebuilder:validation:MaxLength=63
	Value string `json:"value,omitempty"`

	// Effect that is tolerated; left out: every effect.
	//
	// +optional
	// +kubebuilder:validation:Enum=NoSchedule;PreferNoSchedule;NoExecute
	Effect string `json:"effect,omitempty"`

	// TolerationSeconds is how long NoExecute is tolerated, in seconds; left out: for ever.
	//
	// +optional
	TolerationSeconds *int64 `json:"tolerationSeconds,omitempty"`
}

// TopologySpreadConstraint spreads pods over zones, nodes or other parts of the cluster.
type TopologySpreadConstraint struct {
	// MaxSkew is by how many pods two parts may differ.
	//
	// +required
	// +kubebuilder:validation:Minimum=1
	MaxSkew int32 `json:"maxSkew"`

	// TopologyKey is the node label that distinguishes the parts.
	//
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=317
	TopologyKey string `json:"topologyKey"`

	// WhenUnsatisfiable says whether the constraint binds (DoNotSchedule) or is a wish (ScheduleAnyway).
	//
	// +required
	// +kubebuilder:validation:Enum=DoNotSchedule;ScheduleAnyway
	WhenUnsatisfiable string `json:"whenUnsatisfiable"`

	// LabelSelector picks the pods that are counted; left out: the pods of this workload.
	//
	// +optional
	LabelSelector *LabelSelector `json:"labelSelector,omitempty"`

	// MinDomains is how many parts there must be, with DoNotSchedule.
	//
	// +optional
	// +kubebuilder:validation:Minimum=1
	MinDomains *int32 `json:"minDomains,omitempty"`

	// NodeAffinityPolicy says whether the pod's node affinity limits the parts that count.
	//
	// +optional
	// +kubebuilder:validation:Enum=Honor;Ignore
	NodeAffinityPolicy *string `json:"nodeAffinityPolicy,omitempty"`

	// NodeTaintsPolicy says whether tainted nodes count.
	//
	// +optional
	// +kubebuilder:validation:Enum=Honor;Ignore
	NodeTaintsPolicy *string `json:"nodeTaintsPolicy,omitempty"`

	// MatchLabelKeys are label keys whose values, taken from the new pod, join the selector.
	//
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MaxLength=317
	MatchLabelKeys []string `json:"matchLabelKeys,omitempty"`
}

// Affinity says near which nodes and pods a pod should or must run.
type Affinity struct {
	// NodeAffinity is about the labels of nodes.
	//
	// +optional
	NodeAffinity *NodeAffinity `json:"nodeAffinity,omitempty"`

	// PodAffinity is about pods to be near to.
	//
	// +optional
	PodAffinity *PodAffinity `json:"podAffinity,omitempty"`

	// PodAntiAffinity is about pods to be away from.
	//
	// +optional
	PodAntiAffinity *PodAffinity `json:"podAntiAffinity,omitempty"`
}

// NodeAffinity picks nodes by their labels.
type NodeAffinity struct {
	// RequiredDuringSchedulingIgnoredDuringExecution must hold.
	//
	// +optional
	RequiredDuringSchedulingIgnoredDuringExecution *NodeSelector `json:"requiredDuringSchedulingIgnoredDuringExecution,omitempty"`

	// PreferredDuringSchedulingIgnoredDuringExecution should hold; the weights of those that do are added.
	//
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=16
	PreferredDuringSchedulingIgnoredDuringExecution []PreferredNodeTerm `json:"preferredDuringSchedulingIgnoredDuringExecution,omitempty"`
}

// NodeSelector holds when any of its terms holds.
type NodeSelector struct {
	// NodeSelectorTerms, of which at least a single term must hold.
	//
	// +required
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	NodeSelectorTerms []NodeSelectorTerm `json:"nodeSelectorTerms"`
}

// NodeSelectorTerm holds when all its requirements do.
type NodeSelectorTerm struct {
	// MatchExpressions are requirements on labels.
	//
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=16
	MatchExpressions []NodeRequirement `json:"matchExpressions,omitempty"`

	// MatchFields are requirements on fields, such as metadata.name.
	//
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=16
	MatchFields []NodeRequirement `json:"matchFields,omitempty"`
}

// NodeRequirement relates a node's label or field to values.
type NodeRequirement struct {
	// Key is the label's key or the field's name.
	//
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=317
	Key string `json:"key"`

	// Operator relates the key to the values.
	//
	// +required
	// +kubebuilder:validation:Enum=In;NotIn;Exists;DoesNotExist;Gt;Lt
	Operator string `json:"operator"`

	// Values; none with Exists and DoesNotExist, one number with Gt and Lt.
	//
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MaxLength=253
	Values []string `json:"values,omitempty"`
}

// PreferredNodeTerm is a wish about nodes.
type PreferredNodeTerm struct {
	// Weight from 1 to 100.
	//
	// +required
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=100
	Weight int32 `json:"weight"`

	// Preference is the term the weight belongs to.
	//
	// +required
	Preference NodeSelectorTerm `json:"preference"`
}

// PodAffinity picks the neighbours of a pod.
type PodAffinity struct {
	// RequiredDuringSchedulingIgnoredDuringExecution must all hold.
	//
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=16
	RequiredDuringSchedulingIgnoredDuringExecution []PodAffinityTerm `json:"requiredDuringSchedulingIgnoredDuringExecution,omitempty"`

	// PreferredDuringSchedulingIgnoredDuringExecution should hold; the weights of those that do are added.
	//
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=16
	PreferredDuringSchedulingIgnoredDuringExecution []PreferredPodTerm `json:"preferredDuringSchedulingIgnoredDuringExecution,omitempty"`
}

// PreferredPodTerm is a wish about neighbours.
type PreferredPodTerm struct {
	// Weight from 1 to 100.
	//
	// +required
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=100
	Weight int32 `json:"weight"`

	// PodAffinityTerm is the term the weight belongs to.
	//
	// +required
	PodAffinityTerm PodAffinityTerm `json:"podAffinityTerm"`
}

// PodAffinityTerm picks pods and says what counts as near.
type PodAffinityTerm struct {
	// LabelSelector picks the pods.
	//
	// +optional
	LabelSelector *LabelSelector `json:"labelSelector,omitempty"`

	// NamespaceSelector picks their namespaces by label; left out: this namespace.
	//
	// +optional
	NamespaceSelector *LabelSelector `json:"namespaceSelector,omitempty"`

	// Namespaces names further namespaces.
	//
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MaxLength=63
	Namespaces []string `json:"namespaces,omitempty"`

	// TopologyKey is the node label that defines nearness.
	//
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=317
	TopologyKey string `json:"topologyKey"`
}
