package desired

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/anteroom/anteroom/api/v1alpha1"
)

// RedisService is the Service by which the servers reach the managed Redis.
func RedisService(c *v1alpha1.RealtimeCluster) *corev1.Service {
	s := service(c, ComponentRedis, RedisName(c), PortNameRedis, PortRedis)
	s.Spec.Type = corev1.ServiceTypeClusterIP
	return s
}
