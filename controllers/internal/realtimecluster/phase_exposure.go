package realtimecluster

import (
	"context"
	"fmt"

	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/anteroom/anteroom/controllers/internal/desired/exposure"
	"github.com/anteroom/anteroom/controllers/internal/status"
)

// observeExposure looks whether each Ingress, route or proxy was taken up.
func (s *scope) observeExposure(ctx context.Context) error {
	s.observed.Admitted = true
	for _, object := range s.built.Exposure.Objects {
		admitted, err := s.admitted(ctx, object)
		if err != nil {
			s.observed.Admitted = false
			return err
		}
		s.observed.Admitted = s.observed.Admitted && admitted
	}
	return nil
}

func (s *scope) admitted(ctx context.Context, object client.Object) (bool, error) {
	key := client.ObjectKeyFromObject(object)
	if _, ok := object.(*networkingv1.Ingress); ok {
		var live networkingv1.Ingress
		err := s.Client.Get(ctx, key, &live)
		return len(live.Status.LoadBalancer.Ingress) > 0, client.IgnoreNotFound(err)
	}
	kind := object.GetObjectKind().GroupVersionKind()
	if installed, err := s.Kinds.Installed(kind); err != nil || !installed {
		return false, err
	}
	if kind == exposure.BackendTrafficPolicyKind || kind == exposure.DestinationRuleKind {
		return true, nil // the route decides
	}
	live := &unstructured.Unstructured{}
	live.SetGroupVersionKind(kind)
	if err := s.Client.Get(ctx, key, live); err != nil {
		if apierrors.IsNotFound(err) {
			return false, nil
		}
		return false, fmt.Errorf("read %s %s: %w", kind.Kind, key.Name, err)
	}
	if kind == exposure.HTTPProxyKind {
		return status.HTTPProxyValid(live.Object), nil
	}
	return status.RouteAccepted(live.Object), nil
}
