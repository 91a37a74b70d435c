package v1alpha1

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	realtime "github.com/anteroom/anteroom/api/v1alpha1"
)

func ptr[T any](v T) *T { return &v }

func goodPolicies() *PolicySet {
	return &PolicySet{
		TypeMeta: metav1.TypeMeta{APIVersion: APIVersion, Kind: KindPolicySet},
		Limits: Limits{
			ConnectionsPerPod: 10_000, ConnectsPerSecond: 200, ConnectionsPerUser: 10,
			PerConnection: ConnectionLimits{EventsPerSecond: 20, Burst: 40, OutboundBytes: 1 << 20, Subscriptions: 64},
		},
		Lobbies: []LobbyPolicy{
			{Name: "casual", Spec: realtime.LobbyPolicySpec{LobbyType: "casual"}},
			{Name: "ranked", Spec: realtime.LobbyPolicySpec{LobbyType: "ranked", Attributes: []realtime.LobbyAttribute{{Key: "skill", Min: "0.5"}}}},
		},
		Queues: []MatchmakingQueue{{Name: "duel"}},
	}
}

func TestPolicySetValidate(t *testing.T) {
	cases := []struct {
		name   string
		change func(*PolicySet)
		want   []string
	}{
		{"good", func(*PolicySet) {}, nil},
		{"bare", func(p *PolicySet) { p.Lobbies, p.Queues = nil, nil }, nil},
		{"type", func(p *PolicySet) { p.APIVersion, p.Kind = "", "" }, []string{"apiVersion", "kind"}},
		{"limits", func(p *PolicySet) { p.Limits = Limits{} }, []string{
			"limits.connectionsPerPod", "limits.connectsPerSecond", "limits.connectionsPerUser",
			"limits.perConnection.eventsPerSecond", "limits.perConnection.burst",
			"limits.perConnection.outboundBytes", "limits.perConnection.subscriptions",
		}},
		{"nameless", func(p *PolicySet) { p.Lobbies[0].Name, p.Queues[0].Name = "", "" }, []string{"lobbies[0].name", "queues[0].name"}},
		{"same name", func(p *PolicySet) { p.Lobbies[1].Name = "casual" }, []string{"lobbies[1].name"}},
		{"no type", func(p *PolicySet) { p.Lobbies[0].Spec.LobbyType = "" }, []string{"lobbies[0].spec.lobbyType"}},
		{"same type", func(p *PolicySet) { p.Lobbies[1].Spec.LobbyType = "casual" }, []string{"lobbies[1].spec.lobbyType"}},
		{"same queue", func(p *PolicySet) { p.Queues = append(p.Queues, p.Queues[0]) }, []string{"queues[1].name"}},
		{"attributes that can be read", func(p *PolicySet) {
			p.Lobbies[0].Spec.Attributes = []realtime.LobbyAttribute{
				{Key: "a", Type: realtime.LobbyAttributeNumber, Min: "-1.5", Max: "2", Default: ptr("0")},
				{Key: "b", Type: realtime.LobbyAttributeBoolean, Default: ptr("false")},
				{Key: "c", Type: realtime.LobbyAttributeString, Default: ptr("")},
			}
		}, nil},
		{"attributes that cannot", func(p *PolicySet) {
			p.Lobbies[0].Spec.Attributes = []realtime.LobbyAttribute{
				{Key: "a", Type: realtime.LobbyAttributeNumber, Min: "low", Max: "high", Default: ptr("")},
				{Key: "b", Type: realtime.LobbyAttributeBoolean, Default: ptr("yes")},
			}
		}, []string{
			"lobbies[0].spec.attributes[0].min", "lobbies[0].spec.attributes[0].max",
			"lobbies[0].spec.attributes[0].default", "lobbies[0].spec.attributes[1].default",
		}},
		{"too many", func(p *PolicySet) {
			p.Lobbies = make([]LobbyPolicy, MaxLobbyPolicies+1)
			p.Queues = make([]MatchmakingQueue, MaxQueues+1)
			for i := range p.Lobbies {
				name := time.Duration(i).String()
				p.Lobbies[i] = LobbyPolicy{Name: name, Spec: realtime.LobbyPolicySpec{LobbyType: name}}
			}
			for i := range p.Queues {
				p.Queues[i].Name = time.Duration(i).String()
			}
		}, []string{"lobbies", "queues"}},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			p := goodPolicies()
			tc.change(p)
			p.Revision = p.ComputeRevision()
			var got []string
			for _, problem := range p.Validate() {
				got = append(got, problem.Field)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("fields with problems (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRevisionIsCheckedAgainstTheContent(t *testing.T) {
	p := goodPolicies()
	p.Revision = "0000000000000000"
	problems := p.Validate()
	if len(problems) != 1 || problems[0].Field != "revision" {
		t.Fatalf("problems: %v, want one at revision", problems)
	}
}

func TestRevision(t *testing.T) {
	p := goodPolicies()
	first := p.ComputeRevision()
	if len(first) != 16 {
		t.Fatalf("revision %q, want 16 digits", first)
	}
	p.Revision = "something"
	if got := p.ComputeRevision(); got != first {
		t.Errorf("the revision itself counts: %s, before %s", got, first)
	}
	p.Limits.ConnectionsPerUser++
	if p.ComputeRevision() == first {
		t.Error("another content has the same revision")
	}
}

func TestRevisionSurvivesTheFile(t *testing.T) {
	p := goodPolicies()
	p.Revision = p.ComputeRevision()
	data, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	var read PolicySet
	if err := json.Unmarshal(data, &read); err != nil {
		t.Fatal(err)
	}
	if got := read.ComputeRevision(); got != p.Revision {
		t.Errorf("revision %s after reading, %s before", got, p.Revision)
	}
}

func TestRevisionOfOnePolicy(t *testing.T) {
	p := goodPolicies()
	casual, duel := p.Lobbies[0].Revision(), p.Queues[0].Revision()
	if len(casual) != 16 || casual == p.Lobbies[1].Revision() {
		t.Errorf("revisions %q and %q", casual, p.Lobbies[1].Revision())
	}
	p.Limits.ConnectionsPerUser++
	p.Lobbies[1].Spec.Size.Max = 3
	if p.Lobbies[0].Revision() != casual || p.Queues[0].Revision() != duel {
		t.Error("the revision of a policy changes with another's")
	}
	p.Queues[0].Name = "duo"
	if p.Queues[0].Revision() == duel {
		t.Error("another queue has the same revision")
	}
}
