package realtimecluster

import (
	"context"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/anteroom/anteroom/api/v1alpha1"
	"github.com/anteroom/anteroom/controllers/internal/status"
)

// observed assembles the input of the conditions from the results of the phases.
func (s *scope) observed() status.Observed {
	r := &s.results
	out := status.Observed{
		Cluster: s.cluster, Servers: r.observation.servers, Redis: r.observation.redis,
		NewerImage: r.observation.newerImage, Pods: r.observation.pods, Replicas: r.scaling.wanted,
		Exposure: r.built.Exposure, Admitted: r.admitted, Missing: r.secrets.missing,
		Changed: s.outcome.changed, Failures: s.outcome.failures, MissingKinds: s.outcome.missingKinds,
	}
	if r.policies.Set != nil {
		out.Revision = r.policies.Set.Revision
	}
	for _, p := range r.policies.Problems {
		if p.Kind == v1alpha1.KindRealtimeCluster {
			out.SelectorFault = p.Message
		}
	}
	return out
}

// report writes the status when it changed, and an event for each changed condition.
func (s *scope) report(ctx context.Context) error { return s.write(ctx, status.Cluster(s.observed())) }

// reportClosed writes the condition Ready when the operator may not read Secrets in the namespace.
// The other fields of the status stay unchanged, because the observation is incomplete.
func (s *scope) reportClosed(ctx context.Context, failure error) error {
	s.forbidden(ctx, failure)
	if len(s.outcome.failures) == 0 {
		return nil
	}
	return s.write(ctx, status.NotReady(s.observed()))
}

// write writes the status if it changed, and an event for each transition.
func (s *scope) write(ctx context.Context, now v1alpha1.RealtimeClusterStatus) error {
	before := s.cluster.DeepCopy()
	s.cluster.Status = now
	if equality.Semantic.DeepEqual(before.Status, s.cluster.Status) {
		return nil
	}
	if err := s.Client.Status().Patch(ctx, s.cluster, client.MergeFrom(before)); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("write the status: %w", err)
	}
	for _, c := range s.cluster.Status.Conditions {
		old := meta.FindStatusCondition(before.Status.Conditions, c.Type)
		if transition(old, c) {
			s.Events.Eventf(s.cluster, nil, eventType(c), c.Reason, "Reconcile", "%s is %s: %s", c.Type, c.Status, shorten(c.Message))
		}
	}
	return nil
}

// transition reports whether a condition's change deserves an event: a changed status, a new
// warning, or the first Ready.
func transition(old *metav1.Condition, now metav1.Condition) bool {
	if old == nil {
		return now.Type == v1alpha1.ConditionReady || warns(now)
	}
	return old.Status != now.Status || warns(now) && old.Reason != now.Reason
}

// warns reports whether a condition needs attention although it is True.
func warns(c metav1.Condition) bool { return c.Reason == v1alpha1.ReasonRedisMemoryHigh }

// eventType returns Warning for a condition that needs attention.
func eventType(c metav1.Condition) string {
	switch {
	case c.Type == v1alpha1.ConditionPaused:
		return corev1.EventTypeNormal
	case c.Type == v1alpha1.ConditionProgressing:
		if c.Reason == v1alpha1.ReasonRolloutStalled {
			return corev1.EventTypeWarning
		}
		return corev1.EventTypeNormal
	case c.Status == metav1.ConditionTrue && !warns(c):
		return corev1.EventTypeNormal
	}
	return corev1.EventTypeWarning
}

// maxNote bounds the condition's message in an event's note, in bytes, with room for its prefix.
const maxNote = 900

func shorten(text string) string {
	if len(text) <= maxNote {
		return text
	}
	return strings.ToValidUTF8(text[:maxNote], "") + " …"
}
