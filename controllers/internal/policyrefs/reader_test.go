package policyrefs

import (
	"context"
	"errors"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/anteroom/anteroom/api/v1alpha1"
)

// refusing is a client that answers no request.
type refusing struct{ client.Reader }

func (refusing) Get(context.Context, client.ObjectKey, client.Object, ...client.GetOption) error {
	return errors.New("invalid resource name")
}

func TestNameThatNoObjectCanHave(t *testing.T) {
	cluster := &v1alpha1.RealtimeCluster{}
	cluster.Namespace, cluster.Name = "games", "arena"
	for _, name := range []string{"a/b", "100%", ".."} {
		policy := v1alpha1.LobbyPolicy{}
		policy.Namespace, policy.Spec.ClusterRef.Name = "games", "arena"
		policy.Spec.Chat.Filters = []v1alpha1.ChatFilter{
			{Type: v1alpha1.FilterWebhook, SecretRef: &v1alpha1.KeyReference{Name: name, Key: "key"}},
			{Type: v1alpha1.FilterWordList, WordsConfigMapRef: &v1alpha1.KeyReference{Name: name, Key: "key"}},
		}
		found, err := New(refusing{}, 0, InForce).Resolve(t.Context(), cluster, []v1alpha1.LobbyPolicy{policy}, nil)
		if err != nil || len(found.Secrets)+len(found.ConfigMaps) != 0 {
			t.Errorf("%q: %+v, %v", name, found, err)
		}
	}
}
