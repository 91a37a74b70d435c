package desired

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/anteroom/anteroom/api/v1alpha1"
)

func TestSecretReferences(t *testing.T) {
	for name, test := range map[string]struct {
		spec string
		want []SecretReference
	}{
		"all that the operator makes": {`{auth: {mode: JWT}}`, nil},
		"providers": {`{auth: {mode: JWT, providers: [{name: a, keysSecretRef: {name: keys, key: jwks}}, {name: b, sharedSecretRef: {name: shared, key: k}}]}}`,
			[]SecretReference{
				{"spec.auth.providers[0].keysSecretRef", "keys", "jwks"}, {"spec.auth.providers[1].sharedSecretRef", "shared", "k"},
			}},
		"providers of mode Anonymous":   {`{auth: {mode: Anonymous, providers: [{name: a, keysSecretRef: {name: keys, key: jwks}}]}}`, nil},
		"a token of one's own":          {`{api: {tokenSecretRef: {name: api, key: t}}}`, []SecretReference{{"spec.api.tokenSecretRef", "api", "t"}}},
		"a token of an API that is off": {`{api: {enabled: false, tokenSecretRef: {name: api, key: t}}}`, nil},
		"the offline webhook": {`{features: {notifications: {offlineWebhook: {url: "https://x", secretRef: {name: hook, key: k}}}}}`,
			[]SecretReference{{"spec.features.notifications.offlineWebhook.secretRef", "hook", "k"}}},
		"an external Redis": {`{redis: {mode: External, external: {addresses: ["r:6379"], credentialsSecretRef: {name: login},
			tls: {caSecretRef: {name: ca, key: pem}, clientCertSecretRef: {name: cert}}}}}`,
			[]SecretReference{
				{"spec.redis.external.credentialsSecretRef", "login", "password"}, {"spec.redis.external.tls.caSecretRef", "ca", "pem"},
				{"spec.redis.external.tls.clientCertSecretRef", "cert", "tls.crt"}, {"spec.redis.external.tls.clientCertSecretRef", "cert", "tls.key"},
			}},
		"an external Redis without secrets": {`{redis: {mode: External, external: {addresses: ["r:6379"]}}}`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var c v1alpha1.RealtimeCluster
			if err := yaml.Unmarshal([]byte(test.spec), &c.Spec); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, SecretReferences(&c)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
