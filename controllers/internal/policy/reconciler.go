// Package policy says on each LobbyPolicy and MatchmakingQueue whether its cluster
// takes it and how many pods apply it. What goes to the pods is rendered by package
// realtimecluster.
package policy

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	configv1 "github.com/anteroom/anteroom/api/config/v1alpha1"
	"github.com/anteroom/anteroom/api/v1alpha1"
	"github.com/anteroom/anteroom/controllers/internal/desired"
	"github.com/anteroom/anteroom/controllers/internal/status"
)

// Reports are what pods said last of themselves.
type Reports interface {
	// Of returns a pod's report; nil when there is none.
	Of(pod *corev1.Pod) *configv1.ServerStatus
	// Begun tells whether the pods have been asked once; until then, a pod without a
	// report means nothing.
	Begun() bool
}

// Reconciler reconciles the objects of one kind.
type Reconciler struct {
	// Client reads from the cache and writes statuses.
	Client  client.Client
	Reports Reports
	// Kind is one of the two; see LobbyPolicies and MatchmakingQueues.
	Kind Kind
}

// Kind is what differs between LobbyPolicy and MatchmakingQueue.
type Kind struct {
	name      string
	empty     func() client.Object
	emptyList func() client.ObjectList
	// read returns the name of an object's cluster, the object as servers get it, and
	// its conditions.
	read func(client.Object) (cluster string, rendered revisioned, conditions []metav1.Condition)
	set  func(client.Object, status.PolicyStatus)
}

// revisioned is what has a hash, the same one in the operator and in the servers.
type revisioned interface{ Revision() string }

// LobbyPolicies is the kind LobbyPolicy.
func LobbyPolicies() Kind {
	return Kind{
		name:      v1alpha1.KindLobbyPolicy,
		empty:     func() client.Object { return &v1alpha1.LobbyPolicy{} },
		emptyList: func() client.ObjectList { return &v1alpha1.LobbyPolicyList{} },
		read: func(o client.Object) (string, revisioned, []metav1.Condition) {
			p := o.(*v1alpha1.LobbyPolicy)
			return p.Spec.ClusterRef.Name, configv1.LobbyPolicy{Name: p.Name, Spec: p.Spec}, p.Status.Conditions
		},
		set: func(o client.Object, s status.PolicyStatus) {
			p := o.(*v1alpha1.LobbyPolicy)
			p.Status.ObservedGeneration = p.Generation
			p.Status.Revision, p.Status.Pods, p.Status.Conditions = s.Revision, s.Pods, s.Conditions
		},
	}
}

// MatchmakingQueues is the kind MatchmakingQueue.
func MatchmakingQueues() Kind {
	return Kind{
		name:      v1alpha1.KindMatchmakingQueue,
		empty:     func() client.Object { return &v1alpha1.MatchmakingQueue{} },
		emptyList: func() client.ObjectList { return &v1alpha1.MatchmakingQueueList{} },
		read: func(o client.Object) (string, revisioned, []metav1.Condition) {
			q := o.(*v1alpha1.MatchmakingQueue)
			return q.Spec.ClusterRef.Name, configv1.MatchmakingQueue{Name: q.Name, Spec: q.Spec}, q.Status.Conditions
		},
		set: func(o client.Object, s status.PolicyStatus) {
			q := o.(*v1alpha1.MatchmakingQueue)
			q.Status.ObservedGeneration = q.Generation
			q.Status.Revision, q.Status.Pods, q.Status.Conditions = s.Revision, s.Pods, s.Conditions
		},
	}
}

// Reconcile writes the status of one object when it changed.
func (r *Reconciler) Reconcile(ctx context.Context, request reconcile.Request) (reconcile.Result, error) {
	object := r.Kind.empty()
	if err := r.Client.Get(ctx, request.NamespacedName, object); err != nil {
		return reconcile.Result{}, client.IgnoreNotFound(err)
	}
	if !object.GetDeletionTimestamp().IsZero() {
		return reconcile.Result{}, nil
	}
	if !r.Reports.Begun() {
		return reconcile.Result{RequeueAfter: time.Second}, nil
	}
	observed, err := r.observe(ctx, object)
	if err != nil {
		return reconcile.Result{}, err
	}
	before := object.DeepCopyObject().(client.Object)
	_, _, conditions := r.Kind.read(object)
	r.Kind.set(object, status.PolicyStatusOf(observed, conditions))
	if equality.Semantic.DeepEqual(before, object) {
		return reconcile.Result{}, nil
	}
	if err := r.Client.Status().Patch(ctx, object, client.MergeFrom(before)); client.IgnoreNotFound(err) != nil {
		return reconcile.Result{}, fmt.Errorf("write the status: %w", err)
	}
	return reconcile.Result{}, nil
}

// observe reads everything that the status follows from.
func (r *Reconciler) observe(ctx context.Context, object client.Object) (status.Policy, error) {
	name, rendered, _ := r.Kind.read(object)
	out := status.Policy{Kind: r.Kind.name, Generation: object.GetGeneration(), ClusterName: name, Revision: rendered.Revision()}
	var cluster v1alpha1.RealtimeCluster
	err := r.Client.Get(ctx, client.ObjectKey{Namespace: object.GetNamespace(), Name: name}, &cluster)
	if apierrors.IsNotFound(err) {
		return out, nil
	}
	if err != nil {
		return out, err
	}
	out.Cluster = &cluster
	out.Selected = selects(&cluster, object)
	if err := r.observeSet(ctx, object, &out); err != nil {
		return out, err
	}
	out.Pods, err = r.pods(ctx, &cluster)
	return out, err
}

// observeSet finds the newest PolicySet and whether the object is in it.
func (r *Reconciler) observeSet(ctx context.Context, object client.Object, out *status.Policy) error {
	var policies v1alpha1.LobbyPolicyList
	if err := r.Client.List(ctx, &policies, client.InNamespace(object.GetNamespace())); err != nil {
		return err
	}
	var queues v1alpha1.MatchmakingQueueList
	if err := r.Client.List(ctx, &queues, client.InNamespace(object.GetNamespace())); err != nil {
		return err
	}
	set, problems := desired.PolicySet(out.Cluster, policies.Items, queues.Items)
	out.SetRevision = set.Revision
	at := slices.IndexFunc(problems, func(p desired.Problem) bool {
		return p.Kind == r.Kind.name && p.Name == object.GetName()
	})
	if at >= 0 {
		out.Problem = &problems[at]
	}
	return nil
}

func (r *Reconciler) pods(ctx context.Context, cluster *v1alpha1.RealtimeCluster) ([]status.Pod, error) {
	var list corev1.PodList
	err := r.Client.List(ctx, &list, client.InNamespace(cluster.Namespace),
		client.MatchingLabels(desired.Selector(cluster, desired.ComponentServer)))
	var pods []status.Pod
	for i := range list.Items {
		if status.Ended(&list.Items[i]) {
			continue
		}
		p := status.PodOf(&list.Items[i])
		p.Report = r.Reports.Of(&list.Items[i])
		pods = append(pods, p)
	}
	slices.SortFunc(pods, func(a, b status.Pod) int { return cmp.Compare(a.Name, b.Name) })
	return pods, err
}

// selects tells whether the cluster's policySelector picks the object. One that
// means nothing picks nothing.
func selects(cluster *v1alpha1.RealtimeCluster, object client.Object) bool {
	if cluster.Spec.PolicySelector == nil {
		return true
	}
	picks, err := metav1.LabelSelectorAsSelector(cluster.Spec.PolicySelector.Standard())
	return err == nil && picks.Matches(labels.Set(object.GetLabels()))
}
