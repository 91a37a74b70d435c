// Package realtimecluster reconciles a RealtimeCluster and reports its status. A reconcile never
// waits: its phases compute with package desired, act only through package apply, and the status
// is written once, at the end, from the observations.
package realtimecluster

import (
	"context"
	"errors"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	configv1 "github.com/anteroom/anteroom/api/config/v1alpha1"
	"github.com/anteroom/anteroom/api/v1alpha1"
	"github.com/anteroom/anteroom/controllers/internal/apply"
	"github.com/anteroom/anteroom/controllers/internal/desired/stack"
	"github.com/anteroom/anteroom/controllers/internal/policyrefs"
)

// Reports are what pods said last of themselves.
type Reports interface {
	// Get returns a pod's report; nil when there is none.
	Get(pod *corev1.Pod) *configv1.ServerStatus
	// HasSynced reports whether every pod was polled at least once. Until then, a missing report has
	// no meaning.
	HasSynced() bool
	// Drain and Serve order a pod, in the background, to drain or to serve; the token is that of
	// its admin listener.
	Drain(pod *corev1.Pod, token string)
	Serve(pod *corev1.Pod, token string)
}

// Reconciler reconciles RealtimeClusters.
type Reconciler struct {
	// Client reads from the cache, apart from Secrets and claims, and writes.
	Client client.Client
	// Live reads from the API server.
	Live client.Reader
	// Kinds tells which kinds are installed.
	Kinds *apply.Kinds
	// References reads what policies name.
	References *policyrefs.Reader
	Reports    Reports
	Events     events.EventRecorder
	Images     stack.Images
	// AllowSnippets lets clusters write lines of an ingress controller's configuration.
	AllowSnippets bool
	// Resync is the reconcile interval without events. It finds changes of Secrets, which the
	// operator does not watch.
	Resync time.Duration
	// Account is the operator's service account, as namespace:name.
	Account string

	// watches is nil without a manager.
	watches *watches
	gateway capabilityCache
	shrink  shrinkClock
}

// Reconcile is one pass over one cluster.
func (r *Reconciler) Reconcile(ctx context.Context, request reconcile.Request) (reconcile.Result, error) {
	var cluster v1alpha1.RealtimeCluster
	if err := r.Client.Get(ctx, request.NamespacedName, &cluster); err != nil {
		if apierrors.IsNotFound(err) {
			r.shrink.forget(request.NamespacedName)
		}
		return reconcile.Result{}, client.IgnoreNotFound(err)
	}
	if !cluster.DeletionTimestamp.IsZero() {
		return reconcile.Result{}, nil // owner references do the rest
	}
	s := newScope(r, &cluster)
	begun := r.Reports.HasSynced()
	err := s.run(ctx)
	switch {
	case !begun:
		// A restarted operator knows nothing yet: the status stays as it was until it does.
		s.requeueAfter(time.Second)
	case errors.Is(err, errStop): // what was observed is not whole
		err = errors.Join(err, s.reportClosed(ctx, err))
	default:
		err = errors.Join(err, s.report(ctx))
	}
	if apierrors.IsConflict(err) {
		ctrl.LoggerFrom(ctx).V(1).Info("changed under the reconcile; it is done again", "error", err.Error())
		return reconcile.Result{RequeueAfter: time.Second}, nil
	}
	return reconcile.Result{RequeueAfter: s.again}, err
}
