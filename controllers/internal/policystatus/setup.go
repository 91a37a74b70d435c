package policystatus

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/anteroom/anteroom/api/v1alpha1"
	"github.com/anteroom/anteroom/controllers/internal/desired"
)

// together is the time over which status updates are batched, so that a pass with many writes
// triggers a single further pass.
const together = 300 * time.Millisecond

// SetUp registers the reconciler with the manager. A change of a policy, a queue, their cluster,
// a pod of the cluster, or a report of a pod triggers a reconcile. A status update triggers one
// as well: a reconcile that began just before it read the old status, and may have found nothing
// to write.
func (r *Reconciler) SetUp(m ctrl.Manager, changes <-chan event.GenericEvent, workers int) error {
	err := ctrl.NewControllerManagedBy(m).
		Named("policies").
		Watches(&v1alpha1.LobbyPolicy{}, byReference()).
		Watches(&v1alpha1.MatchmakingQueue{}, byReference()).
		Watches(&v1alpha1.RealtimeCluster{}, &handler.EnqueueRequestForObject{}, builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Watches(&corev1.Pod{}, handler.EnqueueRequestsFromMapFunc(ofPod)).
		WatchesRawSource(source.Channel(changes, &handler.EnqueueRequestForObject{})).
		WithOptions(controller.Options{MaxConcurrentReconciles: workers}).
		Complete(r)
	if err != nil {
		return fmt.Errorf("set up the policy controller: %w", err)
	}
	return nil
}

func ofPod(_ context.Context, pod client.Object) []reconcile.Request {
	name := desired.ClusterName(pod)
	if name == "" || pod.GetLabels()["app.kubernetes.io/component"] != string(desired.ComponentServer) {
		return nil
	}
	return []reconcile.Request{{NamespacedName: types.NamespacedName{Namespace: pod.GetNamespace(), Name: name}}}
}

type queue = workqueue.TypedRateLimitingInterface[reconcile.Request]

// byReference enqueues the cluster that an object names, and after a change both clusters.
func byReference() handler.Funcs {
	return handler.Funcs{
		CreateFunc: func(_ context.Context, e event.CreateEvent, q queue) { q.Add(named(e.Object)) },
		DeleteFunc: func(_ context.Context, e event.DeleteEvent, q queue) { q.Add(named(e.Object)) },
		UpdateFunc: func(_ context.Context, e event.UpdateEvent, q queue) {
			if e.ObjectOld.GetGeneration() == e.ObjectNew.GetGeneration() && labels.Equals(e.ObjectOld.GetLabels(), e.ObjectNew.GetLabels()) {
				q.AddAfter(named(e.ObjectNew), together)
				return
			}
			q.Add(named(e.ObjectOld))
			q.Add(named(e.ObjectNew))
		},
	}
}

func named(object client.Object) reconcile.Request {
	key := types.NamespacedName{Namespace: object.GetNamespace()}
	switch o := object.(type) {
	case *v1alpha1.LobbyPolicy:
		key.Name = o.Spec.ClusterRef.Name
	case *v1alpha1.MatchmakingQueue:
		key.Name = o.Spec.ClusterRef.Name
	}
	return reconcile.Request{NamespacedName: key}
}
