package realtimecluster

import (
	"context"
	"fmt"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/anteroom/anteroom/api/v1alpha1"
	"github.com/anteroom/anteroom/controllers/internal/desired/exposure"
)

// crdKind is read as it is, because only a small part of it is of interest.
var crdKind = schema.GroupVersionKind{Group: "apiextensions.k8s.io", Version: "v1", Kind: "CustomResourceDefinition"}

const httpRouteCRD = "httproutes.gateway.networking.k8s.io"

// capabilityCache keeps what the installed HTTPRoute can do, for all clusters.
type capabilityCache struct {
	mu    sync.Mutex
	at    time.Time
	known exposure.Capabilities
}

// gatewayCapabilities reads the capabilities of the installed HTTPRoute from its CRD, at most
// once per kind discovery interval. Without the right to read CRDs, the operator writes routes in
// the standard shape; after a failed read it uses the last result.
func (s *scope) gatewayCapabilities(ctx context.Context) error {
	if s.cluster.Spec.Exposure.Type != v1alpha1.ExposureGateway {
		return nil
	}
	cache := &s.gateway
	cache.mu.Lock()
	defer cache.mu.Unlock()
	if time.Since(cache.at) >= s.Kinds.Retry() {
		crd := &unstructured.Unstructured{}
		crd.SetGroupVersionKind(crdKind)
		err := s.Live.Get(ctx, client.ObjectKey{Name: httpRouteCRD}, crd)
		switch {
		case apierrors.IsForbidden(err):
			ctrl.LoggerFrom(ctx).Info("the operator may not read the HTTPRoute CRD; routes are written in the standard shape")
		case client.IgnoreNotFound(err) != nil && cache.at.IsZero():
			return stop(fmt.Errorf("read CRD %s: %w", httpRouteCRD, err)) // the route would lose what it has
		case client.IgnoreNotFound(err) != nil:
			s.input.Gateway = cache.known
			return fmt.Errorf("read CRD %s: %w", httpRouteCRD, err)
		}
		cache.known, cache.at = exposure.CapabilitiesOf(crd.Object), time.Now()
	}
	s.input.Gateway = cache.known
	return nil
}
