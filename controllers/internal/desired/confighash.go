package desired

import (
	"crypto/sha256"
	"encoding/hex"

	corev1 "k8s.io/api/core/v1"
)

// ConfigHash is the hash of what a server reads only when it starts: its
// RuntimeConfig. Policies, limits and secrets are not in it, because servers read
// them again when they change.
func ConfigHash(runtime *corev1.ConfigMap) string {
	sum := sha256.Sum256([]byte(runtime.Data[KeyRuntime]))
	return hex.EncodeToString(sum[:8])
}
