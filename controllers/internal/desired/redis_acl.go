package desired

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/anteroom/anteroom/api/v1alpha1"
)

// redisProbeUser has no password and may only ask for a sign of life. Pods that an earlier
// operator started probe with it until they are replaced; pods of this one do not.
const redisProbeUser = "probe"

// redisAdminUser sets the users of a running Redis. Its line is not in the Secret: each
// start of Redis adds it, with a password that only the pod knows.
const redisAdminUser = "admin"

// redisAdminRules are all that the probe needs. Who may set users may take any right, so
// the password is worth as much as one for everything.
const redisAdminRules = "resetkeys resetchannels -@all +ping +acl|setuser"

// maxRedisPasswords is how many passwords are good at once: the newest, and the one
// before it, with which servers may still log in. That one is good until all servers
// report that they use the newest.
const maxRedisPasswords = 2

// RedisPasswordHash is what the file of users says in place of a password.
func RedisPasswordHash(password string) string {
	sum := sha256.Sum256([]byte(password))
	return hex.EncodeToString(sum[:])
}

// RedisUsersSecret is the ACL file of the managed Redis. The servers' user reaches
// only keys and channels with the cluster's prefix, and no command that looks at or
// changes the server as a whole; INFO is there because scripts learn from it when
// Redis was restarted. The hashes are those of the good passwords, newest first.
func RedisUsersSecret(c *v1alpha1.RealtimeCluster, hashes []string) *corev1.Secret {
	prefix := keyPrefix(c)
	runtime := []string{"user", RedisUser, "on"}
	for _, h := range hashes[:min(len(hashes), maxRedisPasswords)] {
		runtime = append(runtime, "#"+h)
	}
	runtime = append(runtime, "~"+prefix+"*", "&"+prefix+"*", "-@all", "+@read", "+@write", "+@pubsub",
		"+@connection", "+@transaction", "-@dangerous", "-@scripting", "+eval", "+evalsha", "+info", "+time")
	lines := []string{
		// Nobody can be the default user, which is off. Redis itself is when it reads its
		// log of writes after a restart, and skips every transaction that it may not do.
		"user default off resetpass ~* &* +@all",
		"user " + redisProbeUser + " on nopass resetkeys resetchannels -@all +ping",
		strings.Join(runtime, " "),
	}
	text := strings.Join(lines, "\n") + "\n"
	return secret(c, ComponentRedis, RedisUsersSecretName(c), corev1.SecretTypeOpaque, map[string][]byte{KeyRedisUsers: []byte(text)})
}

// RedisPasswordHashes reads back which passwords a file of users takes, newest first.
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

// RedisUsersHash tells files of users apart.
func RedisUsersHash(c *v1alpha1.RealtimeCluster, hashes []string) string {
	sum := sha256.Sum256(RedisUsersSecret(c, hashes).Data[KeyRedisUsers])
	return hex.EncodeToString(sum[:8])
}
