package status

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/anteroom/anteroom/api/v1alpha1"
)

// Ready is true when clients can connect and the whole spec is in effect. Waiting for Ready thus
// includes the end of a roll-out.
func Ready(o Observed, others map[string]metav1.Condition) metav1.Condition {
	if len(o.Failures) > 0 {
		return no(o.Failures[0].Reason, o.Failures[0].Message)
	}
	if len(o.Missing) > 0 {
		return no(v1alpha1.ReasonReferenceNotFound, o.Missing[0])
	}
	for _, need := range []struct{ kind, reason string }{
		{v1alpha1.ConditionRedisReady, v1alpha1.ReasonRedisNotReady},
		{v1alpha1.ConditionWorkloadAvailable, v1alpha1.ReasonWorkloadNotAvailable},
		{v1alpha1.ConditionExposureReady, v1alpha1.ReasonExposureNotReady},
		{v1alpha1.ConditionPoliciesPropagated, v1alpha1.ReasonPoliciesNotPropagated},
	} {
		if c := others[need.kind]; c.Status != metav1.ConditionTrue {
			return no(need.reason, c.Message)
		}
	}
	p := others[v1alpha1.ConditionProgressing]
	if p.Status == metav1.ConditionTrue || p.Reason == v1alpha1.ReasonRolloutStalled {
		return no(p.Reason, p.Message)
	}
	return yes(v1alpha1.ReasonAllReady, "clients can connect, and all that is declared is in effect")
}
