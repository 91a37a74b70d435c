package desired

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/anteroom/anteroom/api/v1alpha1"
)

func cluster() *v1alpha1.RealtimeCluster {
	return &v1alpha1.RealtimeCluster{ObjectMeta: metav1.ObjectMeta{Namespace: "games", Name: "arena"}}
}

func policy(name, lobbyType string, change ...func(*v1alpha1.LobbyPolicy)) v1alpha1.LobbyPolicy {
	p := v1alpha1.LobbyPolicy{ObjectMeta: metav1.ObjectMeta{Namespace: "games", Name: name}}
	p.Spec.ClusterRef.Name = "arena"
	p.Spec.LobbyType = lobbyType
	for _, f := range change {
		f(&p)
	}
	return p
}

func queue(name, lobby string) v1alpha1.MatchmakingQueue {
	q := v1alpha1.MatchmakingQueue{ObjectMeta: metav1.ObjectMeta{Namespace: "games", Name: name}}
	q.Spec.ClusterRef.Name = "arena"
	if lobby != "" {
		q.Spec.Handoff.LobbyPolicyRef = &v1alpha1.LocalReference{Name: lobby}
	}
	return q
}

func TestPolicySetPicks(t *testing.T) {
	created := func(hour int) func(*v1alpha1.LobbyPolicy) {
		return func(p *v1alpha1.LobbyPolicy) {
			p.CreationTimestamp = metav1.NewTime(time.Date(2026, 1, 1, hour, 0, 0, 0, time.UTC))
		}
	}
	season := func(name string) func(*v1alpha1.LobbyPolicy) {
		return func(p *v1alpha1.LobbyPolicy) { p.Labels = map[string]string{"season": name} }
	}
	type fault struct{ Kind, Name, Reason string }
	tests := map[string]struct {
		selector    *v1alpha1.LabelSelector
		policies    []v1alpha1.LobbyPolicy
		queues      []v1alpha1.MatchmakingQueue
		wantLobbies []string
		wantQueues  []string
		wantFaults  []fault
	}{
		"sorted by name, whatever the order they come in": {
			policies:    []v1alpha1.LobbyPolicy{policy("b", "two"), policy("a", "one"), policy("c", "three")},
			queues:      []v1alpha1.MatchmakingQueue{queue("z", ""), queue("y", "c")},
			wantLobbies: []string{"a", "b", "c"},
			wantQueues:  []string{"y", "z"},
		},
		"other clusters and namespaces are left out": {
			policies: []v1alpha1.LobbyPolicy{
				policy("a", "one"),
				policy("b", "two", func(p *v1alpha1.LobbyPolicy) { p.Spec.ClusterRef.Name = "other" }),
				policy("c", "three", func(p *v1alpha1.LobbyPolicy) { p.Namespace = "other" }),
			},
			wantLobbies: []string{"a"},
		},
		"the selector picks by label": {
			selector:    &v1alpha1.LabelSelector{MatchLabels: map[string]string{"season": "autumn"}},
			policies:    []v1alpha1.LobbyPolicy{policy("a", "one", season("autumn")), policy("b", "two", season("winter")), policy("c", "three")},
			wantLobbies: []string{"a"},
		},
		"a selector that means nothing picks nothing": {
			selector: &v1alpha1.LabelSelector{MatchExpressions: []v1alpha1.LabelRequirement{{
				Key: "season", Operator: "Near", Values: []string{"autumn"},
			}}},
			policies:   []v1alpha1.LobbyPolicy{policy("a", "one")},
			wantFaults: []fault{{v1alpha1.KindRealtimeCluster, "arena", ReasonInvalidSelector}},
		},
		"of two for one lobby type the older applies": {
			policies:    []v1alpha1.LobbyPolicy{policy("a", "duel", created(2)), policy("b", "duel", created(1)), policy("c", "other")},
			wantLobbies: []string{"b", "c"},
			wantFaults:  []fault{{v1alpha1.KindLobbyPolicy, "a", ReasonDuplicateLobbyType}},
		},
		"of two equally old ones the first by name applies": {
			policies:    []v1alpha1.LobbyPolicy{policy("b", "duel"), policy("a", "duel")},
			wantLobbies: []string{"a"},
			wantFaults:  []fault{{v1alpha1.KindLobbyPolicy, "b", ReasonDuplicateLobbyType}},
		},
		"a queue without its lobby policy is at fault, the others apply": {
			policies:    []v1alpha1.LobbyPolicy{policy("a", "one")},
			queues:      []v1alpha1.MatchmakingQueue{queue("x", "gone"), queue("y", "a")},
			wantLobbies: []string{"a"},
			wantQueues:  []string{"y"},
			wantFaults:  []fault{{v1alpha1.KindMatchmakingQueue, "x", ReasonLobbyPolicyMissing}},
		},
		"a queue whose lobby policy is at fault is at fault too": {
			policies:    []v1alpha1.LobbyPolicy{policy("a", "duel"), policy("b", "duel")},
			queues:      []v1alpha1.MatchmakingQueue{queue("x", "b")},
			wantLobbies: []string{"a"},
			wantFaults: []fault{
				{v1alpha1.KindLobbyPolicy, "b", ReasonDuplicateLobbyType},
				{v1alpha1.KindMatchmakingQueue, "x", ReasonLobbyPolicyMissing},
			},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := cluster()
			c.Spec.PolicySelector = test.selector
			set, problems := PolicySet(c, test.policies, test.queues, nil)
			var lobbies, queues []string
			for _, l := range set.Lobbies {
				lobbies = append(lobbies, l.Name)
			}
			for _, q := range set.Queues {
				queues = append(queues, q.Name)
			}
			var faults []fault
			for _, p := range problems {
				if p.Message == "" || p.Field == "" {
					t.Errorf("problem without a message or a field: %+v", p)
				}
				faults = append(faults, fault{p.Kind, p.Name, p.Reason})
			}
			if diff := cmp.Diff(test.wantLobbies, lobbies); diff != "" {
				t.Errorf("lobbies (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.wantQueues, queues); diff != "" {
				t.Errorf("queues (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.wantFaults, faults); diff != "" {
				t.Errorf("faults (-want +got):\n%s", diff)
			}
			if want := set.ComputeRevision(); set.Revision != want {
				t.Errorf("revision is %q, want %q", set.Revision, want)
			}
		})
	}
}

func TestPolicySetLeavesItsInputAlone(t *testing.T) {
	policies := []v1alpha1.LobbyPolicy{policy("b", "two"), policy("a", "one")}
	queues := []v1alpha1.MatchmakingQueue{queue("y", ""), queue("x", "")}
	PolicySet(cluster(), policies, queues, nil)
	if policies[0].Name != "b" || queues[0].Name != "y" {
		t.Error("the caller's lists were sorted in place")
	}
}
