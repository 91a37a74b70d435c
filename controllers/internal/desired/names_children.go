package desired

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/anteroom/anteroom/api/v1alpha1"
)

// The names of ports.
const (
	PortNameClient = "client"
	PortNameAdmin  = "admin"
	PortNamePeer   = "peer"
	PortNameAPI    = "api"
	PortNameRedis  = "redis"
)

// PortService is the port of the client Service, and of that of the server API.
const PortService = 80

// DirAPI has the token of the server API.
const DirAPI = DirSecrets + "/api"

// KeyToken is the key of a generated token in its Secret.
const KeyToken = "token"

// The keys of the managed Redis's Secrets and ConfigMap.
const (
	KeyRedisPassword = "password"
	KeyRedisUsers    = "users.acl"
	KeyRedisConfig   = "redis.conf"
)

// AnnotationConfigHash of the pod template is the hash of what needs a restart.
const AnnotationConfigHash = v1alpha1.GroupName + "/config-hash"

// AnnotationDefaultImage of a Deployment or StatefulSet is the image that the operator
// chose because the cluster names none; see [ImageInUse].
const AnnotationDefaultImage = v1alpha1.GroupName + "/default-image"

// AnnotationApplied of an object is the hash of the last applied configuration. Without it, an
// entry that was removed from an atomic list could not be distinguished from a default of the API
// server.
const AnnotationApplied = v1alpha1.GroupName + "/applied"

// AnnotationPolicyRevision of a pod is the newest PolicySet. Writing it makes the
// kubelet look at the pod's volumes at once, instead of within a minute.
const AnnotationPolicyRevision = v1alpha1.GroupName + "/policy-revision"

// AnnotationDrain of a pod says since when, in RFC 3339, it is drained before it is
// taken away.
const AnnotationDrain = v1alpha1.GroupName + "/drain-since"

// AnnotationRedisUsers of a Redis pod is the hash of the newest file of users; it is
// written for the same reason.
const AnnotationRedisUsers = v1alpha1.GroupName + "/redis-users"

// WorkloadName is the Deployment of the servers, its PodDisruptionBudget and its
// NetworkPolicy.
func WorkloadName(c *v1alpha1.RealtimeCluster) string { return c.Name }

// ClientServiceName is the Service that clients are sent to.
func ClientServiceName(c *v1alpha1.RealtimeCluster) string { return c.Name }

// PeerServiceName is the headless Service by which pods find each other.
func PeerServiceName(c *v1alpha1.RealtimeCluster) string { return c.Name + "-peers" }

// APIServiceName is the Service that other back ends reach the server API by.
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

// Selector picks the pods of a component. It is a part of [Labels] that never
// changes, because a Deployment's selector cannot.
func Selector(c *v1alpha1.RealtimeCluster, component Component) map[string]string {
	return map[string]string{
		"app.kubernetes.io/name":      appName,
		"app.kubernetes.io/instance":  c.Name,
		"app.kubernetes.io/component": string(component),
	}
}

// ServerPodLabels pick the server pods of all clusters.
func ServerPodLabels() map[string]string {
	return map[string]string{
		"app.kubernetes.io/name":       appName,
		"app.kubernetes.io/component":  string(ComponentServer),
		"app.kubernetes.io/managed-by": managedBy,
	}
}

// ManagedLabels pick every object that the operator made.
func ManagedLabels() map[string]string {
	return map[string]string{"app.kubernetes.io/managed-by": managedBy}
}

// ClusterName is the cluster that an object with [Labels] belongs to.
func ClusterName(o metav1.Object) string { return o.GetLabels()["app.kubernetes.io/instance"] }
