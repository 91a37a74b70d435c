package desired

import "github.com/anteroom/anteroom/api/v1alpha1"

// The keys of the ConfigMaps, which are also the names of the mounted files.
const (
	KeyRuntime  = "runtime.yaml"
	KeyPolicies = "policies.yaml"
)

// The ports of a server pod and of the managed Redis.
const (
	PortClient = 8080
	PortAdmin  = 9090
	PortPeer   = 8081
	PortAPI    = 8082
	PortRedis  = 6379
)

// Where a server pod finds its files. Secrets are mounted, one folder a purpose,
// and never copied into a ConfigMap.
const (
	DirRuntime  = "/etc/anteroom/runtime"
	DirPolicies = "/etc/anteroom/policies"
	DirSecrets  = "/etc/anteroom/secrets"

	// DirRedis has the credentials of Redis.
	DirRedis = DirSecrets + "/redis"
	// DirRedisCA has the certificates that Redis is trusted by.
	DirRedisCA = DirSecrets + "/redis-ca"
	// DirRedisClient has the certificate and the key to show to Redis.
	DirRedisClient = DirSecrets + "/redis-client"
	// DirPolicySecrets has the keys that policies and queues name, one a file.
	DirPolicySecrets = DirSecrets + "/policies"
	// DirAdmin has the token for requests of the operator.
	DirAdmin = DirSecrets + "/admin"
	// DirAuth has a folder for each auth provider, by its name.
	DirAuth = DirSecrets + "/auth"
	// DirOfflineWebhook has the key that calls of the offline webhook are signed with.
	DirOfflineWebhook = DirSecrets + "/offline-webhook"
)

// The names of mounted files.
const (
	FileRedisPassword = DirRedis + "/password"
	FileRedisUsername = DirRedis + "/username"
	FileRedisCA       = DirRedisCA + "/ca.crt"
	FileRedisCert     = DirRedisClient + "/tls.crt"
	FileRedisKey      = DirRedisClient + "/tls.key"

	FileOfflineWebhook = DirOfflineWebhook + "/" + keySigning
	FileAdminToken     = DirAdmin + "/" + KeyToken
)

// ProviderGenerated is the auth provider of a cluster that names none: tokens
// signed with the HS256 key that the operator makes.
const ProviderGenerated = "generated"

// keySigning is the file of a key that calls of a webhook are signed with.
const keySigning = "key"

// KeyShared is the key of the generated HS256 secret in its Secret.
const KeyShared = "hs256"

// FileJWKS is the file of a provider's mounted JWK set.
func FileJWKS(provider string) string { return DirAuth + "/" + provider + "/jwks.json" }

// FileShared is the file of a provider's mounted HS256 secret.
func FileShared(provider string) string { return DirAuth + "/" + provider + "/" + KeyShared }

// RuntimeConfigMapName is the ConfigMap that holds the RuntimeConfig.
func RuntimeConfigMapName(c *v1alpha1.RealtimeCluster) string { return c.Name + "-runtime" }

// PoliciesConfigMapName is the ConfigMap that holds the PolicySet.
func PoliciesConfigMapName(c *v1alpha1.RealtimeCluster) string { return c.Name + "-policies" }

// RedisName is the managed Redis: its workload, its Service and the Secret with
// its password.
func RedisName(c *v1alpha1.RealtimeCluster) string { return c.Name + "-redis" }

// AdminSecretName is the Secret with the generated token by which the operator tells
// servers to drain.
func AdminSecretName(c *v1alpha1.RealtimeCluster) string { return c.Name + "-admin" }

// AuthSecretName is the Secret with the generated HS256 key.
func AuthSecretName(c *v1alpha1.RealtimeCluster) string { return c.Name + "-auth" }
