package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// MatchmakingQueue turns tickets into matches. Clients use its name in
// mm:enqueue. It reaches running servers without a roll-out. An author of a queue
// sends matches to an address of their choice, signed with a Secret that has the label
// realtime.anteroom.dev/allow-policies, and players where that service says.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:path=matchmakingqueues,shortName=mmq,categories=realtime
// +kubebuilder:printcolumn:name="Cluster",type=string,JSONPath=`.spec.clusterRef.name`
// +kubebuilder:printcolumn:name="Accepted",type=string,JSONPath=`.status.conditions[?(@.type=="Accepted")].status`
// +kubebuilder:printcolumn:name="Propagated",type=string,JSONPath=`.status.conditions[?(@.type=="Propagated")].status`
// +kubebuilder:printcolumn:name="Depth",type=integer,JSONPath=`.status.depth`
// +kubebuilder:printcolumn:name="Wait P50",type=integer,JSONPath=`.status.waitSecondsP50`,description="seconds"
// +kubebuilder:printcolumn:name="Wait P95",type=integer,JSONPath=`.status.waitSecondsP95`,description="seconds",priority=1
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
type MatchmakingQueue struct {
	metav1.TypeMeta `json:",inline"`
	// Metadata is the standard object metadata.
	//
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// Spec describes a match and the search for its players.
	//
	// +required
	Spec MatchmakingQueueSpec `json:"spec"`

	// Status is the observed state.
	//
	// +optional
	Status MatchmakingQueueStatus `json:"status,omitzero"`
}

// MatchmakingQueueList is a list of MatchmakingQueues.
//
// +kubebuilder:object:root=true
type MatchmakingQueueList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []MatchmakingQueue `json:"items"`
}

// MatchmakingQueueSpec describes a match and the search for its players.
//
// +kubebuilder:validation:XValidation:rule=`self.teams.map(t, t.min).sum() >= 2`,message="a match needs at least two players: raise a team's min or add a team",fieldPath=".teams"
// +kubebuilder:validation:XValidation:rule=`!has(self.party.max) || self.teams.exists(t, t.max >= self.party.max)`,message="party.max must not exceed the largest team's max, or such a party is never matched: lower party.max or raise the team's max",fieldPath=".party.max"
// +kubebuilder:validation:XValidation:rule=`!has(self.rules) || self.rules.all(r, !has(r.attribute) || (has(self.attributes) && self.attributes.exists(a, a.name == r.attribute)))`,message="a rule's attribute must be declared in attributes: declare it or correct its name",fieldPath=".rules"
// +kubebuilder:validation:XValidation:rule=`!has(self.rules) || !has(self.attributes) || self.rules.all(r, !has(r.attribute) || self.attributes.all(a, a.name != r.attribute || (r.type in ['Distance', 'TeamBalance'] ? a.type == 'Number' : (r.type == 'SetOverlap') == (a.type == 'StringSet'))))`,message="a rule's type must suit its attribute's: Distance and TeamBalance need a Number, SetOverlap a StringSet, Equality a String, Number or Boolean",fieldPath=".rules"
// +kubebuilder:validation:XValidation:rule=`!has(self.rules) || !self.rules.exists(r, r.type == 'Latency') || (has(self.regions) && self.regions.size() > 0)`,message="a Latency rule needs regions: list the regions that clients measure",fieldPath=".regions",reason=FieldValueRequired
// +kubebuilder:validation:XValidation:rule=`!has(self.rules) || self.rules.all(r, !has(r.expand) || r.expand.all(e, duration(e.after) < duration(self.timing.ticketTTL)))`,message="every expansion must come before timing.ticketTTL ends the ticket: lower after or raise ticketTTL",fieldPath=".rules"
type MatchmakingQueueSpec struct {
	// ClusterRef names the RealtimeCluster whose clients queue.
	//
	// +required
	ClusterRef ClusterReference `json:"clusterRef"`

	// Teams of a match.
	//
	// +required
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=64
	Teams []MatchTeam `json:"teams"`

	// Party restricts the accepted parties.
	//
	// +optional
	// +kubebuilder:default={}
	Party PartyRules `json:"party,omitzero"`

	// Attributes of a ticket that rules may use.
	//
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=32
	Attributes []TicketAttribute `json:"attributes,omitempty"`

	// Rules that a match follows. Without any, the oldest tickets are matched.
	//
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=16
	Rules []MatchRule `json:"rules,omitempty"`

	// Regions that clients measure their latency to.
	//
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=32
	Regions []Region `json:"regions,omitempty"`

	// Timing of the matcher and of tickets.
	//
	// +optional
	// +kubebuilder:default={}
	Timing MatchTiming `json:"timing,omitzero"`

	// ReadyCheck asks the players before a match is made.
	//
	// +optional
	// +kubebuilder:default={}
	ReadyCheck ReadyCheckSpec `json:"readyCheck,omitzero"`

	// Backfill fills places that became free in running matches.
	//
	// +optional
	// +kubebuilder:default={}
	Backfill BackfillSpec `json:"backfill,omitzero"`

	// Handoff gives a match its place.
	//
	// +required
	Handoff HandoffSpec `json:"handoff"`

	// Expose decides what clients may learn about the queue.
	//
	// +optional
	// +kubebuilder:default={}
	Expose ExposeSpec `json:"expose,omitzero"`

	// Limits bound the queue.
	//
	// +optional
	// +kubebuilder:default={}
	Limits QueueLimits `json:"limits,omitzero"`
}

// MatchmakingQueueStatus is the observed state of a queue.
type MatchmakingQueueStatus struct {
	// ObservedGeneration is the generation of the spec that this status is about.
	//
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// Revision is the hash of the queue as it was rendered.
	//
	// +optional
	// +kubebuilder:validation:MaxLength=128
	Revision string `json:"revision,omitempty"`

	// Pods that have and have not applied this revision.
	//
	// +optional
	Pods *PropagationStatus `json:"pods,omitempty"`

	// Depth is the number of tickets that wait.
	//
	// +optional
	Depth *int32 `json:"depth,omitempty"`

	// OldestTicketSeconds is how long the oldest of them has waited.
	//
	// +optional
	OldestTicketSeconds *int64 `json:"oldestTicketSeconds,omitempty"`

	// WaitSecondsP50 is the wait that half of the matched tickets did not exceed lately.
	//
	// +optional
	WaitSecondsP50 *int64 `json:"waitSecondsP50,omitempty"`

	// WaitSecondsP95 is the wait that 95 percent of them did not exceed.
	//
	// +optional
	WaitSecondsP95 *int64 `json:"waitSecondsP95,omitempty"`

	// MatchesPerMinute lately.
	//
	// +optional
	MatchesPerMinute Decimal `json:"matchesPerMinute,omitempty"`

	// Matcher is the pod that holds the queue's lease.
	//
	// +optional
	// +kubebuilder:validation:MaxLength=253
	Matcher string `json:"matcher,omitempty"`

	// Conditions: Accepted, Propagated.
	//
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=16
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}
