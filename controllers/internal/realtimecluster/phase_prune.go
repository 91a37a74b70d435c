package realtimecluster

import (
	"context"
	"slices"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/anteroom/anteroom/controllers/internal/desired"
	"github.com/anteroom/anteroom/controllers/internal/desired/exposure"
)

var ingressKind = networkingv1.SchemeGroupVersion.WithKind("Ingress")

// prunable are the kinds with objects that may become unwanted while the cluster exists. Secrets
// are excluded: the operator never deletes a key that users may have.
func prunable() []schema.GroupVersionKind {
	return append([]schema.GroupVersionKind{
		corev1.SchemeGroupVersion.WithKind("ServiceAccount"),
		corev1.SchemeGroupVersion.WithKind("ConfigMap"),
		networkingv1.SchemeGroupVersion.WithKind("NetworkPolicy"),
		ingressKind,
		autoscalingv2.SchemeGroupVersion.WithKind("HorizontalPodAutoscaler"),
		desired.PodMonitorKind,
	}, exposure.Kinds()...)
}

// prune deletes objects of earlier reconciles that are no longer desired. An old Ingress or route
// stays until the new one is accepted, so that clients can always connect.
func (s *scope) prune(ctx context.Context, keep []desired.Object, admitted bool) error {
	labels := desired.ManagedLabels()
	labels["app.kubernetes.io/instance"] = s.cluster.Name
	kinds := prunable()
	if !admitted {
		kinds = slices.DeleteFunc(kinds, func(k schema.GroupVersionKind) bool {
			return k == ingressKind || slices.Contains(exposure.Kinds(), k)
		})
	}
	gone, err := s.applier.Prune(ctx, s.cluster, labels, kinds, keep)
	if len(gone) > 0 {
		s.outcome.changed = true
	}
	return err
}
