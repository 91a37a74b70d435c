package realtimecluster

import (
	"context"
	"fmt"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/anteroom/anteroom/api/v1alpha1"
	"github.com/anteroom/anteroom/controllers/internal/desired"
	"github.com/anteroom/anteroom/controllers/internal/status"
)

// loadTogether is for how long changes of a cluster's connections are gathered.
const loadTogether = time.Second

// loadReconciler follows the number of connections, which changes all the time and
// which a whole reconcile would be too much for. It asks the API server nothing, and
// writes the numbers when they changed. In mode Connections it has the cluster
// reconciled when they call for another number of pods.
type loadReconciler struct {
	*Reconciler
	// wake brings a cluster that is to be reconciled.
	wake chan<- event.GenericEvent

	mu     sync.Mutex
	wanted map[types.NamespacedName]int32
}

// setUp registers it with the manager; changes brings the clusters of pods whose
// number of connections changed.
func (r *loadReconciler) setUp(m ctrl.Manager, changes <-chan event.GenericEvent) error {
	gathered := handler.Funcs{GenericFunc: func(_ context.Context, e event.GenericEvent, q workqueue.TypedRateLimitingInterface[reconcile.Request]) {
		q.AddAfter(reconcile.Request{NamespacedName: client.ObjectKeyFromObject(e.Object)}, loadTogether)
	}}
	err := ctrl.NewControllerManagedBy(m).
		Named("load").
		WatchesRawSource(source.Channel(changes, gathered)).
		WithOptions(controller.Options{MaxConcurrentReconciles: 1}).
		Complete(r)
	if err != nil {
		return fmt.Errorf("set up the controller of the load: %w", err)
	}
	return nil
}

// Reconcile looks at the connections of one cluster.
func (r *loadReconciler) Reconcile(ctx context.Context, request reconcile.Request) (reconcile.Result, error) {
	var cluster v1alpha1.RealtimeCluster
	if err := r.Client.Get(ctx, request.NamespacedName, &cluster); err != nil {
		r.forget(request.NamespacedName)
		return reconcile.Result{}, client.IgnoreNotFound(err)
	}
	if !cluster.DeletionTimestamp.IsZero() || !r.Reports.HasSynced() {
		return reconcile.Result{}, nil // the reconcile that comes anyway tells the numbers
	}
	s := newScope(r.Reconciler, &cluster)
	if err := s.observe(ctx); err != nil {
		return reconcile.Result{}, err
	}
	if cluster.Spec.Scaling.Mode == v1alpha1.ScalingConnections && r.changed(request.NamespacedName, desired.ReplicasByLoad(&cluster, s.load())) {
		select {
		case r.wake <- event.GenericEvent{Object: &cluster}:
		case <-ctx.Done():
			return reconcile.Result{}, ctx.Err()
		}
	}
	before := cluster.DeepCopy()
	cluster.Status.Connections = status.Connections(s.observed.Pods)
	if equality.Semantic.DeepEqual(before.Status, cluster.Status) {
		return reconcile.Result{}, nil
	}
	if err := r.Client.Status().Patch(ctx, &cluster, client.MergeFrom(before)); client.IgnoreNotFound(err) != nil {
		return reconcile.Result{}, fmt.Errorf("write the connections: %w", err)
	}
	return reconcile.Result{}, nil
}

// changed records the number of pods that the load demands, and reports whether it differs from
// the previous number.
func (r *loadReconciler) changed(key types.NamespacedName, wanted int32) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.wanted == nil {
		r.wanted = map[types.NamespacedName]int32{}
	}
	before, known := r.wanted[key]
	r.wanted[key] = wanted
	return !known || before != wanted
}

func (r *loadReconciler) forget(key types.NamespacedName) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.wanted, key)
}
