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

// prune deletes what was made before and is not wanted any more. An old way in from
// outside stays until the new one is taken up, so that clients always have one.
func (s *scope) prune(ctx context.Context) error {
	labels := desired.ManagedLabels()
	labels["app.kubernetes.io/instance"] = s.cluster.Name
	kinds := prunable()
	if !s.observed.Admitted {
		kinds = slices.DeleteFunc(kinds, func(k schema.GroupVersionKind) bool {
			return k == ingressKind || slices.Contains(exposure.Kinds(), k)
		})
	}
	gone, err := s.applier.Prune(ctx, s.cluster, labels, kinds, s.built.Objects)
	if len(gone) > 0 {
		s.observed.Changed = true
	}
	return err
}
