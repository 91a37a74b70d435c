package realtimecluster

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/anteroom/anteroom/controllers/internal/desired"
	"github.com/anteroom/anteroom/controllers/internal/desired/exposure"
)

// prunable are the kinds of which an object may cease to be wanted while the cluster
// lives. Secrets are not among them: a key that was given out is not taken away.
func prunable() []schema.GroupVersionKind {
	return append([]schema.GroupVersionKind{
		corev1.SchemeGroupVersion.WithKind("ServiceAccount"),
		corev1.SchemeGroupVersion.WithKind("ConfigMap"),
		networkingv1.SchemeGroupVersion.WithKind("NetworkPolicy"),
		networkingv1.SchemeGroupVersion.WithKind("Ingress"),
		desired.PodMonitorKind,
	}, exposure.Kinds()...)
}

// prune deletes what was made before and is not wanted any more.
func (s *scope) prune(ctx context.Context) error {
	labels := desired.ManagedLabels()
	labels["app.kubernetes.io/instance"] = s.cluster.Name
	gone, err := s.applier.Prune(ctx, s.cluster, labels, prunable(), s.built.Objects)
	if len(gone) > 0 {
		s.observed.Changed = true
	}
	return err
}
