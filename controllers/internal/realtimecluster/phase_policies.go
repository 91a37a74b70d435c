package realtimecluster

import (
	"context"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/anteroom/anteroom/api/v1alpha1"
	"github.com/anteroom/anteroom/controllers/internal/desired"
)

// renderPolicies makes the PolicySet of what is in the namespace. Objects at fault
// are left out here and told on themselves, by package policy.
func (s *scope) renderPolicies(ctx context.Context) error {
	var policies v1alpha1.LobbyPolicyList
	if err := s.Client.List(ctx, &policies, client.InNamespace(s.cluster.Namespace)); err != nil {
		return stop(err)
	}
	var queues v1alpha1.MatchmakingQueueList
	if err := s.Client.List(ctx, &queues, client.InNamespace(s.cluster.Namespace)); err != nil {
		return stop(err)
	}
	s.policies, _ = desired.PolicySet(s.cluster, policies.Items, queues.Items)
	s.input.Policies = s.policies
	s.observed.Revision = s.policies.Revision
	return nil
}
