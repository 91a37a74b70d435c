package realtimecluster

import (
	"context"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/anteroom/anteroom/api/v1alpha1"
	"github.com/anteroom/anteroom/controllers/internal/policyrefs"
)

// renderPolicies computes the PolicySet of the cluster. Package policystatus reports invalid
// objects in their own status; a problem of the cluster's selector is reported in the cluster's
// status.
func (s *scope) renderPolicies(ctx context.Context) (policyrefs.Rendered, error) {
	var policies v1alpha1.LobbyPolicyList
	if err := s.Client.List(ctx, &policies, client.InNamespace(s.cluster.Namespace)); err != nil {
		return policyrefs.Rendered{}, stop(err)
	}
	var queues v1alpha1.MatchmakingQueueList
	if err := s.Client.List(ctx, &queues, client.InNamespace(s.cluster.Namespace)); err != nil {
		return policyrefs.Rendered{}, stop(err)
	}
	rendered, err := s.References.Render(ctx, s.cluster, policies.Items, queues.Items)
	return rendered, stop(err)
}
