package realtimecluster

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	configv1 "github.com/anteroom/anteroom/api/config/v1alpha1"
	"github.com/anteroom/anteroom/controllers/internal/desired"
	"github.com/anteroom/anteroom/controllers/internal/status"
)

const (
	// leavingCost makes the Deployment's controller delete the pod first: the deletion cost of the
	// other pods is the number of their connections.
	leavingCost = "-1"
	// drainMargin is added to the drain time of the settings, such as for the time until the pod
	// receives the order.
	drainMargin = 10 * time.Second
	// reportGrace is how long a ready pod may be without a report before the operator treats it as
	// unresponsive.
	reportGrace = 10 * time.Second
)

// drainPlan holds the pods that drain, and the replicas of the Deployment while they do.
type drainPlan struct {
	// replicas stay at the current number until the leaving pods are empty or their time is over.
	replicas int32
	// pods are the pods to annotate, with the leaving pods by name; none while the plan waits.
	pods    []corev1.Pod
	leaving map[string]bool
}

// planDrain picks the surplus pods, which drain before the Deployment's replicas are lowered.
// Annotations on the pods record which pods drain and since when, so that a restarted operator
// continues. When more pods are wanted again, the plan cancels the drain of these pods.
func (s *scope) planDrain(ctx context.Context, servers *appsv1.Deployment, wanted int32) (drainPlan, error) {
	if servers == nil {
		return drainPlan{replicas: wanted}, nil
	}
	pods, err := s.serverPods(ctx)
	if err != nil {
		return drainPlan{replicas: wanted}, err
	}
	pods = slices.DeleteFunc(pods, func(p corev1.Pod) bool { return !p.DeletionTimestamp.IsZero() })
	current, surplus := *servers.Spec.Replicas, len(pods)-int(wanted)
	switch {
	case rollingOut(servers):
		surplus = 0 // a roll-out replaces the pods, and each drains when it is stopped
	case len(pods) > int(current):
		// The replicas were lowered, but the Deployment's controller has not deleted the pods yet.
		return drainPlan{replicas: max(wanted, current)}, nil
	case wanted < current && len(pods) < int(servers.Status.Replicas):
		// A new pod may be missing in the cache, and may have clients.
		s.requeueAfter(time.Second)
		return drainPlan{replicas: current}, nil
	}
	leaving := desired.Leaving(s.candidates(pods), surplus)
	if s.picksUnknown(pods, leaving) {
		s.requeueAfter(time.Second)
		return drainPlan{replicas: max(wanted, current)}, nil
	}
	plan := drainPlan{replicas: wanted, pods: pods, leaving: leaving}
	if wanted < current && !s.empty(pods, leaving) {
		plan.replicas = current
	} else if wanted < current {
		s.shrink.forget(client.ObjectKeyFromObject(s.cluster)) // the stabilization time starts again
	}
	return plan, nil
}

// picksUnknown reports whether pods would be picked before their numbers of clients are known,
// because the operator has just started, or because a pod has just become ready.
func (s *scope) picksUnknown(pods []corev1.Pod, leaving map[string]bool) bool {
	if !picks(pods, leaving) {
		return false
	}
	if !s.Reports.HasSynced() {
		return true
	}
	return slices.ContainsFunc(pods, func(p corev1.Pod) bool {
		read := status.PodOf(&p)
		return read.Ready && time.Since(read.ReadySince) < reportGrace && s.Reports.Get(&p) == nil
	})
}

// picks reports whether a plan picks a pod that does not drain yet.
func picks(pods []corev1.Pod, leaving map[string]bool) bool {
	return slices.ContainsFunc(pods, func(p corev1.Pod) bool { return leaving[p.Name] && !marked(&p) })
}

// rollingOut reports whether pods of an older template exist.
func rollingOut(d *appsv1.Deployment) bool {
	return d.Status.ObservedGeneration >= d.Generation && d.Status.UpdatedReplicas < d.Status.Replicas
}

func (s *scope) candidates(pods []corev1.Pod) []desired.Candidate {
	all := make([]desired.Candidate, len(pods))
	for i := range pods {
		p, r := status.PodOf(&pods[i]), s.Reports.Get(&pods[i])
		all[i] = desired.Candidate{Name: p.Name, Leaving: p.Leaving, Serves: p.Ready || r != nil}
		if r != nil {
			all[i].Connections = r.Connections
		}
	}
	return all
}

// empty reports whether the picked pods may be deleted.
func (s *scope) empty(pods []corev1.Pod, leaving map[string]bool) bool {
	empty := true
	for i := range pods {
		if leaving[pods[i].Name] && !s.drained(&pods[i]) {
			empty = false
		}
	}
	return empty
}

// drained reports whether a pod has no clients, or its drain time is over. A pod that is neither
// ready nor reporting has no clients.
func (s *scope) drained(pod *corev1.Pod) bool {
	r := s.Reports.Get(pod)
	if r == nil && !status.PodOf(pod).Ready {
		return s.Reports.HasSynced()
	}
	since, err := time.Parse(time.RFC3339, pod.Annotations[desired.AnnotationDrain])
	if err != nil {
		return false // the order follows in this reconcile
	}
	if r != nil && r.Drained {
		return true
	}
	d := s.cluster.Spec.Drain
	left := time.Until(since.Add(d.Settle.Duration + d.Window.Duration + d.FlushTimeout.Duration + drainMargin))
	s.requeueAfter(left)
	return left <= 0
}

// drain annotates the leaving pods and orders their drain, and cancels the drain of other pods.
// When pods are picked, all pods get their deletion cost. The token opens their admin listeners.
func (s *scope) drain(ctx context.Context, plan drainPlan, token string) error {
	pods, leaving := plan.pods, plan.leaving
	picking := picks(pods, leaving)
	var failures []error
	for i := range pods {
		pod, r := &pods[i], s.Reports.Get(&pods[i])
		changes := map[string]string{}
		switch {
		case leaving[pod.Name] && !marked(pod):
			changes[desired.AnnotationDrain], changes[corev1.PodDeletionCost] = time.Now().UTC().Format(time.RFC3339), leavingCost
		case !leaving[pod.Name] && marked(pod):
			changes[desired.AnnotationDrain], changes[corev1.PodDeletionCost] = "", cost(r)
		case !leaving[pod.Name] && picking && pod.Annotations[corev1.PodDeletionCost] != cost(r):
			changes[corev1.PodDeletionCost] = cost(r)
		}
		if len(changes) > 0 {
			failures = append(failures, s.annotate(ctx, pod, changes))
		}
		switch {
		case leaving[pod.Name]:
			s.Reports.Drain(pod, token)
		case marked(pod) || r != nil && r.Draining:
			s.Reports.Serve(pod, token)
		}
	}
	return errors.Join(failures...)
}

func marked(pod *corev1.Pod) bool { return pod.Annotations[desired.AnnotationDrain] != "" }

// cost returns the deletion cost of a pod: its number of connections.
func cost(r *configv1.ServerStatus) string {
	if r == nil {
		return "0"
	}
	return strconv.Itoa(r.Connections)
}
