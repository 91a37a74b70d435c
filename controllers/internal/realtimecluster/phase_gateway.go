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

// crdKind is read unstructured, because the operator needs only a few of its fields.
var crdKind = schema.GroupVersionKind{Group: "apiextensions.k8s.io", Version: "v1", Kind: "CustomResourceDefinition"}

const httpRouteCRD = "httproutes.gateway.networking.k8s.io"

// capabilityCache holds the capabilities of the installed HTTPRoute, for all clusters.
type capabilityCache struct {
	mu    sync.Mutex
	at    time.Time
	known exposure.Capabilities
}

// gatewayCapabilities reads the capabilities of the installed HTTPRoute from its CRD, at most
// once per kind discovery interval. Without the right to read CRDs, the operator writes routes in
// the standard shape; after a failed read it uses the last result.
func (s *scope) gatewayCapabilities(ctx context.Context) (exposure.Capabilities, error) {
	if s.cluster.Spec.Exposure.Type != v1alpha1.ExposureGateway {
		return exposure.Capabilities{}, nil
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
			// Without the capabilities an apply would remove fields of the live route.
			return exposure.Capabilities{}, stop(fmt.Errorf("read CRD %s: %w", httpRouteCRD, err))
		case client.IgnoreNotFound(err) != nil:
			return cache.known, fmt.Errorf("read CRD %s: %w", httpRouteCRD, err)
		}
		cache.known, cache.at = exposure.CapabilitiesOf(crd.Object), time.Now()
	}
	return cache.known, nil
}
