package desired

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/anteroom/anteroom/api/v1alpha1"
)

// schedule sets the scheduling fields of the server pods.
func schedule(c *v1alpha1.RealtimeCluster, spec *corev1.PodSpec) error {
	var err error
	p := c.Spec.Pod
	if p.Affinity != nil {
		if spec.Affinity, err = convert[*corev1.Affinity](p.Affinity); err != nil {
			return err
		}
	}
	if spec.Tolerations, err = convert[[]corev1.Toleration](p.Tolerations); err != nil {
		return err
	}
	spec.TopologySpreadConstraints, err = convert[[]corev1.TopologySpreadConstraint](p.TopologySpreadConstraints)
	for i := range spec.TopologySpreadConstraints {
		if t := &spec.TopologySpreadConstraints[i]; t.LabelSelector == nil {
			t.LabelSelector = &metav1.LabelSelector{MatchLabels: Selector(c, ComponentServer)}
		}
	}
	return err
}
