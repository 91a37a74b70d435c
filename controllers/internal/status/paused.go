package status

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/anteroom/anteroom/api/v1alpha1"
)

// Paused lists the objects that the user paused.
func Paused(o Observed) metav1.Condition {
	switch o.Cluster.Spec.Paused {
	case v1alpha1.PauseRollouts:
		return yes(v1alpha1.ReasonRolloutsPaused, "running pods keep their template until spec.paused is None")
	case v1alpha1.PauseAll:
		return yes(v1alpha1.ReasonAllPaused, "nothing is changed until spec.paused is None")
	}
	return no(v1alpha1.ReasonNotPaused, "everything is kept as declared")
}
