package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// ApplyTo says which lobbies a changed policy reaches.
//
// +kubebuilder:validation:Enum=NewLobbies;AllLobbies
type ApplyTo string

// The reaches of a changed policy.
const (
	// ApplyToNewLobbies: a lobby keeps the policy it was created with.
	ApplyToNewLobbies ApplyTo = "NewLobbies"
	// ApplyToAllLobbies: running lobbies take the new policy too; nobody is removed by it.
	ApplyToAllLobbies ApplyTo = "AllLobbies"
)

// LobbyPolicy are the rules of one type of lobby. It reaches running servers
// without a roll-out. An author of a policy sends the users' messages to an address of
// their choice, signed with a Secret that has the label realtime.anteroom.dev/allow-policies.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:path=lobbypolicies,shortName=lp,categories=realtime
// +kubebuilder:printcolumn:name="Cluster",type=string,JSONPath=`.spec.clusterRef.name`
// +kubebuilder:printcolumn:name="Type",type=string,JSONPath=`.spec.lobbyType`
// +kubebuilder:printcolumn:name="Accepted",type=string,JSONPath=`.status.conditions[?(@.type=="Accepted")].status`
// +kubebuilder:printcolumn:name="Propagated",type=string,JSONPath=`.status.conditions[?(@.type=="Propagated")].status`
// +kubebuilder:printcolumn:name="Lobbies",type=integer,JSONPath=`.status.activeLobbies`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
type LobbyPolicy struct {
	metav1.TypeMeta `json:",inline"`
	// Metadata is the standard object metadata.
	//
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// Spec are the rules.
	//
	// +required
	Spec LobbyPolicySpec `json:"spec"`

	// Status is the observed state.
	//
	// +optional
	Status LobbyPolicyStatus `json:"status,omitzero"`
}

// LobbyPolicyList is a list of LobbyPolicies.
//
// +kubebuilder:object:root=true
type LobbyPolicyList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []LobbyPolicy `json:"items"`
}

// LobbyPolicySpec are the rules of one type of lobby.
//
// +kubebuilder:validation:XValidation:rule=`!has(self.teams) || self.teams.count * self.teams.size >= self.size.max`,message="teams.count times teams.size must reach size.max, or the last members find no team: raise teams.size or lower size.max",fieldPath=".teams"
// +kubebuilder:validation:XValidation:rule=`!has(self.teams) || !has(self.teams.minSize) || self.teams.minSize * self.teams.count <= self.size.max`,message="teams.count times teams.minSize must not exceed size.max, or no start is possible: lower teams.minSize or raise size.max",fieldPath=".teams.minSize"
// +kubebuilder:validation:XValidation:rule=`!has(self.attributes) || self.attributes.size() <= self.attributeLimits.keys`,message="attributeLimits.keys must allow every declared attribute: raise keys",fieldPath=".attributeLimits.keys"
type LobbyPolicySpec struct {
	// ClusterRef names the RealtimeCluster whose lobbies these are.
	//
	// +required
	ClusterRef ClusterReference `json:"clusterRef"`

	// LobbyType is the name in lobby:create. It is immutable.
	//
	// +required
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:XValidation:rule=`self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')`,message="must be a-z, 0-9 and '-', such as casual"
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="lobbyType cannot be changed, since running lobbies carry it: create another LobbyPolicy"
	LobbyType string `json:"lobbyType"`

	// Size is how many may be in a lobby.
	//
	// +optional
	// +kubebuilder:default={}
	Size LobbySize `json:"size,omitzero"`

	// Visibility decides who may find and see a lobby.
	//
	// +optional
	// +kubebuilder:default={}
	Visibility VisibilityRules `json:"visibility,omitzero"`

	// Join are the ways in.
	//
	// +optional
	// +kubebuilder:default={}
	Join JoinRules `json:"join,omitzero"`

	// Host decides on the host's role.
	//
	// +optional
	// +kubebuilder:default={}
	Host HostRules `json:"host,omitzero"`

	// Ready is the ready check before a start.
	//
	// +optional
	// +kubebuilder:default={}
	Ready ReadyRules `json:"ready,omitzero"`

	// Teams divide the members. Left out: no teams.
	//
	// +optional
	Teams *TeamRules `json:"teams,omitempty"`

	// Attributes are the values that a lobby, and each of its members, may carry.
	// Others are refused.
	//
	// +optional
	// +listType=map
	// +listMapKey=key
	// +kubebuilder:validation:MaxItems=64
	Attributes []LobbyAttribute `json:"attributes,omitempty"`

	// AttributeLimits bound all attributes of a lobby, and of each member, together.
	//
	// +optional
	// +kubebuilder:default={}
	AttributeLimits AttributeLimits `json:"attributeLimits,omitzero"`

	// Chat in the lobby's channel.
	//
	// +optional
	// +kubebuilder:default={}
	Chat ChatRules `json:"chat,omitzero"`

	// Moderation lists the measures of a host and of the members against a member.
	//
	// +optional
	// +kubebuilder:default={}
	Moderation ModerationRules `json:"moderation,omitzero"`

	// Lifecycle is when a lobby or a membership ends by itself.
	//
	// +optional
	// +kubebuilder:default={}
	Lifecycle LifecycleRules `json:"lifecycle,omitzero"`

	// Search is how lobbies of this type are found.
	//
	// +optional
	// +kubebuilder:default={}
	Search SearchRules `json:"search,omitzero"`

	// ApplyTo says whether a change reaches running lobbies (AllLobbies) or only
	// lobbies created after it (NewLobbies).
	//
	// +optional
	// +kubebuilder:default=NewLobbies
	ApplyTo ApplyTo `json:"applyTo,omitempty"`
}

// LobbyPolicyStatus is the observed state of a policy.
type LobbyPolicyStatus struct {
	// ObservedGeneration is the generation of the spec that this status is about.
	//
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// Revision is the hash of the policy as it was rendered.
	//
	// +optional
	// +kubebuilder:validation:MaxLength=128
	Revision string `json:"revision,omitempty"`

	// Pods that have and have not applied this revision.
	//
	// +optional
	Pods *PropagationStatus `json:"pods,omitempty"`

	// ActiveLobbies of this type.
	//
	// +optional
	ActiveLobbies *int32 `json:"activeLobbies,omitempty"`

	// Conditions: Accepted, Propagated.
	//
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=16
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// PropagationStatus counts the pods that apply a revision.
type PropagationStatus struct {
	// Total pods of the cluster.
	Total int32 `json:"total"`

	// Applied is how many of them report this revision.
	Applied int32 `json:"applied"`

	// Behind names the pods that do not, ten at most.
	//
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=10
	// +kubebuilder:validation:items:MaxLength=253
	Behind []string `json:"behind,omitempty"`
}
