package policyrefs

import (
	"context"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/anteroom/anteroom/api/v1alpha1"
	"github.com/anteroom/anteroom/controllers/internal/desired"
)

// secrets is a client that has Secrets.
type secrets struct {
	client.Reader
	all map[string]*corev1.Secret
}

func (s secrets) Get(_ context.Context, key client.ObjectKey, into client.Object, _ ...client.GetOption) error {
	*into.(*corev1.Secret) = *s.all[key.Name]
	return nil
}

// TestSecretsThatPoliciesMayName tries each mode with each label, for a key in force and for a
// key not in force.
func TestSecretsThatPoliciesMayName(t *testing.T) {
	const refused, warned, fine = "refused", "warned", "fine"
	for _, tc := range []struct {
		label   string
		inForce bool
		want    map[Mode]string
	}{
		{"true", false, map[Mode]string{InForce: fine, Labelled: fine, Any: fine}},
		{"true", true, map[Mode]string{InForce: fine, Labelled: fine, Any: fine}},
		{"", false, map[Mode]string{InForce: refused, Labelled: refused, Any: fine}},
		{"", true, map[Mode]string{InForce: warned, Labelled: refused, Any: fine}},
		{"false", false, map[Mode]string{InForce: refused, Labelled: refused, Any: refused}},
		{"false", true, map[Mode]string{InForce: refused, Labelled: refused, Any: refused}},
	} {
		for _, mode := range Modes() {
			cluster := &v1alpha1.RealtimeCluster{}
			cluster.Namespace, cluster.Name, cluster.UID = "games", "arena", types.UID("u")
			key := &corev1.Secret{Data: map[string][]byte{"key": []byte("sesame")}}
			if tc.label != "" {
				key.Labels = map[string]string{v1alpha1.LabelAllowPolicies: tc.label}
			}
			copies := &corev1.Secret{}
			copies.OwnerReferences = []metav1.OwnerReference{{UID: "u", Controller: new(true)}}
			if tc.inForce {
				copies.Data = map[string][]byte{"keys_key": []byte("sesame")}
			}
			policy := v1alpha1.LobbyPolicy{}
			policy.Namespace, policy.Spec.ClusterRef.Name = "games", "arena"
			policy.Spec.Chat.Filters = []v1alpha1.ChatFilter{{Type: v1alpha1.FilterWebhook, SecretRef: &v1alpha1.KeyReference{Name: "keys", Key: "key"}}}
			policies := []v1alpha1.LobbyPolicy{policy}
			reader := New(secrets{all: map[string]*corev1.Secret{"keys": key, "arena-policy-secrets": copies}}, 0, mode)
			found, err := reader.Resolve(t.Context(), cluster, policies, nil)
			if err != nil {
				t.Fatal(err)
			}
			set, problems := desired.PolicySet(cluster, policies, nil, found)
			got := fine
			switch {
			case len(set.Lobbies) == 0 && len(problems) == 1 && !problems[0].Warning:
				got = refused
			case len(set.Lobbies) == 1 && len(problems) == 1 && problems[0].Warning:
				got = warned
			case len(set.Lobbies) != 1 || len(problems) != 0:
				got = "odd"
			}
			if got != tc.want[mode] {
				t.Errorf("mode %s, label %q, in force %t: %s, want %s: %v", mode, tc.label, tc.inForce, got, tc.want[mode], problems)
			}
		}
	}
}

// TestCopiesOfAStranger: a Secret of that name that the operator did not make puts
// nothing into force.
func TestCopiesOfAStranger(t *testing.T) {
	cluster := &v1alpha1.RealtimeCluster{}
	cluster.Namespace, cluster.Name, cluster.UID = "games", "arena", types.UID("u")
	queue := v1alpha1.MatchmakingQueue{}
	queue.Namespace, queue.Spec.ClusterRef.Name = "games", "arena"
	queue.Spec.Handoff.SecretRef = &v1alpha1.KeyReference{Name: "keys", Key: "key"}
	data := map[string][]byte{"key": []byte("x"), "keys_key": []byte("x")}
	reader := New(secrets{all: map[string]*corev1.Secret{"keys": {Data: data}, "arena-policy-secrets": {Data: data}}}, 0, InForce)
	found, err := reader.Resolve(t.Context(), cluster, nil, []v1alpha1.MatchmakingQueue{queue})
	if err != nil || len(found.InForce) != 0 {
		t.Errorf("in force: %v, %v", found.InForce, err)
	}
}
