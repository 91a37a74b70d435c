package desired

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/anteroom/anteroom/api/v1alpha1"
)

// fileMode allows only the pod's group to read mounted files.
const fileMode int32 = 0o440

// mounted is a volume with its mount path. Folders are mounted, never single files, because the
// kubelet updates only folders.
type mounted struct {
	volume corev1.Volume
	path   string
}

func serverMounted(c *v1alpha1.RealtimeCluster) []mounted {
	all := []mounted{
		{configMapVolume("runtime", RuntimeConfigMapName(c)), DirRuntime},
		{configMapVolume("policies", PoliciesConfigMapName(c)), DirPolicies},
		{secretVolume("policy-secrets", PolicySecretName(c)), DirPolicySecrets},
		{secretVolume("admin", AdminSecretName(c), corev1.KeyToPath{Key: KeyToken, Path: KeyToken}), DirAdmin},
	}
	all = append(all, redisMounted(c)...)
	if sources := authSources(c); len(sources) > 0 {
		all = append(all, mounted{corev1.Volume{Name: "auth", VolumeSource: corev1.VolumeSource{
			Projected: &corev1.ProjectedVolumeSource{DefaultMode: ptr(fileMode), Sources: sources},
		}}, DirAuth})
	}
	if enabled(c.Spec.API.Enabled) {
		ref := v1alpha1.KeyReference{Name: APISecretName(c), Key: KeyToken}
		if own := c.Spec.API.TokenSecretRef; own != nil {
			ref = *own
		}
		all = append(all, mounted{secretVolume("api", ref.Name, corev1.KeyToPath{Key: ref.Key, Path: KeyToken}), DirAPI})
	}
	if ref := offlineWebhookKey(c); ref != nil {
		all = append(all, mounted{
			secretVolume("offline-webhook", ref.Name, corev1.KeyToPath{Key: ref.Key, Path: keySigning}), DirOfflineWebhook,
		})
	}
	return all
}

// offlineWebhookKey returns the mounted key of the offline webhook; nil when there is no webhook.
func offlineWebhookKey(c *v1alpha1.RealtimeCluster) *v1alpha1.KeyReference {
	if hook := c.Spec.Features.Notifications.OfflineWebhook; hook != nil {
		return hook.SecretRef
	}
	return nil
}

// redisMounted returns the Secrets that a server needs for Redis.
func redisMounted(c *v1alpha1.RealtimeCluster) []mounted {
	if Managed(c) {
		all := []mounted{{secretVolume("redis", RedisName(c), corev1.KeyToPath{Key: KeyRedisPassword, Path: KeyRedisPassword}), DirRedis}}
		if c.Spec.Redis.Managed.TLS.Enabled {
			all = append(all, mounted{secretVolume("redis-ca", RedisTLSSecretName(c), corev1.KeyToPath{Key: keyCA, Path: keyCA}), DirRedisCA})
		}
		return all
	}
	var all []mounted
	e := c.Spec.Redis.External
	if e.CredentialsSecretRef != nil {
		all = append(all, mounted{secretVolume("redis", e.CredentialsSecretRef.Name), DirRedis})
	}
	if e.TLS != nil && e.TLS.CASecretRef != nil {
		ref := e.TLS.CASecretRef
		all = append(all, mounted{secretVolume("redis-ca", ref.Name, corev1.KeyToPath{Key: ref.Key, Path: keyCA}), DirRedisCA})
	}
	if e.TLS != nil && e.TLS.ClientCertSecretRef != nil {
		all = append(all, mounted{secretVolume("redis-client", e.TLS.ClientCertSecretRef.Name), DirRedisClient})
	}
	return all
}

// authSources returns the keys of the auth providers, each in a folder with the provider's name.
func authSources(c *v1alpha1.RealtimeCluster) []corev1.VolumeProjection {
	if c.Spec.Auth.Mode != v1alpha1.AuthJWT {
		return nil
	}
	if len(c.Spec.Auth.Providers) == 0 {
		return []corev1.VolumeProjection{projection(AuthSecretName(c), KeyShared, ProviderGenerated+"/"+KeyShared)}
	}
	var sources []corev1.VolumeProjection
	for _, p := range c.Spec.Auth.Providers {
		switch {
		case p.KeysSecretRef != nil:
			sources = append(sources, projection(p.KeysSecretRef.Name, p.KeysSecretRef.Key, p.Name+"/jwks.json"))
		case p.SharedSecretRef != nil:
			sources = append(sources, projection(p.SharedSecretRef.Name, p.SharedSecretRef.Key, p.Name+"/"+KeyShared))
		}
	}
	return sources
}

func projection(name, key, path string) corev1.VolumeProjection {
	return corev1.VolumeProjection{Secret: &corev1.SecretProjection{
		LocalObjectReference: corev1.LocalObjectReference{Name: name},
		Items:                []corev1.KeyToPath{{Key: key, Path: path}},
	}}
}

func configMapVolume(name, configMap string) corev1.Volume {
	return corev1.Volume{Name: name, VolumeSource: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{
		LocalObjectReference: corev1.LocalObjectReference{Name: configMap}, DefaultMode: ptr(fileMode),
	}}}
}

// secretVolume mounts the given items of a Secret, or the whole Secret.
func secretVolume(name, secret string, items ...corev1.KeyToPath) corev1.Volume {
	return corev1.Volume{Name: name, VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{
		SecretName: secret, Items: items, DefaultMode: ptr(fileMode),
	}}}
}

func serverVolumes(c *v1alpha1.RealtimeCluster) []corev1.Volume {
	var all []corev1.Volume
	for _, m := range serverMounted(c) {
		all = append(all, m.volume)
	}
	return all
}

func serverMounts(c *v1alpha1.RealtimeCluster) []corev1.VolumeMount {
	var all []corev1.VolumeMount
	for _, m := range serverMounted(c) {
		all = append(all, corev1.VolumeMount{Name: m.volume.Name, MountPath: m.path, ReadOnly: true})
	}
	return all
}
