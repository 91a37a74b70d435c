package app

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/anteroom/anteroom/api/config/v1alpha1"
	realtime "github.com/anteroom/anteroom/api/v1alpha1"
)

// TestQueuesOfASet: served queues are in force, their token claims are known, and queues that
// cannot be served are logged.
func TestQueuesOfASet(t *testing.T) {
	queue := func(name, lobbyPolicy string) v1alpha1.MatchmakingQueue {
		return v1alpha1.MatchmakingQueue{Name: name, Spec: realtime.MatchmakingQueueSpec{
			ClusterRef: realtime.ClusterReference{Name: "eu"},
			Teams:      []realtime.MatchTeam{{Name: "red", Min: 1, Max: 1}, {Name: "blue", Min: 1, Max: 1}},
			Handoff:    realtime.HandoffSpec{Type: realtime.HandoffLobby, LobbyPolicyRef: &realtime.LocalReference{Name: lobbyPolicy}},
		}}
	}
	ranked, lost := queue("ranked", "casual"), queue("lost", "gone")
	ranked.Spec.Attributes = []realtime.TicketAttribute{
		{Name: "skill", Type: realtime.TicketNumber, Source: realtime.SourceToken},
		{Name: "mode", Type: realtime.TicketString, Source: realtime.SourceTicket},
	}
	ranked.Spec.Backfill = realtime.BackfillSpec{Enabled: true, Prefer: realtime.PreferNew}
	served := queue("served", "")
	served.Spec.Handoff = realtime.HandoffSpec{Type: realtime.HandoffWebhook, URL: "https://games.example/match"}
	served.Spec.Backfill.Enabled = true
	set := testPolicies("casual")
	vague := queue("vague", "casual")
	vague.Spec.Rules = []realtime.MatchRule{{Name: "same", Type: realtime.RuleEquality}, {Name: "near", Type: realtime.RuleDistance}}
	set.Queues = []v1alpha1.MatchmakingQueue{lost, ranked, served, vague}

	var log bytes.Buffer
	claims := &claimNames{}
	p := newPolicies(set, "", nil, claims, slog.New(slog.NewTextHandler(&log, nil)))
	if q, known := p.Queue("ranked"); !known || len(p.Queues()) != 2 || !q.Backfill || !q.Match.NewFirst {
		t.Errorf("the queues are %v", p.Queues())
	}
	if q, known := p.Queue("served"); !known || q.Backfill || q.Match.NewFirst {
		t.Errorf("the queue whose matches are played elsewhere is %v", q)
	}
	if !claims.has("skill") || claims.has("mode") {
		t.Error("the claims that are asked for are not those of the queue")
	}
	for _, want := range []string{"there is no LobbyPolicy gone", "rule near has no value", "backfill of this queue is ignored\" queue=served"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log does not say %q:\n%s", want, log.String())
		}
	}
	set.Queues = nil
	if p.apply(set); claims.has("skill") || len(p.Queues()) != 0 {
		t.Error("a queue that is gone still asks")
	}
}
