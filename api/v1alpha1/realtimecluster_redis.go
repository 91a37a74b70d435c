package v1alpha1

import "k8s.io/apimachinery/pkg/api/resource"

// RedisMode selects a managed or an external Redis.
//
// +kubebuilder:validation:Enum=Managed;External
type RedisMode string

// The Redis modes.
const (
	// RedisManaged: the operator runs a Redis for this cluster.
	RedisManaged RedisMode = "Managed"
	// RedisExternal: Redis is there already.
	RedisExternal RedisMode = "External"
)

// RedisTopology says how an external Redis is laid out.
//
// +kubebuilder:validation:Enum=Standalone;Sentinel;Cluster
type RedisTopology string

// The Redis topologies.
const (
	RedisStandalone RedisTopology = "Standalone"
	RedisSentinel   RedisTopology = "Sentinel"
	RedisCluster    RedisTopology = "Cluster"
)

// StorageType says whether data outlives a pod.
//
// +kubebuilder:validation:Enum=Ephemeral;Persistent
type StorageType string

// The storage types.
const (
	StorageEphemeral  StorageType = "Ephemeral"
	StoragePersistent StorageType = "Persistent"
)

// RedisSpec is the Redis that carries state and events between the pods.
//
// +kubebuilder:validation:XValidation:rule=`!has(self.mode) || self.mode != 'External' || (has(self.external) && has(self.external.addresses) && self.external.addresses.size() > 0)`,message="mode External needs external.addresses: list at least one host:port",fieldPath=".external.addresses",reason=FieldValueRequired
// +kubebuilder:validation:XValidation:rule=`!has(self.external) || (has(self.mode) && self.mode == 'External')`,message="external is only for mode External: remove it or set mode: External",fieldPath=".external"
// +kubebuilder:validation:XValidation:rule=`(has(self.keyPrefix) ? self.keyPrefix : "") == (has(oldSelf.keyPrefix) ? oldSelf.keyPrefix : "")`,message="redis.keyPrefix cannot be changed: create a new RealtimeCluster and let the clients move over",fieldPath=".keyPrefix"
type RedisSpec struct {
	// Mode is Managed (the operator runs Redis) or External. It cannot be changed.
	//
	// +optional
	// +kubebuilder:default=Managed
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="redis.mode cannot be changed: create a new RealtimeCluster and let the clients move over"
	Mode RedisMode `json:"mode,omitempty"`

	// Managed is the Redis the operator runs; without meaning in mode External.
	//
	// +optional
	// +kubebuilder:default={}
	Managed ManagedRedis `json:"managed,omitzero"`

	// External says where the Redis of mode External is.
	//
	// +optional
	External *ExternalRedis `json:"external,omitempty"`

	// KeyPrefix begins every key and channel, so that several clusters can share a
	// Redis. Left out: `anteroom:<namespace>:<name>:`. It cannot be changed.
	//
	// +optional
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:XValidation:rule=`self.matches('^[A-Za-z0-9:._/-]*$')`,message="may hold letters, digits, ':', '.', '_', '/' and '-'; braces would change the slot in Redis Cluster"
	KeyPrefix string `json:"keyPrefix,omitempty"`

	// Probe is the round trip through Redis that a pod's readiness follows.
	//
	// +optional
	// +kubebuilder:default={}
	Probe RedisProbe `json:"probe,omitzero"`
}

// ManagedRedis is a Redis that the operator runs.
type ManagedRedis struct {
	// Image of Redis, with a tag or a digest. Left out: the image that was tested with the
	// operator's version at the cluster's creation; as with spec.image, an operator upgrade keeps
	// it.
	//
	// +optional
	// +kubebuilder:validation:MaxLength=512
	Image string `json:"image,omitempty"`

	// Resources of the Redis container. Redis' maxmemory is set below the memory limit. A value
	// replaces the default as a whole.
	//
	// +optional
	// +kubebuilder:default={requests: {cpu: "50m", memory: "64Mi"}, limits: {memory: "256Mi"}}
	Resources Resources `json:"resources,omitzero"`

	// Storage is where Redis keeps its data.
	//
	// +optional
	// +kubebuilder:default={}
	Storage RedisStorage `json:"storage,omitzero"`

	// TLS between the pods and Redis.
	//
	// +optional
	// +kubebuilder:default={}
	TLS ManagedRedisTLS `json:"tls,omitzero"`
}

// RedisStorage is where a managed Redis keeps its data.
//
// +kubebuilder:validation:XValidation:rule=`!has(self.type) || !has(oldSelf.type) || self.type != 'Persistent' || oldSelf.type != 'Persistent' || quantity(string(self.size)).compareTo(quantity(string(oldSelf.size))) >= 0`,message="a persistent volume can only grow: set size to at least what it was",fieldPath=".size"
// +kubebuilder:validation:XValidation:rule=`!has(self.type) || !has(oldSelf.type) || self.type != 'Persistent' || oldSelf.type != 'Persistent' || has(self.storageClassName) == has(oldSelf.storageClassName) && (!has(self.storageClassName) || self.storageClassName == oldSelf.storageClassName)`,message="the storage class of a persistent volume cannot be changed: create a new RealtimeCluster",fieldPath=".storageClassName"
type RedisStorage struct {
	// Type is Ephemeral (lobbies and queues are lost with the Redis pod, and clients learn of the
	// loss) or Persistent.
	//
	// +optional
	// +kubebuilder:default=Ephemeral
	Type StorageType `json:"type,omitempty"`

	// Size of the volume, or the bound of the ephemeral one. A persistent volume can only grow.
	//
	// +optional
	// +kubebuilder:default="1Gi"
	// +kubebuilder:validation:XValidation:rule=`quantity(string(self)).compareTo(quantity('16Mi')) >= 0`,message="must be at least 16Mi"
	Size resource.Quantity `json:"size,omitzero"`

	// StorageClassName of the persistent volume. Left out: the default class.
	//
	// +optional
	// +kubebuilder:validation:MaxLength=253
	StorageClassName string `json:"storageClassName,omitempty"`
}

// ManagedRedisTLS says whether the pods talk to a managed Redis over TLS.
type ManagedRedisTLS struct {
	// Enabled makes the operator issue and renew a certificate for Redis.
	//
	// +optional
	// +kubebuilder:default=false
	Enabled bool `json:"enabled,omitempty"`
}

// ExternalRedis says where a Redis is that is there already.
//
// +kubebuilder:validation:XValidation:rule=`self.topology != 'Sentinel' || has(self.masterName)`,message="topology Sentinel needs masterName: the name the sentinels know the primary by",fieldPath=".masterName",reason=FieldValueRequired
// +kubebuilder:validation:XValidation:rule=`self.topology == 'Sentinel' || !has(self.masterName)`,message="masterName is only for topology Sentinel: remove it or set topology: Sentinel",fieldPath=".masterName"
// +kubebuilder:validation:XValidation:rule=`self.topology != 'Cluster' || self.database == 0`,message="Redis Cluster has only database 0: set database to 0",fieldPath=".database"
// +kubebuilder:validation:XValidation:rule=`self.topology != 'Standalone' || !has(self.addresses) || self.addresses.size() <= 1`,message="topology Standalone takes one address: leave one, or set topology to Sentinel or Cluster",fieldPath=".addresses"
type ExternalRedis struct {
	// Topology is Standalone, Sentinel or Cluster.
	//
	// +optional
	// +kubebuilder:default=Standalone
	Topology RedisTopology `json:"topology,omitempty"`

	// Addresses as host:port: the server, the sentinels, or some nodes of the Redis Cluster.
	//
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=32
	// +kubebuilder:validation:items:MaxLength=260
	// +kubebuilder:validation:items:XValidation:rule=`self.matches('^([A-Za-z0-9._-]+|[[][0-9a-fA-F:.]+[]]):[0-9]{1,5}$')`,message="must be host:port, such as redis.example.com:6379"
	Addresses []string `json:"addresses,omitempty"`

	// MasterName is the name the sentinels know the primary by.
	//
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	MasterName string `json:"masterName,omitempty"`

	// Database number. Redis Cluster has only 0.
	//
	// +optional
	// +kubebuilder:default=0
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=1023
	Database int32 `json:"database,omitempty"`

	// CredentialsSecretRef names a Secret with the key `password` and, for an ACL
	// user, `username`. It is read again when it changes.
	//
	// +optional
	CredentialsSecretRef *LocalReference `json:"credentialsSecretRef,omitempty"`

	// TLS to Redis. Left out: none. `tls: {}` trusts the system's authorities.
	//
	// +optional
	TLS *ExternalRedisTLS `json:"tls,omitempty"`
}

// ExternalRedisTLS selects the CA that servers trust and the certificate that they present.
type ExternalRedisTLS struct {
	// CASecretRef is the key with the PEM certificates to trust. Left out: the
	// system's authorities.
	//
	// +optional
	CASecretRef *KeyReference `json:"caSecretRef,omitempty"`

	// ClientCertSecretRef names a Secret of type kubernetes.io/tls to show to Redis.
	//
	// +optional
	ClientCertSecretRef *LocalReference `json:"clientCertSecretRef,omitempty"`

	// ServerName that the certificate must carry. Left out: the address's host.
	//
	// +optional
	// +kubebuilder:validation:MaxLength=253
	ServerName string `json:"serverName,omitempty"`
}

// RedisProbe is a round trip (publish, receive) through Redis.
//
// +kubebuilder:validation:XValidation:rule=`!has(self.unreadyAfter) || !has(self.interval) || duration(self.unreadyAfter) >= duration(self.interval)`,message="unreadyAfter must not be shorter than interval, or a pod is unready before its first probe: raise unreadyAfter or lower interval",fieldPath=".unreadyAfter"
type RedisProbe struct {
	// Interval between two round trips.
	//
	// +optional
	// +kubebuilder:default="5s"
	Interval Duration `json:"interval,omitzero"`

	// UnreadyAfter is how long the round trip may fail before the pod reports not ready.
	//
	// +optional
	// +kubebuilder:default="10s"
	UnreadyAfter Duration `json:"unreadyAfter,omitzero"`
}
