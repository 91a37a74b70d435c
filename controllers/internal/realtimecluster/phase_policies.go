package realtimecluster

import (
	"context"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/anteroom/anteroom/api/v1alpha1"
	"github.com/anteroom/anteroom/controllers/internal/desired"
)

// renderPolicies renders the PolicySet of the namespace. Package policy reports invalid objects
// in their own status; a problem of the cluster's selector is reported in the cluster's status.
func (s *scope) renderPolicies(ctx context.Context) error {
	var policies v1alpha1.LobbyPolicyList
	if err := s.Client.List(ctx, &policies, client.InNamespace(s.cluster.Namespace)); err != nil {
		return stop(err)
	}
	var queues v1alpha1.MatchmakingQueueList
	if err := s.Client.List(ctx, &queues, client.InNamespace(s.cluster.Namespace)); err != nil {
		return stop(err)
	}
	found, err := s.References.Resolve(ctx, s.cluster, policies.Items, queues.Items)
	if err != nil {
		return stop(err)
	}
	var problems []desired.Problem
	s.policies, problems = desired.PolicySet(s.cluster, policies.Items, queues.Items, found)
	for _, p := range problems {
		if p.Kind == v1alpha1.KindRealtimeCluster {
			s.observed.SelectorFault = p.Message
		}
	}
	s.input.Policies, s.input.References = s.policies, found
	s.observed.Revision = s.policies.Revision
	return nil
}
