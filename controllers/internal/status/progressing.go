package status

import (
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/anteroom/anteroom/api/v1alpha1"
)

// Progressing is true while pods are replaced or their number changes, and false when the change is
// complete or stalled.
func Progressing(o Observed) metav1.Condition {
	d := o.Servers
	switch {
	case d == nil || o.Changed || d.Status.ObservedGeneration < d.Generation:
		return yes(v1alpha1.ReasonRolloutInProgress, "the change has not reached the pods yet")
	case stalled(o):
		return no(v1alpha1.ReasonRolloutStalled, "new pods do not become ready"+problems(o.Pods))
	case d.Spec.Paused && d.Status.UpdatedReplicas < o.Replicas:
		return no(v1alpha1.ReasonRolloutsPaused, fmt.Sprintf("%d of %d pods run the newest template; the others wait until spec.paused is None", d.Status.UpdatedReplicas, o.Replicas))
	case d.Status.UpdatedReplicas < min(o.Replicas, d.Status.Replicas) || d.Status.Replicas > d.Status.UpdatedReplicas && d.Status.UpdatedReplicas >= o.Replicas:
		return yes(v1alpha1.ReasonRolloutInProgress, fmt.Sprintf("%d of %d pods run the newest template", d.Status.UpdatedReplicas, o.Replicas))
	case d.Status.Replicas != o.Replicas || d.Status.ReadyReplicas < o.Replicas:
		return yes(v1alpha1.ReasonScaling, fmt.Sprintf("%d pods are there and %d ready, %d are wanted%s", d.Status.Replicas, d.Status.ReadyReplicas, o.Replicas, problems(o.Pods)))
	}
	text := fmt.Sprintf("all %d pods run the newest template", o.Replicas)
	if o.NewerImage != "" {
		text += fmt.Sprintf("; they keep the image of an older operator: set spec.image to %q to move to this one's", o.NewerImage)
	}
	return no(v1alpha1.ReasonRolloutComplete, text)
}

// stalled reports whether new pods fail: the Deployment's deadline has passed, or a pod waits for
// an object that does not appear by itself.
func stalled(o Observed) bool {
	if o.Servers.Status.ReadyReplicas >= o.Replicas && o.Servers.Status.UpdatedReplicas >= o.Replicas {
		return false
	}
	for _, c := range o.Servers.Status.Conditions {
		if c.Type == appsv1.DeploymentProgressing && c.Status == corev1.ConditionFalse && c.Reason == "ProgressDeadlineExceeded" {
			return true
		}
	}
	for _, p := range o.Pods {
		if p.Problem != "" && !p.Going {
			return true
		}
	}
	return false
}
