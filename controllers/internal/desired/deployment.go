package desired

import (
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/anteroom/anteroom/api/v1alpha1"
)

// Workload is the observed state that the Deployment depends on, in addition to the cluster.
type Workload struct {
	// Image of the server when the cluster does not name an image.
	Image string
	// Replicas is the number of pods.
	Replicas int32
	// ConfigHash is the hash of the settings that need a restart; see [ConfigHash].
	ConfigHash string
}

// Deployment runs the servers. New pods start before old pods stop, because each old pod drains its
// clients first.
func Deployment(c *v1alpha1.RealtimeCluster, w Workload) (*appsv1.Deployment, error) {
	template, err := podTemplate(c, w)
	if err != nil {
		return nil, err
	}
	meta := objectMeta(c, ComponentServer, WorkloadName(c))
	meta.Annotations = defaultImage(c.Spec.Image, w.Image)
	return &appsv1.Deployment{
		TypeMeta:   metav1.TypeMeta{APIVersion: "apps/v1", Kind: "Deployment"},
		ObjectMeta: meta,
		Spec: appsv1.DeploymentSpec{
			Replicas:             ptr(w.Replicas),
			RevisionHistoryLimit: ptr(int32(3)),
			Paused:               c.Spec.Paused == v1alpha1.PauseRollouts,
			Selector:             &metav1.LabelSelector{MatchLabels: Selector(c, ComponentServer)},
			Strategy: appsv1.DeploymentStrategy{
				Type: appsv1.RollingUpdateDeploymentStrategyType,
				RollingUpdate: &appsv1.RollingUpdateDeployment{
					MaxUnavailable: ptr(intstr.FromInt32(0)),
					MaxSurge:       ptr(intstr.FromString("25%")),
				},
			},
			Template: template,
		},
	}, nil
}

func podTemplate(c *v1alpha1.RealtimeCluster, w Workload) (corev1.PodTemplateSpec, error) {
	spec := corev1.PodSpec{
		ServiceAccountName:            ServiceAccountName(c),
		AutomountServiceAccountToken:  ptr(false),
		EnableServiceLinks:            ptr(false),
		SecurityContext:               podSecurity(serverUser),
		TerminationGracePeriodSeconds: ptr(gracePeriod(c.Spec.Drain)),
		PriorityClassName:             c.Spec.Pod.PriorityClassName,
		NodeSelector:                  c.Spec.Pod.NodeSelector,
		Volumes:                       serverVolumes(c),
		Containers:                    []corev1.Container{serverContainer(c, w.Image)},
	}
	for _, s := range c.Spec.ImagePullSecrets {
		spec.ImagePullSecrets = append(spec.ImagePullSecrets, corev1.LocalObjectReference{Name: s.Name})
	}
	if err := schedule(c, &spec); err != nil {
		return corev1.PodTemplateSpec{}, err
	}
	return corev1.PodTemplateSpec{
		ObjectMeta: metav1.ObjectMeta{
			Labels:      merged(c.Spec.Pod.Labels, Labels(c, ComponentServer)),
			Annotations: merged(c.Spec.Pod.Annotations, map[string]string{AnnotationConfigHash: w.ConfigHash}),
		},
		Spec: spec,
	}, nil
}

// merged joins maps; for equal keys the last map wins.
func merged(all ...map[string]string) map[string]string {
	out := map[string]string{}
	for _, m := range all {
		for k, v := range m {
			out[k] = v
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}
