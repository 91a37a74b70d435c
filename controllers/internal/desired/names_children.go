package desired

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/anteroom/anteroom/api/v1alpha1"
)

// Names of ports.
const (
	PortNameClient = "client"
	PortNameAdmin  = "admin"
	PortNamePeer   = "peer"
	PortNameAPI    = "api"
	PortNameRedis  = "redis"
)

// PortService is the port of the client Service and of the server API's Service.
const PortService = 80

// DirAPI has the token of the server API.
const DirAPI = DirSecrets + "/api"

// KeyToken is the key of a generated token in its Secret.
const KeyToken = "token"

// Keys of the managed Redis's Secrets and ConfigMap.
const (
	KeyRedisPassword = "password"
	KeyRedisUsers    = "users.acl"
	KeyRedisConfig   = "redis.conf"
)

// AnnotationConfigHash of the pod template is the hash of the settings that need a restart.
const AnnotationConfigHash = v1alpha1.GroupName + "/config-hash"

// AnnotationDefaultImage of a Deployment or StatefulSet is the image that the operator chose
// because the cluster names none; see [ImageInUse].
const AnnotationDefaultImage = v1alpha1.GroupName + "/default-image"

// AnnotationApplied of an object is the hash of the last applied configuration. Without it, an
// entry that was removed from an atomic list could not be distinguished from a default of the API
// server.
const AnnotationApplied = v1alpha1.GroupName + "/applied"

// AnnotationPolicyRevision of a pod is the newest policy revision. The change makes the kubelet
// update the pod's volumes at once instead of within a minute.
const AnnotationPolicyRevision = v1alpha1.GroupName + "/policy-revision"

// AnnotationDrain of a pod is the start of its drain, in RFC 3339.
const AnnotationDrain = v1alpha1.GroupName + "/drain-since"

// AnnotationRedisUsers of a Redis pod is the hash of the newest users file. The change makes the
// kubelet update the pod's volumes at once.
const AnnotationRedisUsers = v1alpha1.GroupName + "/redis-users"

// WorkloadName is the Deployment of the servers, its PodDisruptionBudget and its
// NetworkPolicy.
func WorkloadName(c *v1alpha1.RealtimeCluster) string { return c.Name }

// ClientServiceName is the Service for clients.
func ClientServiceName(c *v1alpha1.RealtimeCluster) string { return c.Name }

// PeerServiceName is the headless Service of the peer port.
func PeerServiceName(c *v1alpha1.RealtimeCluster) string { return c.Name + "-peers" }

// APIServiceName is the Service by which other back ends reach the server API.
func APIServiceName(c *v1alpha1.RealtimeCluster) string { return c.Name + "-api" }

// ExposureName is the name of the Ingress or route and of its policies.
func ExposureName(c *v1alpha1.RealtimeCluster) string { return c.Name }

// APISecretName is the Secret with the generated token of the server API.
func APISecretName(c *v1alpha1.RealtimeCluster) string { return c.Name + "-api" }

// PolicySecretName is the Secret with copies of the keys that policies and queues name.
func PolicySecretName(c *v1alpha1.RealtimeCluster) string { return c.Name + "-policy-secrets" }

// RedisUsersSecretName is the Secret with the ACL file of the managed Redis.
func RedisUsersSecretName(c *v1alpha1.RealtimeCluster) string { return c.Name + "-redis-users" }

// RedisTLSSecretName is the Secret with the certificate of the managed Redis.
func RedisTLSSecretName(c *v1alpha1.RealtimeCluster) string { return c.Name + "-redis-tls" }

// DashboardsConfigMapName is the ConfigMap with the Grafana dashboards.
func DashboardsConfigMapName(c *v1alpha1.RealtimeCluster) string { return c.Name + "-dashboards" }

// ServiceAccountName is the account of the server pods.
func ServiceAccountName(c *v1alpha1.RealtimeCluster) string {
	if own := c.Spec.Pod.ServiceAccountName; own != "" {
		return own
	}
	return c.Name
}

// Selector returns the labels that select the pods of a component. It is the part of [Labels] that
// never changes, because a Deployment's selector is immutable.
func Selector(c *v1alpha1.RealtimeCluster, component Component) map[string]string {
	return map[string]string{
		"app.kubernetes.io/name":      appName,
		"app.kubernetes.io/instance":  c.Name,
		"app.kubernetes.io/component": string(component),
	}
}

// ServerPodLabels select the server pods of all clusters.
func ServerPodLabels() map[string]string {
	return map[string]string{
		"app.kubernetes.io/name":       appName,
		"app.kubernetes.io/component":  string(ComponentServer),
		"app.kubernetes.io/managed-by": managedBy,
	}
}

// ManagedLabels select every object of the operator.
func ManagedLabels() map[string]string {
	return map[string]string{"app.kubernetes.io/managed-by": managedBy}
}

// ClusterName returns the name of the cluster of an object with [Labels].
func ClusterName(o metav1.Object) string { return o.GetLabels()["app.kubernetes.io/instance"] }
