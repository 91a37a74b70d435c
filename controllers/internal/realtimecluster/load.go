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

// loadTogether is the time over which changes of a cluster's connections are batched.
const loadTogether = time.Second

// loadReconciler updates the number of connections, which changes too often for a whole reconcile.
// It reads from the cache alone and writes the status when the number changed. In mode Connections
// it triggers a reconcile when the load demands another number of pods.
type loadReconciler struct {
	*Reconciler
	// wake triggers a reconcile of a cluster.
	wake chan<- event.GenericEvent

	mu     sync.Mutex
	wanted map[types.NamespacedName]int32
}

// setUp registers the reconciler with the manager. The channel changes has the clusters of pods
// whose number of connections changed.
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
		return fmt.Errorf("set up the load controller: %w", err)
	}
	return nil
}

// Reconcile updates the number of connections of a cluster.
func (r *loadReconciler) Reconcile(ctx context.Context, request reconcile.Request) (reconcile.Result, error) {
	var cluster v1alpha1.RealtimeCluster
	if err := r.Client.Get(ctx, request.NamespacedName, &cluster); err != nil {
		r.forget(request.NamespacedName)
		return reconcile.Result{}, client.IgnoreNotFound(err)
	}
	if !cluster.DeletionTimestamp.IsZero() || !r.Reports.HasSynced() {
		return reconcile.Result{}, nil // the next whole reconcile writes the number
	}
	s := newScope(r.Reconciler, &cluster)
	found, err := s.observe(ctx)
	if err != nil {
		return reconcile.Result{}, err
	}
	if cluster.Spec.Scaling.Mode == v1alpha1.ScalingConnections && r.changed(request.NamespacedName, desired.ReplicasByLoad(&cluster, s.load(found))) {
		select {
		case r.wake <- event.GenericEvent{Object: &cluster}:
		case <-ctx.Done():
			return reconcile.Result{}, ctx.Err()
		}
	}
	before := cluster.DeepCopy()
	cluster.Status.Connections = status.Connections(found.pods)
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
