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

// Paths of the files in a server pod. Secrets are mounted, a folder for each purpose, and never
// copied into a ConfigMap.
const (
	DirRuntime  = "/etc/anteroom/runtime"
	DirPolicies = "/etc/anteroom/policies"
	DirSecrets  = "/etc/anteroom/secrets"

	// DirRedis has the credentials for Redis.
	DirRedis = DirSecrets + "/redis"
	// DirRedisCA has the CA certificates for Redis.
	DirRedisCA = DirSecrets + "/redis-ca"
	// DirRedisClient has the client certificate and its key for Redis.
	DirRedisClient = DirSecrets + "/redis-client"
	// DirPolicySecrets has the keys that policies and queues name, a file each.
	DirPolicySecrets = DirSecrets + "/policies"
	// DirAdmin has the token for requests of the operator.
	DirAdmin = DirSecrets + "/admin"
	// DirAuth has a folder for each auth provider, by its name.
	DirAuth = DirSecrets + "/auth"
	// DirOfflineWebhook has the key that signs calls of the offline webhook.
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

// ProviderGenerated is the auth provider of a cluster without providers: tokens signed with the
// generated HS256 key.
const ProviderGenerated = "generated"

// keySigning is the file of a key that signs calls of a webhook.
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

// RedisName is the name of the managed Redis's workload and Service, and of the Secret with its
// password.
func RedisName(c *v1alpha1.RealtimeCluster) string { return c.Name + "-redis" }

// AdminSecretName is the Secret with the generated token by which the operator orders drains.
func AdminSecretName(c *v1alpha1.RealtimeCluster) string { return c.Name + "-admin" }

// AuthSecretName is the Secret with the generated HS256 key.
func AuthSecretName(c *v1alpha1.RealtimeCluster) string { return c.Name + "-auth" }
