package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// PauseMode selects the objects that the operator leaves unchanged.
//
// +kubebuilder:validation:Enum=None;Rollouts;All
type PauseMode string

// The pause modes.
const (
	// PauseNone: everything is kept as declared.
	PauseNone PauseMode = "None"
	// PauseRollouts: running pods keep their template; scaling, policies and repairs go on.
	PauseRollouts PauseMode = "Rollouts"
	// PauseAll: nothing is changed; status is still reported.
	PauseAll PauseMode = "All"
)

// RealtimeCluster is a set of Socket.IO servers with their Redis and the way in
// from outside. `spec: {}` is a working cluster. An author of a cluster runs any image
// under any service account of the namespace and reads any Secret of it.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:subresource:scale:specpath=.spec.replicas,statuspath=.status.replicas,selectorpath=.status.selector
// +kubebuilder:resource:path=realtimeclusters,shortName=rtc,categories=realtime
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Replicas",type=integer,JSONPath=`.status.replicas`
// +kubebuilder:printcolumn:name="Connections",type=integer,JSONPath=`.status.connections.total`
// +kubebuilder:printcolumn:name="Redis",type=string,JSONPath=`.status.conditions[?(@.type=="RedisReady")].status`
// +kubebuilder:printcolumn:name="URL",type=string,JSONPath=`.status.url`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:validation:XValidation:rule=`self.metadata.name.size() <= 40 && self.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')`,message="metadata.name becomes part of Service and Pod names: use at most 40 of a-z, 0-9 and '-', beginning with a letter",fieldPath=".metadata"
type RealtimeCluster struct {
	metav1.TypeMeta `json:",inline"`
	// Metadata is the standard object metadata.
	//
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// Spec is the desired state; every field has a default.
	//
	// +optional
	// +kubebuilder:default={}
	Spec RealtimeClusterSpec `json:"spec,omitzero"`

	// Status is the observed state.
	//
	// +optional
	Status RealtimeClusterStatus `json:"status,omitzero"`
}

// RealtimeClusterList is a list of RealtimeClusters.
//
// +kubebuilder:object:root=true
type RealtimeClusterList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []RealtimeCluster `json:"items"`
}

// RealtimeClusterSpec is the desired state of a cluster.
//
// +kubebuilder:validation:XValidation:rule=`!has(self.exposure) || !has(self.engine) || duration(self.exposure.idleTimeout) > duration(self.engine.pingInterval) + duration(self.engine.pingTimeout)`,message="exposure.idleTimeout must be longer than engine.pingInterval + engine.pingTimeout, or proxies cut idle connections: raise idleTimeout",fieldPath=".exposure.idleTimeout"
// +kubebuilder:validation:XValidation:rule=`!has(self.scaling) || !has(self.limits) || !has(self.scaling.targetConnectionsPerPod) || self.scaling.targetConnectionsPerPod <= self.limits.connectionsPerPod`,message="scaling.targetConnectionsPerPod must not exceed limits.connectionsPerPod, or pods refuse clients before the cluster grows: lower the target or raise the limit",fieldPath=".scaling.targetConnectionsPerPod"
// +kubebuilder:validation:XValidation:rule=`!has(self.api) || !has(self.api.redisEmitter) || !self.api.redisEmitter || has(self.redis) && self.redis.mode == 'External'`,message="api.redisEmitter needs redis.mode External: nobody but the servers can log in to a managed Redis",fieldPath=".api.redisEmitter"
// +kubebuilder:validation:XValidation:rule=`!has(self.limits) || !has(self.engine) || quantity(string(self.limits.perConnection.outboundBytes)).compareTo(quantity(string(self.engine.maxPayload))) >= 0`,message="limits.perConnection.outboundBytes must hold at least one message of engine.maxPayload: raise outboundBytes or lower maxPayload",fieldPath=".limits.perConnection.outboundBytes"
type RealtimeClusterSpec struct {
	// Replicas is the number of server pods. With `scaling.mode: Connections` the
	// operator sets it, with External an autoscaler does, through the scale subresource.
	//
	// +optional
	// +kubebuilder:default=2
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=1000
	Replicas *int32 `json:"replicas,omitempty"`

	// Image of the socket server, with a tag or a digest. Left out: the image that belonged to the operator's
	// version when the cluster was made. An operator upgrade alone restarts nothing:
	// name an image to move to it, or take the annotation
	// realtime.anteroom.dev/default-image off the Deployment to take the operator's.
	//
	// +optional
	// +kubebuilder:validation:MaxLength=512
	Image string `json:"image,omitempty"`

	// ImagePullSecrets name Secrets with registry credentials.
	//
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=16
	ImagePullSecrets []LocalReference `json:"imagePullSecrets,omitempty"`

	// Paused selects the objects that the operator leaves unchanged: None, Rollouts (running pods keep
	// their template, and the configuration they start with) or All (nothing is changed).
	//
	// +optional
	// +kubebuilder:default=None
	Paused PauseMode `json:"paused,omitempty"`

	// Pod is how the server pods are run and placed.
	//
	// +optional
	// +kubebuilder:default={}
	Pod PodSpec `json:"pod,omitzero"`

	// Engine is the Engine.IO and Socket.IO transport layer.
	//
	// +optional
	// +kubebuilder:default={}
	Engine EngineSpec `json:"engine,omitzero"`

	// Redis carries state and events between the pods.
	//
	// +optional
	// +kubebuilder:default={}
	Redis RedisSpec `json:"redis,omitzero"`

	// Auth decides who may connect.
	//
	// +optional
	// +kubebuilder:default={}
	Auth AuthSpec `json:"auth,omitzero"`

	// Exposure is the way in from outside.
	//
	// +optional
	// +kubebuilder:default={}
	Exposure ExposureSpec `json:"exposure,omitzero"`

	// Scaling selects the source of the number of pods.
	//
	// +optional
	// +kubebuilder:default={}
	Scaling ScalingSpec `json:"scaling,omitzero"`

	// Drain is how a pod that stops lets its clients move on.
	//
	// +optional
	// +kubebuilder:default={}
	Drain DrainSpec `json:"drain,omitzero"`

	// Disruption bounds the pods that node drains may evict at once.
	//
	// +optional
	// +kubebuilder:default={}
	Disruption DisruptionSpec `json:"disruption,omitzero"`

	// Limits bound the resources of clients.
	//
	// +optional
	// +kubebuilder:default={}
	Limits LimitsSpec `json:"limits,omitzero"`

	// Features are the domains that are served.
	//
	// +optional
	// +kubebuilder:default={}
	Features FeaturesSpec `json:"features,omitzero"`

	// Recovery bounds the events that a client can recover after an interruption.
	//
	// +optional
	// +kubebuilder:default={}
	Recovery RecoverySpec `json:"recovery,omitzero"`

	// API is the HTTP API for other back ends.
	//
	// +optional
	// +kubebuilder:default={}
	API APISpec `json:"api,omitzero"`

	// Webhooks says which addresses webhooks may reach besides public ones.
	//
	// +optional
	Webhooks WebhooksSpec `json:"webhooks,omitzero"`

	// NetworkPolicy restricts the access to the pods inside the Kubernetes cluster.
	//
	// +optional
	// +kubebuilder:default={}
	NetworkPolicy NetworkPolicySpec `json:"networkPolicy,omitzero"`

	// Observability are metrics, traces, logs and the playground.
	//
	// +optional
	// +kubebuilder:default={}
	Observability ObservabilitySpec `json:"observability,omitzero"`

	// PolicySelector picks, by label, the LobbyPolicy and MatchmakingQueue objects
	// that apply, among those of the namespace that name this cluster. Left out: all of them.
	//
	// +optional
	PolicySelector *LabelSelector `json:"policySelector,omitempty"`
}
