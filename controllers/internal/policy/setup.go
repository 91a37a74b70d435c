package policy

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
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

// SetUp registers the reconciler with the manager. An object is looked at again when
// its cluster, a pod of it, what a pod reports, or another object that names the same
// cluster changes: that one may have taken its lobby type, or be what it refers to.
// It is also looked at after its own status was written: a reconcile that began just
// before saw the old status, and may have found nothing to write.
func (r *Reconciler) SetUp(m ctrl.Manager, changes <-chan event.GenericEvent, workers int) error {
	changed := builder.WithPredicates(predicate.Or(predicate.GenerationChangedPredicate{}, predicate.LabelChangedPredicate{}))
	siblings := handler.EnqueueRequestsFromMapFunc(r.siblings)
	err := ctrl.NewControllerManagedBy(m).
		For(r.Kind.empty()).
		Watches(&v1alpha1.RealtimeCluster{}, handler.EnqueueRequestsFromMapFunc(r.ofCluster), builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Watches(&v1alpha1.LobbyPolicy{}, siblings, changed).
		Watches(&v1alpha1.MatchmakingQueue{}, siblings, changed).
		Watches(&corev1.Pod{}, handler.EnqueueRequestsFromMapFunc(r.ofPod)).
		WatchesRawSource(source.Channel(changes, handler.EnqueueRequestsFromMapFunc(r.ofCluster))).
		WithOptions(controller.Options{MaxConcurrentReconciles: workers}).
		Complete(r)
	if err != nil {
		return fmt.Errorf("set up the %s controller: %w", r.Kind.name, err)
	}
	return nil
}

func (r *Reconciler) ofCluster(ctx context.Context, cluster client.Object) []reconcile.Request {
	return r.naming(ctx, cluster.GetNamespace(), cluster.GetName())
}

func (r *Reconciler) ofPod(ctx context.Context, pod client.Object) []reconcile.Request {
	if pod.GetLabels()["app.kubernetes.io/component"] != string(desired.ComponentServer) {
		return nil
	}
	return r.naming(ctx, pod.GetNamespace(), desired.ClusterName(pod))
}

func (r *Reconciler) siblings(ctx context.Context, object client.Object) []reconcile.Request {
	switch o := object.(type) {
	case *v1alpha1.LobbyPolicy:
		return r.naming(ctx, o.Namespace, o.Spec.ClusterRef.Name)
	case *v1alpha1.MatchmakingQueue:
		return r.naming(ctx, o.Namespace, o.Spec.ClusterRef.Name)
	}
	return nil
}

// naming are the objects of the kind that name a cluster.
func (r *Reconciler) naming(ctx context.Context, namespace, cluster string) []reconcile.Request {
	list := r.Kind.emptyList()
	if err := r.Client.List(ctx, list, client.InNamespace(namespace)); err != nil {
		ctrl.LoggerFrom(ctx).Error(err, "list objects that may be concerned", "kind", r.Kind.name)
		return nil
	}
	var requests []reconcile.Request
	// The list is of this package's own making, so each of its items is an object.
	_ = meta.EachListItem(list, func(item runtime.Object) error {
		object := item.(client.Object)
		if name, _, _ := r.Kind.read(object); name == cluster {
			requests = append(requests, reconcile.Request{NamespacedName: types.NamespacedName{Namespace: namespace, Name: object.GetName()}})
		}
		return nil
	})
	return requests
}
