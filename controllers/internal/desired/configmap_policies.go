package desired

import (
	corev1 "k8s.io/api/core/v1"

	configv1 "github.com/anteroom/anteroom/api/config/v1alpha1"
	"github.com/anteroom/anteroom/api/v1alpha1"
)

// PoliciesConfigMap holds the PolicySet of the cluster's servers, which watch the file and apply
// changes live.
func PoliciesConfigMap(c *v1alpha1.RealtimeCluster, set *configv1.PolicySet) (*corev1.ConfigMap, error) {
	return configMap(c, PoliciesConfigMapName(c), KeyPolicies, set)
}
