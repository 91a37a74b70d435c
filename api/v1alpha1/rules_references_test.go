package v1alpha1_test

import (
	"fmt"
	"strings"

	"github.com/anteroom/anteroom/api/v1alpha1"
)

// references are the fields that name an object, by kind, each with changes that lack the
// name.
var references = map[string][][2]string{
	v1alpha1.KindRealtimeCluster: {
		{"spec.api.tokenSecretRef", "spec: {api: {tokenSecretRef: {name: %s, key: k}}}"},
		{"spec.auth.providers[0].keysSecretRef", "spec: {auth: {providers: [{name: a, keysSecretRef: {name: %s, key: k}}]}}"},
		{"spec.auth.providers[0].sharedSecretRef", "spec: {auth: {providers: [{name: a, sharedSecretRef: {name: %s, key: k}}]}}"},
		{"spec.features.notifications.offlineWebhook.secretRef", "spec: {features: {notifications: {offlineWebhook: {url: 'https://a/', secretRef: {name: %s, key: k}}}}}"},
		{"spec.imagePullSecrets[0]", "spec: {imagePullSecrets: [{name: %s}]}"},
		{"spec.pod.env[0].valueFrom.secretKeyRef", "spec: {pod: {env: [{name: A, valueFrom: {secretKeyRef: {name: %s, key: k}}}]}}"},
		{"spec.pod.env[0].valueFrom.configMapKeyRef", "spec: {pod: {env: [{name: A, valueFrom: {configMapKeyRef: {name: %s, key: k}}}]}}"},
		{"spec.pod.envFrom[0].secretRef", "spec: {pod: {envFrom: [{secretRef: {name: %s}}]}}"},
		{"spec.pod.envFrom[0].configMapRef", "spec: {pod: {envFrom: [{configMapRef: {name: %s}}]}}"},
		{"spec.redis.external.credentialsSecretRef", "spec: {redis: {mode: External, external: {addresses: ['r:1'], credentialsSecretRef: {name: %s}}}}"},
		{"spec.redis.external.tls.caSecretRef", "spec: {redis: {mode: External, external: {addresses: ['r:1'], tls: {caSecretRef: {name: %s, key: k}}}}}"},
		{"spec.redis.external.tls.clientCertSecretRef", "spec: {redis: {mode: External, external: {addresses: ['r:1'], tls: {clientCertSecretRef: {name: %s}}}}}"},
	},
	v1alpha1.KindLobbyPolicy: {
		{"spec.clusterRef", "spec: {clusterRef: {name: %s}}"},
		{"spec.chat.filters[0].wordsConfigMapRef", "spec: {chat: {filters: [{type: WordList, wordsConfigMapRef: {name: %s, key: k}}]}}"},
		{"spec.chat.filters[0].secretRef", "spec: {chat: {filters: [{type: Webhook, url: 'https://a/', secretRef: {name: %s, key: k}}]}}"},
	},
	v1alpha1.KindMatchmakingQueue: {
		{"spec.clusterRef", "spec: {clusterRef: {name: %s}}"},
		{"spec.handoff.lobbyPolicyRef", "spec: {handoff: {lobbyPolicyRef: {name: %s}}}"},
		{"spec.handoff.secretRef", "spec: {handoff: {type: Webhook, url: 'https://a/', lobbyPolicyRef: null, secretRef: {name: %s, key: k}}}"},
	},
}

// referenceRules are the rules of names, for each of the fields that name an object.
func referenceRules(kind string) []rule {
	var all []rule
	for _, reference := range references[kind] {
		at, changes := reference[0], reference[1]
		named := func(names ...string) []string {
			var out []string
			for _, name := range names {
				out = append(out, fmt.Sprintf(changes, "'"+name+"'"))
			}
			return out
		}
		all = append(all, rule{
			name:   strings.TrimPrefix(at, "spec.") + ".name can be an object's",
			accept: named("a", "game-keys.v2"),
			reject: named("a/b", "a%", "..", "Keys", "-a"),
			text:   "must be a name that an object can have: a-z, 0-9, '-' and '.', such as game-keys",
			field:  at + ".name",
		})
	}
	return all
}
