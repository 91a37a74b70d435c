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

// observeExposure reports whether the ingress controller or the gateway has accepted each Ingress,
// route or proxy.
func (s *scope) observeExposure(ctx context.Context, rendered exposure.Exposure) (bool, error) {
	all := true
	for _, object := range rendered.Objects {
		admitted, err := s.admitted(ctx, object)
		if err != nil {
			return false, err
		}
		all = all && admitted
	}
	return all, nil
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
		return true, nil // accepted with the route
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
