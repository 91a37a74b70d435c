package realtimecluster

import (
	"context"
	"fmt"
	"slices"
	"sync"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
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
	"github.com/anteroom/anteroom/controllers/internal/desired/exposure"
)

// SetUp registers the reconciler with the manager. The channel changes has clusters with changed
// pod reports, and load has clusters of which only the connections changed. Workers is the number
// of clusters reconciled at once.
func (r *Reconciler) SetUp(m ctrl.Manager, changes, load <-chan event.GenericEvent, workers int) error {
	wake := make(chan event.GenericEvent)
	changed := builder.WithPredicates(predicate.Or(predicate.GenerationChangedPredicate{}, predicate.LabelChangedPredicate{}))
	c, err := ctrl.NewControllerManagedBy(m).
		For(&v1alpha1.RealtimeCluster{}, builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Owns(&appsv1.Deployment{}).
		Owns(&appsv1.StatefulSet{}).
		Owns(&corev1.Service{}).
		Owns(&corev1.ConfigMap{}).
		Owns(&corev1.ServiceAccount{}).
		Owns(&policyv1.PodDisruptionBudget{}).
		Owns(&autoscalingv2.HorizontalPodAutoscaler{}).
		Owns(&networkingv1.NetworkPolicy{}).
		Owns(&networkingv1.Ingress{}).
		Watches(&corev1.Pod{}, handler.EnqueueRequestsFromMapFunc(byLabel)).
		Watches(&v1alpha1.LobbyPolicy{}, handler.EnqueueRequestsFromMapFunc(byReference), changed).
		Watches(&v1alpha1.MatchmakingQueue{}, handler.EnqueueRequestsFromMapFunc(byReference), changed).
		WatchesRawSource(source.Channel(changes, &handler.EnqueueRequestForObject{})).
		WatchesRawSource(source.Channel(wake, &handler.EnqueueRequestForObject{})).
		WithOptions(controller.Options{MaxConcurrentReconciles: workers}).
		Build(r)
	if err != nil {
		return fmt.Errorf("set up the RealtimeCluster controller: %w", err)
	}
	r.watches = &watches{controller: c, manager: m, done: map[schema.GroupVersionKind]bool{}}
	return (&loadReconciler{Reconciler: r, wake: wake}).setUp(m, load)
}

// byLabel maps a pod to its cluster.
func byLabel(_ context.Context, pod client.Object) []reconcile.Request {
	return request(pod.GetNamespace(), desired.ClusterName(pod))
}

// byReference maps a policy or a queue to the cluster that it names.
func byReference(_ context.Context, object client.Object) []reconcile.Request {
	switch o := object.(type) {
	case *v1alpha1.LobbyPolicy:
		return request(o.Namespace, o.Spec.ClusterRef.Name)
	case *v1alpha1.MatchmakingQueue:
		return request(o.Namespace, o.Spec.ClusterRef.Name)
	}
	return nil
}

func request(namespace, name string) []reconcile.Request {
	if name == "" {
		return nil
	}
	return []reconcile.Request{{NamespacedName: types.NamespacedName{Namespace: namespace, Name: name}}}
}

// watches holds the watches of optional kinds. Each starts when the operator first writes an object
// of its kind.
type watches struct {
	controller controller.Controller
	manager    ctrl.Manager

	mu   sync.Mutex
	done map[schema.GroupVersionKind]bool
}

// optional returns the kinds that need not be installed.
func optional() []schema.GroupVersionKind {
	return append([]schema.GroupVersionKind{desired.PodMonitorKind}, exposure.Kinds()...)
}

// ensure watches a kind if the kind is optional and not watched yet.
func (w *watches) ensure(kind schema.GroupVersionKind) error {
	if w == nil || !slices.Contains(optional(), kind) {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.done[kind] {
		return nil
	}
	object := &unstructured.Unstructured{}
	object.SetGroupVersionKind(kind)
	owner := handler.TypedEnqueueRequestForOwner[*unstructured.Unstructured](w.manager.GetScheme(), w.manager.GetRESTMapper(), &v1alpha1.RealtimeCluster{}, handler.OnlyControllerOwner())
	if err := w.controller.Watch(source.Kind(w.manager.GetCache(), object, owner)); err != nil {
		return fmt.Errorf("watch %s: %w", kind.Kind, err)
	}
	w.done[kind] = true
	return nil
}
