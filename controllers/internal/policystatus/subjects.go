package policystatus

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/anteroom/anteroom/api/v1alpha1"
	"github.com/anteroom/anteroom/controllers/internal/status"
)

// subject is a LobbyPolicy or a MatchmakingQueue; both get the same kind of status.
type subject struct {
	object     client.Object
	kind       string
	conditions []metav1.Condition
	// set updates the status, and figures the counts of the pods.
	set     func(status.PolicyStatus)
	figures func([]status.Pod)
}

// lists holds all policies and queues of a namespace.
type lists struct {
	policies v1alpha1.LobbyPolicyList
	queues   v1alpha1.MatchmakingQueueList
}

// subjects returns the objects of the namespace that name the cluster.
func (r *Reconciler) subjects(ctx context.Context, cluster types.NamespacedName) ([]subject, lists, error) {
	var l lists
	if err := r.Client.List(ctx, &l.policies, client.InNamespace(cluster.Namespace)); err != nil {
		return nil, l, err
	}
	if err := r.Client.List(ctx, &l.queues, client.InNamespace(cluster.Namespace)); err != nil {
		return nil, l, err
	}
	var all []subject
	for i := range l.policies.Items {
		if l.policies.Items[i].Spec.ClusterRef.Name == cluster.Name {
			all = append(all, ofPolicy(l.policies.Items[i].DeepCopy()))
		}
	}
	for i := range l.queues.Items {
		if l.queues.Items[i].Spec.ClusterRef.Name == cluster.Name {
			all = append(all, ofQueue(l.queues.Items[i].DeepCopy()))
		}
	}
	return all, l, nil
}

func ofPolicy(p *v1alpha1.LobbyPolicy) subject {
	return subject{
		object: p, kind: v1alpha1.KindLobbyPolicy, conditions: p.Status.Conditions,
		set: func(s status.PolicyStatus) {
			p.Status.ObservedGeneration = p.Generation
			p.Status.Revision, p.Status.Pods, p.Status.Conditions = s.Revision, s.Pods, s.Conditions
		},
		figures: func(pods []status.Pod) { p.Status.ActiveLobbies = status.ActiveLobbies(pods, p.Spec.LobbyType) },
	}
}

func ofQueue(q *v1alpha1.MatchmakingQueue) subject {
	return subject{
		object: q, kind: v1alpha1.KindMatchmakingQueue, conditions: q.Status.Conditions,
		set: func(s status.PolicyStatus) {
			q.Status.ObservedGeneration = q.Generation
			q.Status.Revision, q.Status.Pods, q.Status.Conditions = s.Revision, s.Pods, s.Conditions
		},
		figures: func(pods []status.Pod) { status.QueueFigures(pods, q.Name, &q.Status) },
	}
}
