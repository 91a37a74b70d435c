package desired

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/anteroom/anteroom/api/v1alpha1"
)

// RuntimeConfigMap holds the RuntimeConfig of the cluster's servers, which read it at their start.
func RuntimeConfigMap(c *v1alpha1.RealtimeCluster) (*corev1.ConfigMap, error) {
	return configMap(c, RuntimeConfigMapName(c), KeyRuntime, RuntimeConfig(c))
}
