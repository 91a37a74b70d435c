package status

import (
	configv1 "github.com/anteroom/anteroom/api/config/v1alpha1"
	"github.com/anteroom/anteroom/api/v1alpha1"
)

// ActiveLobbies returns the number of lobbies of a type, from the first pod that has counted them:
// each pod counts the whole cluster. It returns nil when no pod has counted.
func ActiveLobbies(pods []Pod, lobbyType string) *int32 {
	for _, p := range pods {
		if p.Report == nil || p.Report.Lobbies == nil {
			continue
		}
		n := p.Report.Lobbies[lobbyType]
		return &n
	}
	return nil
}

// QueueFigures sets the figures of a queue from the report of its matcher. Without a matcher the
// figures are unknown.
func QueueFigures(pods []Pod, queue string, out *v1alpha1.MatchmakingQueueStatus) {
	out.Depth, out.OldestTicketSeconds, out.WaitSecondsP50, out.WaitSecondsP95 = nil, nil, nil, nil
	out.MatchesPerMinute, out.Matcher = "", ""
	for _, p := range pods {
		if p.Report == nil {
			continue
		}
		if q, matches := p.Report.Queues[queue]; matches {
			fill(out, p.Name, q)
			return
		}
	}
}

func fill(out *v1alpha1.MatchmakingQueueStatus, matcher string, q configv1.QueueStatus) {
	out.Depth, out.OldestTicketSeconds = &q.Depth, &q.OldestTicketSeconds
	out.WaitSecondsP50, out.WaitSecondsP95 = &q.WaitSecondsP50, &q.WaitSecondsP95
	out.MatchesPerMinute, out.Matcher = v1alpha1.NewDecimal(q.MatchesPerMinute), matcher
}
