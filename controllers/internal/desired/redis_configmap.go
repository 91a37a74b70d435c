package desired

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/anteroom/anteroom/api/v1alpha1"
)

// Paths of the managed Redis's files.
const (
	dirRedisConfig = "/etc/redis/config"
	dirRedisUsers  = "/etc/redis/users"
	dirRedisTLS    = "/etc/redis/tls"
	dirRedisData   = "/data"
	dirRedisRun    = "/run/redis"
	redisSocket    = dirRedisRun + "/redis.sock"
	// redisUsersFile is the ACL file that Redis reads at its start: the mounted file and the admin
	// user.
	redisUsersFile = dirRedisRun + "/" + KeyRedisUsers
	redisAdminFile = dirRedisRun + "/admin"
)

// RedisMemoryShare of the memory limit, in percent, is for data. The rest is for buffers,
// fragmentation and the copy during a rewrite of the append-only file.
const RedisMemoryShare = 75

// RedisConfigMap is the configuration of the managed Redis. It never evicts: Redis holds state,
// and a refused write reaches the client as an error, but an evicted key is lost silently.
func RedisConfigMap(c *v1alpha1.RealtimeCluster) *corev1.ConfigMap {
	return &corev1.ConfigMap{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "ConfigMap"},
		ObjectMeta: objectMeta(c, ComponentRedis, RedisName(c)),
		Data:       map[string]string{KeyRedisConfig: redisConfig(c)},
	}
}

func redisConfig(c *v1alpha1.RealtimeCluster) string {
	lines := []string{
		"bind * -::*",
		"protected-mode no",
		"unixsocket " + redisSocket,
		"unixsocketperm 700",
		"dir " + dirRedisData,
		"aclfile " + redisUsersFile,
		"maxmemory-policy noeviction",
		`save ""`,
	}
	if limit, ok := c.Spec.Redis.Managed.Resources.Limits["memory"]; ok {
		lines = append(lines, fmt.Sprintf("maxmemory %d", limit.Value()/100*RedisMemoryShare))
	}
	if Persistent(c) {
		lines = append(lines, "appendonly yes", "appendfsync everysec")
	} else {
		lines = append(lines, "appendonly no")
	}
	return strings.Join(append(lines, redisListen(c)...), "\n") + "\n"
}

func redisListen(c *v1alpha1.RealtimeCluster) []string {
	if !c.Spec.Redis.Managed.TLS.Enabled {
		return []string{fmt.Sprintf("port %d", PortRedis)}
	}
	return []string{
		"port 0",
		fmt.Sprintf("tls-port %d", PortRedis),
		"tls-cert-file " + dirRedisTLS + "/" + corev1.TLSCertKey,
		"tls-key-file " + dirRedisTLS + "/" + corev1.TLSPrivateKeyKey,
		"tls-ca-cert-file " + dirRedisTLS + "/" + keyCA,
		"tls-auth-clients no",
	}
}
