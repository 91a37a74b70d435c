package desired

import (
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/anteroom/anteroom/api/v1alpha1"
)

// PodDisruptionBudget bounds how many servers a node drain evicts at once. Unready pods do not
// delay a node drain.
func PodDisruptionBudget(c *v1alpha1.RealtimeCluster) *policyv1.PodDisruptionBudget {
	return &policyv1.PodDisruptionBudget{
		TypeMeta:   metav1.TypeMeta{APIVersion: "policy/v1", Kind: "PodDisruptionBudget"},
		ObjectMeta: objectMeta(c, ComponentServer, WorkloadName(c)),
		Spec: policyv1.PodDisruptionBudgetSpec{
			MaxUnavailable:             c.Spec.Disruption.MaxUnavailable,
			Selector:                   &metav1.LabelSelector{MatchLabels: Selector(c, ComponentServer)},
			UnhealthyPodEvictionPolicy: ptr(policyv1.AlwaysAllow),
		},
	}
}
