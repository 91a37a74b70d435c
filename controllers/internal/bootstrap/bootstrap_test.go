package bootstrap

import (
	"strings"
	"testing"

	"github.com/anteroom/anteroom/api/v1alpha1"
)

func TestOnlyOwnKindsOfTheNamespaceAreTaken(t *testing.T) {
	header := "apiVersion: " + v1alpha1.GroupVersion.String() + "\n"
	objects, err := parse("---\n"+header+"kind: RealtimeCluster\nmetadata: {name: a}\n---\n\n---\n"+header+"kind: LobbyPolicy\nmetadata: {name: b, namespace: games}\n", "games")
	if err != nil || len(objects) != 2 || objects[0].GetNamespace() != "games" || objects[1].GetName() != "b" {
		t.Errorf("got %v, %v", objects, err)
	}
	for text, want := range map[string]string{
		"apiVersion: v1\nkind: Secret\nmetadata: {name: a}":                       "only kinds of",
		header + "kind: LobbyPolicy\nmetadata: {name: b, namespace: kube-system}": "which is not games",
		"a: [b": "yaml",
	} {
		if _, err := parse(text, "games"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want it to say %q", text, err, want)
		}
	}
}
