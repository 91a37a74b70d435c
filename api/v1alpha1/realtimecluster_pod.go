package v1alpha1

import "k8s.io/apimachinery/pkg/util/intstr"

// PodSpec is how the server pods are run and placed.
type PodSpec struct {
	// Resources of the server container. GOMEMLIMIT and GOMAXPROCS follow the
	// limits. There is no CPU limit by default: throttling shows as latency. What is
	// given replaces the default as a whole, so give requests and limits together.
	//
	// +optional
	// +kubebuilder:default={requests: {cpu: "100m", memory: "128Mi"}, limits: {memory: "512Mi"}}
	Resources Resources `json:"resources,omitzero"`

	// Labels are added to the pods; the operator's own labels win.
	//
	// +optional
	// +kubebuilder:validation:MaxProperties=32
	Labels map[string]string `json:"labels,omitempty"`

	// Annotations are added to the pods.
	//
	// +optional
	// +kubebuilder:validation:MaxProperties=32
	Annotations map[string]string `json:"annotations,omitempty"`

	// NodeSelector are labels a node must have.
	//
	// +optional
	// +kubebuilder:validation:MaxProperties=32
	NodeSelector map[string]string `json:"nodeSelector,omitempty"`

	// Affinity says near which nodes and pods the pods should or must run.
	//
	// +optional
	Affinity *Affinity `json:"affinity,omitempty"`

	// Tolerations let the pods run on tainted nodes.
	//
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=32
	Tolerations []Toleration `json:"tolerations,omitempty"`

	// TopologySpreadConstraints spread the pods; by default over zones and nodes, as
	// a wish. A constraint without a labelSelector counts this cluster's pods. An
	// empty list turns spreading off.
	//
	// +optional
	// +listType=atomic
	// +kubebuilder:default={{maxSkew: 1, topologyKey: "topology.kubernetes.io/zone", whenUnsatisfiable: "ScheduleAnyway"}, {maxSkew: 1, topologyKey: "kubernetes.io/hostname", whenUnsatisfiable: "ScheduleAnyway"}}
	// +kubebuilder:validation:MaxItems=8
	TopologySpreadConstraints []TopologySpreadConstraint `json:"topologySpreadConstraints,omitzero"`

	// PriorityClassName of the pods. Left out: the default of the Kubernetes cluster.
	//
	// +optional
	// +kubebuilder:validation:MaxLength=253
	PriorityClassName string `json:"priorityClassName,omitempty"`

	// ServiceAccountName of the pods. Left out: a service account of the operator, without any
	// rights and without a mounted token.
	//
	// +optional
	// +kubebuilder:validation:MaxLength=253
	ServiceAccountName string `json:"serviceAccountName,omitempty"`

	// Env are further environment variables of the server container.
	//
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=64
	Env []EnvVar `json:"env,omitempty"`

	// EnvFrom are Secrets and ConfigMaps whose keys become environment variables.
	//
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=16
	EnvFrom []EnvSource `json:"envFrom,omitempty"`
}

// DrainSpec is how a pod that stops lets its clients move on. The pod's
// termination grace period is settle + window + flushTimeout and a margin.
type DrainSpec struct {
	// Settle is how long a pod that already reports not ready goes on serving, so
	// that proxies stop sending to it first.
	//
	// +optional
	// +kubebuilder:default="10s"
	Settle Duration `json:"settle,omitzero"`

	// Window is the time over which the connections are then closed, spread evenly,
	// so that the other pods are not stormed.
	//
	// +optional
	// +kubebuilder:default="60s"
	Window Duration `json:"window,omitzero"`

	// FlushTimeout is the time at the end for writing the last frames.
	//
	// +optional
	// +kubebuilder:default="5s"
	FlushTimeout Duration `json:"flushTimeout,omitzero"`
}

// DisruptionSpec bounds voluntary disruptions.
type DisruptionSpec struct {
	// MaxUnavailable is how many pods (a number, or a percentage such as "20%") node
	// drains may evict at once. It goes into the PodDisruptionBudget.
	//
	// +optional
	// +kubebuilder:default=1
	// +kubebuilder:validation:XValidation:rule=`type(self) == int ? self >= 1 : self.matches('^([1-9][0-9]?|100)%$')`,message="must be a number from 1 or a percentage from 1% to 100%: with 0 no node could ever be drained"
	MaxUnavailable *intstr.IntOrString `json:"maxUnavailable,omitempty"`
}
