package desired

import (
	"fmt"

	configv1 "github.com/anteroom/anteroom/api/config/v1alpha1"
	"github.com/anteroom/anteroom/api/v1alpha1"
)

// redis returns the address and the credentials of the cluster's Redis.
func redis(c *v1alpha1.RealtimeCluster) configv1.Redis {
	spec := c.Spec.Redis
	out := managedRedis(c)
	if spec.Mode == v1alpha1.RedisExternal && spec.External != nil {
		out = externalRedis(spec.External)
	}
	out.KeyPrefix = keyPrefix(c)
	out.Probe = configv1.RedisProbe{
		Interval:     duration(spec.Probe.Interval),
		UnreadyAfter: duration(spec.Probe.UnreadyAfter),
	}
	return out
}

// managedRedis describes the Redis that the operator runs: a single server behind a Service, with a
// generated password.
func managedRedis(c *v1alpha1.RealtimeCluster) configv1.Redis {
	host := RedisName(c) + "." + c.Namespace + ".svc"
	out := configv1.Redis{
		Topology:     configv1.RedisStandalone,
		Addresses:    []string{fmt.Sprintf("%s:%d", host, PortRedis)},
		Username:     RedisUser,
		PasswordFile: FileRedisPassword,
	}
	if c.Spec.Redis.Managed.TLS.Enabled {
		out.TLS = &configv1.RedisTLS{CAFile: FileRedisCA, ServerName: host}
	}
	return out
}

// externalRedis describes an existing Redis.
func externalRedis(e *v1alpha1.ExternalRedis) configv1.Redis {
	out := configv1.Redis{
		Topology:   configv1.RedisTopology(e.Topology),
		Addresses:  e.Addresses,
		MasterName: e.MasterName,
		Database:   int(e.Database),
	}
	if e.CredentialsSecretRef != nil {
		out.UsernameFile = FileRedisUsername
		out.PasswordFile = FileRedisPassword
	}
	if e.TLS != nil {
		out.TLS = externalTLS(e.TLS)
	}
	return out
}

func externalTLS(t *v1alpha1.ExternalRedisTLS) *configv1.RedisTLS {
	out := &configv1.RedisTLS{ServerName: t.ServerName}
	if t.CASecretRef != nil {
		out.CAFile = FileRedisCA
	}
	if t.ClientCertSecretRef != nil {
		out.CertFile, out.KeyFile = FileRedisCert, FileRedisKey
	}
	return out
}

// keyPrefix separates clusters that share a Redis.
func keyPrefix(c *v1alpha1.RealtimeCluster) string {
	if c.Spec.Redis.KeyPrefix != "" {
		return c.Spec.Redis.KeyPrefix
	}
	return "anteroom:" + c.Namespace + ":" + c.Name + ":"
}
