package v1alpha1

import "k8s.io/apimachinery/pkg/api/resource"

// Resources are the requests and limits of a container, as in a Pod.
//
// +kubebuilder:validation:XValidation:rule=`!has(self.requests) || !has(self.limits) || self.requests.all(k, !(k in self.limits) || quantity(string(self.requests[k])).compareTo(quantity(string(self.limits[k]))) <= 0)`,message="a request must not exceed the limit of the same resource: raise the limit or lower the request"
type Resources struct {
	// Requests is the amount that the scheduler reserves, such as `cpu: 100m`.
	//
	// +optional
	// +kubebuilder:validation:MaxProperties=4
	Requests ResourceList `json:"requests,omitempty"`

	// Limits is the most that a container may use, such as `memory: 512Mi`.
	//
	// +optional
	// +kubebuilder:validation:MaxProperties=4
	Limits ResourceList `json:"limits,omitempty"`
}

// ResourceList maps a resource's name (cpu, memory, ephemeral-storage …) to a quantity.
type ResourceList map[string]resource.Quantity

// EnvVar is an environment variable of a container, as in a Pod.
//
// +kubebuilder:validation:XValidation:rule=`!(has(self.value) && has(self.valueFrom))`,message="set value or valueFrom, not both"
type EnvVar struct {
	// Name of the variable. Names that begin with ANTEROOM_ belong to the operator.
	//
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	// +kubebuilder:validation:XValidation:rule="!self.startsWith('ANTEROOM_')",message="names that begin with ANTEROOM_ belong to the operator: choose another name"
	Name string `json:"name"`

	// Value of the variable.
	//
	// +optional
	// +kubebuilder:validation:MaxLength=4096
	Value string `json:"value,omitempty"`

	// ValueFrom takes the value from elsewhere.
	//
	// +optional
	ValueFrom *EnvVarSource `json:"valueFrom,omitempty"`
}

// EnvVarSource is where a variable's value comes from.
//
// +kubebuilder:validation:XValidation:rule=`[has(self.secretKeyRef), has(self.configMapKeyRef), has(self.fieldRef)].exists_one(set, set)`,message="set exactly one of secretKeyRef, configMapKeyRef and fieldRef"
type EnvVarSource struct {
	// SecretKeyRef is a key of a Secret.
	//
	// +optional
	SecretKeyRef *KeyReference `json:"secretKeyRef,omitempty"`

	// ConfigMapKeyRef is a key of a ConfigMap.
	//
	// +optional
	ConfigMapKeyRef *KeyReference `json:"configMapKeyRef,omitempty"`

	// FieldRef is a field of the Pod, such as `fieldPath: status.podIP`.
	//
	// +optional
	FieldRef *FieldReference `json:"fieldRef,omitempty"`
}

// FieldReference names a field of the Pod.
type FieldReference struct {
	// FieldPath is the field, such as spec.nodeName.
	//
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	FieldPath string `json:"fieldPath"`
}

// EnvSource makes every key of a Secret or ConfigMap a variable.
//
// +kubebuilder:validation:XValidation:rule=`has(self.secretRef) != has(self.configMapRef)`,message="set exactly one of secretRef and configMapRef"
type EnvSource struct {
	// Prefix is put before each key.
	//
	// +optional
	// +kubebuilder:validation:MaxLength=64
	Prefix string `json:"prefix,omitempty"`

	// SecretRef names a Secret.
	//
	// +optional
	SecretRef *LocalReference `json:"secretRef,omitempty"`

	// ConfigMapRef names a ConfigMap.
	//
	// +optional
	ConfigMapRef *LocalReference `json:"configMapRef,omitempty"`
}
