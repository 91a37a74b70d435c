package desired

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/anteroom/anteroom/api/v1alpha1"
)

// RedisWorkload is the observed state that the StatefulSet depends on, in addition to the
// cluster.
type RedisWorkload struct {
	// Image of Redis when the cluster does not name an image.
	Image string
	// ClaimSize is the size in the claim template, which is immutable in an existing StatefulSet;
	// the operator expands the claims themselves. Zero means the size in the spec.
	ClaimSize resource.Quantity
	// Certificate of Redis, with TLS. A change restarts Redis.
	Certificate []byte
}

// RedisStatefulSet runs the managed Redis as a single pod.
func RedisStatefulSet(c *v1alpha1.RealtimeCluster, w RedisWorkload) *appsv1.StatefulSet {
	set := &appsv1.StatefulSet{
		TypeMeta:   metav1.TypeMeta{APIVersion: "apps/v1", Kind: "StatefulSet"},
		ObjectMeta: objectMeta(c, ComponentRedis, RedisName(c)),
		Spec: appsv1.StatefulSetSpec{
			Replicas:             ptr(int32(1)),
			RevisionHistoryLimit: ptr(int32(3)),
			ServiceName:          RedisName(c),
			Selector:             &metav1.LabelSelector{MatchLabels: Selector(c, ComponentRedis)},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{
					Labels:      Labels(c, ComponentRedis),
					Annotations: map[string]string{AnnotationConfigHash: redisHash(c, w)},
				},
				Spec: redisPod(c, w),
			},
		},
	}
	set.Annotations = defaultImage(c.Spec.Redis.Managed.Image, w.Image)
	if c.Spec.Paused == v1alpha1.PauseRollouts {
		// A partition of 1 excludes pod 0, the only pod, from a roll-out.
		set.Spec.UpdateStrategy = appsv1.StatefulSetUpdateStrategy{
			Type:          appsv1.RollingUpdateStatefulSetStrategyType,
			RollingUpdate: &appsv1.RollingUpdateStatefulSetStrategy{Partition: ptr(int32(1))},
		}
	}
	if Persistent(c) {
		set.Spec.VolumeClaimTemplates = []corev1.PersistentVolumeClaim{redisClaim(c, w)}
	}
	return set
}

// redisHash covers the settings that Redis reads only at its start.
func redisHash(c *v1alpha1.RealtimeCluster, w RedisWorkload) string {
	sum := sha256.Sum256(append([]byte(redisConfig(c)), w.Certificate...))
	return hex.EncodeToString(sum[:8])
}

func redisPod(c *v1alpha1.RealtimeCluster, w RedisWorkload) corev1.PodSpec {
	spec := corev1.PodSpec{
		AutomountServiceAccountToken:  ptr(false),
		EnableServiceLinks:            ptr(false),
		SecurityContext:               podSecurity(redisUser),
		TerminationGracePeriodSeconds: ptr(int64(30)),
		Volumes:                       redisVolumes(c),
		Containers: []corev1.Container{{
			Name:                     "redis",
			Image:                    cmp.Or(c.Spec.Redis.Managed.Image, w.Image),
			Command:                  shell(redisStartScript),
			Ports:                    []corev1.ContainerPort{{Name: PortNameRedis, ContainerPort: PortRedis, Protocol: corev1.ProtocolTCP}},
			Resources:                resources(c.Spec.Redis.Managed.Resources),
			VolumeMounts:             redisMounts(c),
			StartupProbe:             redisProbe(1, 300),
			ReadinessProbe:           redisProbe(5, 2),
			LivenessProbe:            redisLiveness(),
			SecurityContext:          containerSecurity(),
			TerminationMessagePolicy: corev1.TerminationMessageFallbackToLogsOnError,
		}},
	}
	for _, s := range c.Spec.ImagePullSecrets {
		spec.ImagePullSecrets = append(spec.ImagePullSecrets, corev1.LocalObjectReference{Name: s.Name})
	}
	return spec
}

func redisClaim(c *v1alpha1.RealtimeCluster, w RedisWorkload) corev1.PersistentVolumeClaim {
	storage := c.Spec.Redis.Managed.Storage
	size := w.ClaimSize
	if size.IsZero() {
		size = storage.Size
	}
	claim := corev1.PersistentVolumeClaim{
		ObjectMeta: metav1.ObjectMeta{Name: redisDataVolume},
		Spec: corev1.PersistentVolumeClaimSpec{
			AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
			Resources:   corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: size}},
		},
	}
	if storage.StorageClassName != "" {
		claim.Spec.StorageClassName = ptr(storage.StorageClassName)
	}
	return claim
}

// RedisClaimName is the volume claim of the StatefulSet's pod.
func RedisClaimName(c *v1alpha1.RealtimeCluster) string {
	return redisDataVolume + "-" + RedisName(c) + "-0"
}
