package desired

import (
	corev1 "k8s.io/api/core/v1"

	configv1 "github.com/anteroom/anteroom/api/config/v1alpha1"
	"github.com/anteroom/anteroom/api/v1alpha1"
)

// PolicySecret holds copies of the keys that policies and queues name, so that a new policy reaches
// running pods. The Secret of a user would have to be in the pod's volumes, which cannot change
// without a restart.
func PolicySecret(c *v1alpha1.RealtimeCluster, set *configv1.PolicySet, found *References) *corev1.Secret {
	return secret(c, ComponentServer, PolicySecretName(c), corev1.SecretTypeOpaque, PolicySecrets(set, found))
}
