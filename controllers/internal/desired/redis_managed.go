package desired

import (
	"strings"

	"github.com/anteroom/anteroom/api/v1alpha1"
)

// RedisUser is the ACL user of the servers in the managed Redis.
const RedisUser = "anteroom"

// Managed reports whether the operator runs the cluster's Redis.
func Managed(c *v1alpha1.RealtimeCluster) bool {
	return c.Spec.Redis.Mode != v1alpha1.RedisExternal || c.Spec.Redis.External == nil
}

// Persistent reports whether the managed Redis stores its data on a persistent volume.
func Persistent(c *v1alpha1.RealtimeCluster) bool {
	return Managed(c) && c.Spec.Redis.Managed.Storage.Type == v1alpha1.StoragePersistent
}

// RedisAddress is the initial address of Redis for the servers.
func RedisAddress(c *v1alpha1.RealtimeCluster) string {
	if addresses := redis(c).Addresses; len(addresses) > 0 {
		return addresses[0]
	}
	return ""
}

// RedisServerName is the name in the certificate of the managed Redis.
func RedisServerName(c *v1alpha1.RealtimeCluster) string {
	return strings.Split(managedRedis(c).Addresses[0], ":")[0]
}
