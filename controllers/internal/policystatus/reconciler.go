// Package policystatus reports in the status of each LobbyPolicy and MatchmakingQueue whether its
// cluster accepts the object and how many pods apply it. Package realtimecluster writes the
// PolicySet that the pods read.
package policystatus

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	configv1 "github.com/anteroom/anteroom/api/config/v1alpha1"
	"github.com/anteroom/anteroom/api/v1alpha1"
	"github.com/anteroom/anteroom/controllers/internal/desired"
	"github.com/anteroom/anteroom/controllers/internal/policyrefs"
	"github.com/anteroom/anteroom/controllers/internal/status"
)

// Reports holds the last report of each pod.
type Reports interface {
	// Get returns a pod's report; nil when there is none.
	Get(pod *corev1.Pod) *configv1.ServerStatus
	// HasSynced reports whether every pod was polled at least once. Until then, a missing report has
	// no meaning.
	HasSynced() bool
}

// Reconciler reconciles all objects that name a cluster in a single pass, because the status of
// each follows from all of them and from all pods.
type Reconciler struct {
	// Client reads from the cache and writes statuses.
	Client     client.Client
	References *policyrefs.Reader
	Reports    Reports
	// Resync is the reconcile interval of a cluster whose policies refer to ConfigMaps or
	// Secrets, because the operator does not watch these.
	Resync time.Duration
	// FiguresEvery is the minimum time between status updates of an object when only its figures
	// changed, which change all the time.
	FiguresEvery time.Duration

	pace pace
}

// Reconcile writes the changed statuses of the objects that name the RealtimeCluster of the request,
// whether it exists or not.
func (r *Reconciler) Reconcile(ctx context.Context, request reconcile.Request) (reconcile.Result, error) {
	if !r.Reports.HasSynced() {
		return reconcile.Result{RequeueAfter: time.Second}, nil
	}
	subjects, lists, err := r.subjects(ctx, request.NamespacedName)
	if err != nil || len(subjects) == 0 {
		return reconcile.Result{}, err
	}
	view, err := r.observe(ctx, request.NamespacedName, lists)
	if err != nil {
		return reconcile.Result{}, err
	}
	var failures []error
	for _, s := range subjects {
		wait, err := r.report(ctx, s, view)
		failures = append(failures, err)
		if wait > 0 && (view.again == 0 || wait < view.again) {
			view.again = wait
		}
	}
	return reconcile.Result{RequeueAfter: view.again}, errors.Join(failures...)
}

// report updates the status of an object when it changed. When only counts changed shortly after
// another update, it returns the wait before the next update.
func (r *Reconciler) report(ctx context.Context, s subject, v view) (wait time.Duration, err error) {
	if !s.object.GetDeletionTimestamp().IsZero() {
		return 0, nil
	}
	before := s.object.DeepCopyObject().(client.Object)
	next := status.PolicyStatusOf(v.of(s), s.conditions)
	s.set(next)
	onlyFigures := equality.Semantic.DeepEqual(before, s.object)
	var counted []status.Pod
	if next.Accepted() {
		counted = v.pods
	}
	s.figures(counted)
	if equality.Semantic.DeepEqual(before, s.object) {
		return 0, nil
	}
	now := time.Now()
	if wait := r.pace.wait(s.object.GetUID(), now, r.FiguresEvery); onlyFigures && wait > 0 {
		return wait, nil
	}
	if err := r.Client.Status().Patch(ctx, s.object, client.MergeFrom(before)); client.IgnoreNotFound(err) != nil {
		return 0, fmt.Errorf("write the status of %s %s: %w", s.kind, s.object.GetName(), err)
	}
	r.pace.wrote(s.object.GetUID(), now)
	return 0, nil
}

// view holds the input of the statuses of a cluster's objects.
type view struct {
	name string
	// cluster is nil when it does not exist.
	cluster *v1alpha1.RealtimeCluster
	// fault says why the cluster accepts none of the objects: its policySelector is invalid, or the
	// operator may not read the referenced Secrets.
	fault    *desired.Problem
	selected func(metav1.Object) bool
	set      *configv1.PolicySet
	// problems and revisions belong to single objects, by kind and name.
	problems  map[string]*desired.Problem
	revisions map[string]string
	pods      []status.Pod
	again     time.Duration
}

// closed is the problem of all objects in a namespace whose Secrets the operator may not read. The
// pods keep the policies that they have.
var closed = &desired.Problem{
	Reason: v1alpha1.ReasonSecretsForbidden, Field: "secretRef",
	Message: "the operator may not read Secrets in this namespace: the condition Ready of the RealtimeCluster says how to open it",
}

// observe reads the cluster, its PolicySet and its pods.
func (r *Reconciler) observe(ctx context.Context, key types.NamespacedName, l lists) (view, error) {
	v := view{name: key.Name, problems: map[string]*desired.Problem{}, revisions: map[string]string{}}
	var cluster v1alpha1.RealtimeCluster
	if err := r.Client.Get(ctx, key, &cluster); err != nil {
		return v, client.IgnoreNotFound(err)
	}
	v.cluster = &cluster
	rendered, err := r.References.Render(ctx, &cluster, l.policies.Items, l.queues.Items)
	if apierrors.IsForbidden(err) {
		v.fault, v.again, v.set = closed, r.Resync, &configv1.PolicySet{}
		v.selected = desired.Selects(&cluster)
		return v, nil
	}
	if err != nil {
		return v, err
	}
	if len(rendered.References.ConfigMaps)+len(rendered.References.Secrets) > 0 {
		v.again = r.Resync
	}
	v.set = rendered.Set
	for i, p := range rendered.Problems {
		if p.Reason == desired.ReasonReferenceMissing {
			v.again = r.Resync
		}
		if p.Kind == v1alpha1.KindRealtimeCluster {
			v.fault = &rendered.Problems[i]
			continue
		}
		if key := p.Kind + "/" + p.Name; v.problems[key] == nil || !p.Warning {
			v.problems[key] = &rendered.Problems[i]
		}
	}
	for _, p := range v.set.Lobbies {
		v.revisions[v1alpha1.KindLobbyPolicy+"/"+p.Name] = p.Revision()
	}
	for _, q := range v.set.Queues {
		v.revisions[v1alpha1.KindMatchmakingQueue+"/"+q.Name] = q.Revision()
	}
	v.selected = desired.Selects(&cluster)
	v.pods, err = r.pods(ctx, &cluster)
	return v, err
}

// of returns the observation of a single object.
func (v view) of(s subject) status.Policy {
	out := status.Policy{Kind: s.kind, Generation: s.object.GetGeneration(), ClusterName: v.name, Cluster: v.cluster}
	if v.cluster == nil {
		return out
	}
	key := s.kind + "/" + s.object.GetName()
	out.Selected = v.selected(s.object)
	out.Problem = cmp.Or(v.fault, v.problems[key])
	out.SetRevision, out.Revision = v.set.Revision, v.revisions[key]
	out.Pods = v.pods
	return out
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
		p.Report = r.Reports.Get(&list.Items[i])
		pods = append(pods, p)
	}
	slices.SortFunc(pods, func(a, b status.Pod) int { return cmp.Compare(a.Name, b.Name) })
	return pods, err
}
