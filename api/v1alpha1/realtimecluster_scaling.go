package v1alpha1

import "k8s.io/apimachinery/pkg/api/resource"

// ScalingMode is the source of the number of pods.
//
// +kubebuilder:validation:Enum=Manual;Connections;External
type ScalingMode string

// The scaling modes.
const (
	// ScalingManual: spec.replicas.
	ScalingManual ScalingMode = "Manual"
	// ScalingConnections: the operator, by live connections.
	ScalingConnections ScalingMode = "Connections"
	// ScalingExternal: an HPA or KEDA, through the scale subresource.
	ScalingExternal ScalingMode = "External"
)

// ScalingSpec selects the source of the number of pods.
//
// +kubebuilder:validation:XValidation:rule=`!has(self.min) || !has(self.max) || self.min <= self.max`,message="min must not exceed max: lower min or raise max",fieldPath=".min"
// +kubebuilder:validation:XValidation:rule=`!has(self.mode) || self.mode != 'Connections' || has(self.max)`,message="mode Connections needs max: the largest number of pods",fieldPath=".max",reason=FieldValueRequired
// +kubebuilder:validation:XValidation:rule=`!has(self.hpa) || has(self.mode) && self.mode == 'External'`,message="hpa is for mode External, in which an autoscaler decides: remove it or set mode: External",fieldPath=".hpa"
// +kubebuilder:validation:XValidation:rule=`!has(self.hpa) || has(self.max)`,message="hpa needs max: the largest number of pods",fieldPath=".max",reason=FieldValueRequired
type ScalingSpec struct {
	// Mode is Manual (spec.replicas), Connections (the operator, by live
	// connections) or External (an HPA or KEDA drives the scale subresource).
	//
	// +optional
	// +kubebuilder:default=Manual
	Mode ScalingMode `json:"mode,omitempty"`

	// Min is the least number of pods of mode Connections and of hpa. Left out: 1.
	//
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1000
	Min *int32 `json:"min,omitempty"`

	// Max is the largest number of pods of mode Connections and of hpa, which need it.
	//
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1000
	Max *int32 `json:"max,omitempty"`

	// TargetConnectionsPerPod is the load that mode Connections aims at. Left out: 80
	// percent of limits.connectionsPerPod.
	//
	// +optional
	// +kubebuilder:validation:Minimum=1
	TargetConnectionsPerPod *int32 `json:"targetConnectionsPerPod,omitempty"`

	// HPA has the operator make a HorizontalPodAutoscaler, which drives the scale
	// subresource from min to max and shrinks as scaleDown says. Left out: none is made,
	// and an autoscaler of your own may take its place.
	//
	// +optional
	HPA *HPASpec `json:"hpa,omitempty"`

	// ScaleDown slows shrinking, because each step makes clients reconnect.
	//
	// +optional
	// +kubebuilder:default={}
	ScaleDown ScaleDownSpec `json:"scaleDown,omitzero"`
}

// HPASpec selects the metrics of the HorizontalPodAutoscaler. It follows the metric that demands
// the most pods.
//
// +kubebuilder:validation:XValidation:rule=`has(self.targetCPUUtilization) || has(self.targetMemoryUtilization)`,message="hpa needs targetCPUUtilization, targetMemoryUtilization or both",fieldPath=".targetCPUUtilization",reason=FieldValueRequired
type HPASpec struct {
	// TargetCPUUtilization is the mean use of CPU that is aimed at, in percent of
	// pod.resources.requests.cpu.
	//
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1000
	TargetCPUUtilization *int32 `json:"targetCPUUtilization,omitempty"`

	// TargetMemoryUtilization is the mean use of memory that is aimed at, in percent
	// of pod.resources.requests.memory.
	//
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1000
	TargetMemoryUtilization *int32 `json:"targetMemoryUtilization,omitempty"`
}

// ScaleDownSpec slows shrinking.
type ScaleDownSpec struct {
	// Stabilization is how long fewer pods must have been enough.
	//
	// +optional
	// +kubebuilder:default="10m"
	Stabilization Duration `json:"stabilization,omitzero"`

	// MaxPodsPerStep is how many pods go at once.
	//
	// +optional
	// +kubebuilder:default=1
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1000
	MaxPodsPerStep int32 `json:"maxPodsPerStep,omitempty"`
}

// LimitsSpec bounds the resources of clients.
type LimitsSpec struct {
	// ConnectionsPerPod is how many connections a pod accepts. It refuses further connections
	// with a retryable error.
	//
	// +optional
	// +kubebuilder:default=10000
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1000000
	ConnectionsPerPod int32 `json:"connectionsPerPod,omitempty"`

	// ConnectsPerSecond is how many new connections a pod takes in a second.
	//
	// +optional
	// +kubebuilder:default=200
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=100000
	ConnectsPerSecond int32 `json:"connectsPerSecond,omitempty"`

	// ConnectionsPerUser bounds the connections (devices, tabs) of a user.
	//
	// +optional
	// +kubebuilder:default=10
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1000
	ConnectionsPerUser int32 `json:"connectionsPerUser,omitempty"`

	// PerConnection bounds each connection.
	//
	// +optional
	// +kubebuilder:default={}
	PerConnection ConnectionLimits `json:"perConnection,omitzero"`
}

// ConnectionLimits bounds one connection.
//
// +kubebuilder:validation:XValidation:rule=`!has(self.burst) || !has(self.eventsPerSecond) || self.burst >= self.eventsPerSecond`,message="burst must not be below eventsPerSecond: raise burst or lower eventsPerSecond",fieldPath=".burst"
type ConnectionLimits struct {
	// EventsPerSecond a client may send for long; more is answered with rate_limited.
	//
	// +optional
	// +kubebuilder:default=20
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=10000
	EventsPerSecond int32 `json:"eventsPerSecond,omitempty"`

	// Burst is how many events a client may send at once.
	//
	// +optional
	// +kubebuilder:default=40
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=10000
	Burst int32 `json:"burst,omitempty"`

	// OutboundBytes may wait for a slow client; beyond it the connection is closed as
	// a slow consumer, and the client resumes.
	//
	// +optional
	// +kubebuilder:default="1Mi"
	// +kubebuilder:validation:XValidation:rule=`quantity(string(self)).compareTo(quantity('1Ki')) >= 0 && quantity(string(self)).compareTo(quantity('1Gi')) <= 0`,message="must be from 1Ki to 1Gi"
	OutboundBytes resource.Quantity `json:"outboundBytes,omitzero"`

	// Subscriptions is how many streams (lobbies, channels, presence lists …) a
	// client may follow at once.
	//
	// +optional
	// +kubebuilder:default=64
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=10000
	Subscriptions int32 `json:"subscriptions,omitempty"`
}
