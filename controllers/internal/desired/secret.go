package desired

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/anteroom/anteroom/api/v1alpha1"
)

// Generated is a Secret that the operator creates once, with a random value under a single key.
// Afterwards it belongs to the user: a new value is a rotation.
type Generated struct {
	Name      string
	Key       string
	Component Component
	// Length is the number of characters of the value.
	Length int
}

// generatedLength gives more than 256 bits with 62 letters and digits.
const generatedLength = 48

// GeneratedSecrets returns the Secrets that the cluster needs and the user did not name, sorted by
// name.
func GeneratedSecrets(c *v1alpha1.RealtimeCluster) []Generated {
	all := []Generated{{Name: AdminSecretName(c), Key: KeyToken, Component: ComponentServer, Length: generatedLength}}
	if enabled(c.Spec.API.Enabled) && c.Spec.API.TokenSecretRef == nil {
		all = append(all, Generated{Name: APISecretName(c), Key: KeyToken, Component: ComponentServer, Length: generatedLength})
	}
	if c.Spec.Auth.Mode == v1alpha1.AuthJWT && len(c.Spec.Auth.Providers) == 0 {
		all = append(all, Generated{Name: AuthSecretName(c), Key: KeyShared, Component: ComponentServer, Length: generatedLength})
	}
	if Managed(c) {
		all = append(all, Generated{Name: RedisName(c), Key: KeyRedisPassword, Component: ComponentRedis, Length: generatedLength})
	}
	return all
}

// GeneratedSecret returns the Secret with its value.
func GeneratedSecret(c *v1alpha1.RealtimeCluster, g Generated, value string) *corev1.Secret {
	return secret(c, g.Component, g.Name, corev1.SecretTypeOpaque, map[string][]byte{g.Key: []byte(value)})
}

func secret(c *v1alpha1.RealtimeCluster, component Component, name string, kind corev1.SecretType, data map[string][]byte) *corev1.Secret {
	return &corev1.Secret{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Secret"},
		ObjectMeta: objectMeta(c, component, name),
		Type:       kind,
		Data:       data,
	}
}
