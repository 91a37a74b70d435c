package status

import (
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/anteroom/anteroom/api/v1alpha1"
)

// WorkloadAvailable is true unless more pods are missing than may be unavailable.
func WorkloadAvailable(o Observed) metav1.Condition {
	if o.Replicas == 0 {
		return no(v1alpha1.ReasonScaledToZero, "no pods are wanted: set spec.replicas to have some")
	}
	if o.Servers == nil {
		return no(v1alpha1.ReasonReplicasUnavailable, "the Deployment is not there yet")
	}
	ready := o.Servers.Status.ReadyReplicas
	text := fmt.Sprintf("%d of %d pods are ready", ready, o.Replicas)
	if ready < max(o.Replicas-mayBeUnavailable(o), 1) {
		return no(v1alpha1.ReasonReplicasUnavailable, text+problems(o.Pods))
	}
	return yes(v1alpha1.ReasonMinimumReplicasAvailable, text)
}

func mayBeUnavailable(o Observed) int32 {
	bound := o.Cluster.Spec.Disruption.MaxUnavailable
	if bound == nil {
		return 1
	}
	n, err := intstr.GetScaledValueFromIntOrPercent(bound, int(o.Replicas), false)
	if err != nil {
		return 1
	}
	return int32(min(n, int(o.Replicas))) //nolint:gosec // at most Replicas
}

// maxProblems bounds the number of named pods.
const maxProblems = 3

// problems names the pods that do not run, with the reasons.
func problems(pods []Pod) string {
	var texts []string
	more := 0
	for _, p := range pods {
		switch {
		case p.Problem == "" || p.Going:
		case len(texts) < maxProblems:
			texts = append(texts, "pod "+p.Name+": "+p.Problem)
		default:
			more++
		}
	}
	if len(texts) == 0 {
		return ""
	}
	text := "; " + strings.Join(texts, "; ")
	if more > 0 {
		text += fmt.Sprintf("; and %d more", more)
	}
	return text
}
