package desired

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/anteroom/anteroom/api/v1alpha1"
)

// redisProbeUser has no password and may only PING. Pods of an earlier operator probe with it until
// they are replaced; pods of this operator do not.
const redisProbeUser = "probe"

// redisAdminUser sets the users of a running Redis. Its line is not in the Secret: each start of
// Redis adds the line with a password that only the pod has.
const redisAdminUser = "admin"

// redisAdminRules are the rights that the probe needs. A user that may set users can take any
// right, so the password gives full access.
const redisAdminRules = "resetkeys resetchannels -@all +ping +acl|setuser"

// maxRedisPasswords bounds the valid passwords: the newest, and the password before it, with which
// servers may still log in until all servers report the newest.
const maxRedisPasswords = 2

// RedisPasswordHash returns the form of a password in the users file.
func RedisPasswordHash(password string) string {
	sum := sha256.Sum256([]byte(password))
	return hex.EncodeToString(sum[:])
}

// RedisUsersSecret is the ACL file of the managed Redis. The servers' user reaches only keys and
// channels with the cluster's prefix, and no command that reads or changes the server as a whole.
// INFO is allowed because scripts use it to detect a restart of Redis. The hashes belong to the
// valid passwords, newest first.
func RedisUsersSecret(c *v1alpha1.RealtimeCluster, hashes []string) *corev1.Secret {
	prefix := keyPrefix(c)
	runtime := []string{"user", RedisUser, "on"}
	for _, h := range hashes[:min(len(hashes), maxRedisPasswords)] {
		runtime = append(runtime, "#"+h)
	}
	runtime = append(runtime, "~"+prefix+"*", "&"+prefix+"*", "-@all", "+@read", "+@write", "+@pubsub",
		"+@connection", "+@transaction", "-@dangerous", "-@scripting", "+eval", "+evalsha", "+info", "+time")
	lines := []string{
		// No client can log in as the default user, which is off. Redis itself uses it to replay
		// its append-only file after a restart, and skips every transaction that the user may not
		// execute.
		"user default off resetpass ~* &* +@all",
		"user " + redisProbeUser + " on nopass resetkeys resetchannels -@all +ping",
		strings.Join(runtime, " "),
	}
	text := strings.Join(lines, "\n") + "\n"
	return secret(c, ComponentRedis, RedisUsersSecretName(c), corev1.SecretTypeOpaque, map[string][]byte{KeyRedisUsers: []byte(text)})
}

// RedisPasswordHashes returns the valid password hashes of a users file, newest first.
func RedisPasswordHashes(users []byte) []string {
	var hashes []string
	for line := range strings.Lines(string(users)) {
		words := strings.Fields(line)
		if len(words) < 2 || words[1] != RedisUser {
			continue
		}
		for _, word := range words[2:] {
			if h, ok := strings.CutPrefix(word, "#"); ok {
				hashes = append(hashes, h)
			}
		}
	}
	return hashes
}

// RotateRedisPassword puts the hash of the newest password first and keeps the previous first
// hash.
func RotateRedisPassword(known []string, newest string) []string {
	hashes := []string{newest}
	for _, h := range known {
		if h != newest && len(hashes) < maxRedisPasswords {
			hashes = append(hashes, h)
		}
	}
	return hashes
}

// RedisUsersHash identifies a users file.
func RedisUsersHash(c *v1alpha1.RealtimeCluster, hashes []string) string {
	sum := sha256.Sum256(RedisUsersSecret(c, hashes).Data[KeyRedisUsers])
	return hex.EncodeToString(sum[:8])
}
