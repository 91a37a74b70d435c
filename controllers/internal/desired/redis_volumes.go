package desired

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/anteroom/anteroom/api/v1alpha1"
)

// redisDataVolume is the data volume and the claim's name in the template.
const redisDataVolume = "data"

func redisVolumes(c *v1alpha1.RealtimeCluster) []corev1.Volume {
	volumes := []corev1.Volume{
		configMapVolume("config", RedisName(c)),
		secretVolume("users", RedisUsersSecretName(c)),
		inMemory(emptyDir("run", resource.MustParse("1Mi"))),
	}
	if c.Spec.Redis.Managed.TLS.Enabled {
		volumes = append(volumes, secretVolume("tls", RedisTLSSecretName(c),
			corev1.KeyToPath{Key: keyCA, Path: keyCA},
			corev1.KeyToPath{Key: corev1.TLSCertKey, Path: corev1.TLSCertKey},
			corev1.KeyToPath{Key: corev1.TLSPrivateKeyKey, Path: corev1.TLSPrivateKeyKey}))
	}
	if !Persistent(c) {
		volumes = append(volumes, emptyDir(redisDataVolume, c.Spec.Redis.Managed.Storage.Size))
	}
	return volumes
}

func redisMounts(c *v1alpha1.RealtimeCluster) []corev1.VolumeMount {
	mounts := []corev1.VolumeMount{
		{Name: "config", MountPath: dirRedisConfig, ReadOnly: true},
		{Name: "users", MountPath: dirRedisUsers, ReadOnly: true},
		{Name: "run", MountPath: dirRedisRun},
		{Name: redisDataVolume, MountPath: dirRedisData},
	}
	if c.Spec.Redis.Managed.TLS.Enabled {
		mounts = append(mounts, corev1.VolumeMount{Name: "tls", MountPath: dirRedisTLS, ReadOnly: true})
	}
	return mounts
}

func emptyDir(name string, limit resource.Quantity) corev1.Volume {
	return corev1.Volume{Name: name, VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{SizeLimit: &limit}}}
}

// inMemory keeps an emptyDir off the node's disk, because it holds a password.
func inMemory(v corev1.Volume) corev1.Volume {
	v.EmptyDir.Medium = corev1.StorageMediumMemory
	return v
}
