package desired

import (
	"crypto/sha256"
	"encoding/hex"

	corev1 "k8s.io/api/core/v1"
)

// ConfigHash is the hash of the settings that a server reads only at its start: its RuntimeConfig.
// Policies, limits and secrets are excluded, because servers apply their changes live.
func ConfigHash(runtime *corev1.ConfigMap) string {
	sum := sha256.Sum256([]byte(runtime.Data[KeyRuntime]))
	return hex.EncodeToString(sum[:8])
}
