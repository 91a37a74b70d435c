package desired

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/anteroom/anteroom/api/v1alpha1"
)

// SecretReference is a key of a user's Secret that a server pod needs.
type SecretReference struct {
	// Field is the field of the RealtimeCluster that names the Secret.
	Field string
	Name  string
	Key   string
}

// SecretReferences returns the keys without which the pods cannot start.
func SecretReferences(c *v1alpha1.RealtimeCluster) []SecretReference {
	var refs []SecretReference
	if !Managed(c) {
		refs = externalReferences(c.Spec.Redis.External)
	}
	if c.Spec.Auth.Mode == v1alpha1.AuthJWT {
		for i, p := range c.Spec.Auth.Providers {
			refs = add(refs, fmt.Sprintf("spec.auth.providers[%d].keysSecretRef", i), p.KeysSecretRef)
			refs = add(refs, fmt.Sprintf("spec.auth.providers[%d].sharedSecretRef", i), p.SharedSecretRef)
		}
	}
	if enabled(c.Spec.API.Enabled) {
		refs = add(refs, "spec.api.tokenSecretRef", c.Spec.API.TokenSecretRef)
	}
	return add(refs, "spec.features.notifications.offlineWebhook.secretRef", offlineWebhookKey(c))
}

func externalReferences(e *v1alpha1.ExternalRedis) []SecretReference {
	var refs []SecretReference
	if e.CredentialsSecretRef != nil {
		refs = append(refs, SecretReference{"spec.redis.external.credentialsSecretRef", e.CredentialsSecretRef.Name, KeyRedisPassword})
	}
	if e.TLS == nil {
		return refs
	}
	refs = add(refs, "spec.redis.external.tls.caSecretRef", e.TLS.CASecretRef)
	if own := e.TLS.ClientCertSecretRef; own != nil {
		for _, key := range []string{corev1.TLSCertKey, corev1.TLSPrivateKeyKey} {
			refs = append(refs, SecretReference{"spec.redis.external.tls.clientCertSecretRef", own.Name, key})
		}
	}
	return refs
}

func add(refs []SecretReference, field string, ref *v1alpha1.KeyReference) []SecretReference {
	if ref == nil {
		return refs
	}
	return append(refs, SecretReference{Field: field, Name: ref.Name, Key: ref.Key})
}
