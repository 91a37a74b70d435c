package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// RealtimeClusterStatus is the observed state of a cluster.
type RealtimeClusterStatus struct {
	// ObservedGeneration is the generation of the spec that this status is about.
	//
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// Replicas is the number of server pods.
	//
	// +optional
	Replicas int32 `json:"replicas"`

	// ReadyReplicas is how many of them take clients.
	//
	// +optional
	ReadyReplicas int32 `json:"readyReplicas"`

	// UpdatedReplicas is how many of them run the newest template.
	//
	// +optional
	UpdatedReplicas int32 `json:"updatedReplicas"`

	// Selector picks the server pods; autoscalers read it through the scale subresource.
	//
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	Selector string `json:"selector,omitempty"`

	// Connections that are live.
	//
	// +optional
	Connections *ConnectionsStatus `json:"connections,omitempty"`

	// URL that clients connect to.
	//
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	URL string `json:"url,omitempty"`

	// PolicyRevision is the hash of the policies that were rendered last.
	//
	// +optional
	// +kubebuilder:validation:MaxLength=128
	PolicyRevision string `json:"policyRevision,omitempty"`

	// Redis that the pods use.
	//
	// +optional
	Redis *RedisStatus `json:"redis,omitempty"`

	// Conditions: Ready, RedisReady, WorkloadAvailable, ExposureReady,
	// PoliciesPropagated, Progressing, Paused.
	//
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=16
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// ConnectionsStatus counts live connections.
type ConnectionsStatus struct {
	// Total over all pods.
	Total int64 `json:"total"`

	// PerPodMax is the count of the fullest pod.
	PerPodMax int64 `json:"perPodMax"`

	// PerPodMin is the count of the emptiest pod.
	PerPodMin int64 `json:"perPodMin"`
}

// RedisStatus is the Redis that the pods use.
type RedisStatus struct {
	// Address of the server, or of the first sentinel or node.
	//
	// +optional
	// +kubebuilder:validation:MaxLength=260
	Address string `json:"address,omitempty"`

	// Version it reports.
	//
	// +optional
	// +kubebuilder:validation:MaxLength=64
	Version string `json:"version,omitempty"`
}
