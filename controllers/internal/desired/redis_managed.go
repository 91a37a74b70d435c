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

// Persistent reports whether the managed Redis keeps its data on a volume of its own.
func Persistent(c *v1alpha1.RealtimeCluster) bool {
	return Managed(c) && c.Spec.Redis.Managed.Storage.Type == v1alpha1.StoragePersistent
}

// RedisAddress is where the servers look for Redis first.
func RedisAddress(c *v1alpha1.RealtimeCluster) string {
	if addresses := redis(c).Addresses; len(addresses) > 0 {
		return addresses[0]
	}
	return ""
}

// RedisServerName is the name that the managed Redis's certificate carries.
func RedisServerName(c *v1alpha1.RealtimeCluster) string {
	return strings.Split(managedRedis(c).Addresses[0], ":")[0]
}
