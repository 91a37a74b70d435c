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

// Reports holds the last report of each pod.
type Reports interface {
	// Get returns a pod's report; nil when there is none.
	Get(pod *corev1.Pod) *configv1.ServerStatus
	// HasSynced reports whether every pod was polled at least once. Until then, a missing report has
	// no meaning.
	HasSynced() bool
	// Drain and Serve order a pod, in the background, to drain or to serve. The token opens its admin
	// listener.
	Drain(pod *corev1.Pod, token string)
	Serve(pod *corev1.Pod, token string)
}

// Reconciler reconciles RealtimeClusters.
type Reconciler struct {
	// Client writes, and reads from the cache everything except Secrets and claims.
	Client client.Client
	// Live reads from the API server.
	Live client.Reader
	// Kinds reports which kinds are installed.
	Kinds *apply.Kinds
	// References reads the ConfigMaps and Secrets that policies name.
	References *policyrefs.Reader
	Reports    Reports
	Events     events.EventRecorder
	Images     stack.Images
	// AllowSnippets allows annotations that write lines of an ingress controller's configuration.
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

// Reconcile runs the phases over a cluster and writes its status.
func (r *Reconciler) Reconcile(ctx context.Context, request reconcile.Request) (reconcile.Result, error) {
	var cluster v1alpha1.RealtimeCluster
	if err := r.Client.Get(ctx, request.NamespacedName, &cluster); err != nil {
		if apierrors.IsNotFound(err) {
			r.shrink.forget(request.NamespacedName)
		}
		return reconcile.Result{}, client.IgnoreNotFound(err)
	}
	if !cluster.DeletionTimestamp.IsZero() {
		return reconcile.Result{}, nil // the garbage collector deletes the owned objects
	}
	s := newScope(r, &cluster)
	synced := r.Reports.HasSynced()
	err := s.run(ctx)
	switch {
	case !synced:
		// A restarted operator has no reports yet, so the status stays unchanged.
		s.requeueAfter(time.Second)
	case errors.Is(err, errStop): // the observation is incomplete
		err = errors.Join(err, s.reportClosed(ctx, err))
	default:
		err = errors.Join(err, s.report(ctx))
	}
	if apierrors.IsConflict(err) {
		ctrl.LoggerFrom(ctx).V(1).Info("object changed during the reconcile; will reconcile again", "error", err.Error())
		return reconcile.Result{RequeueAfter: time.Second}, nil
	}
	return reconcile.Result{RequeueAfter: s.again}, err
}
