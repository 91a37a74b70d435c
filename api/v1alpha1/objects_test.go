package v1alpha1_test

import (
	"errors"
	"io"
	"os"
	"strings"

	jsonpatch "github.com/evanphx/json-patch/v5"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"

	"github.com/anteroom/anteroom/api/v1alpha1"
)

// smallest are the smallest objects the API server takes, by kind; the rule
// tables lay their cases over them.
var smallest = map[string]string{
	v1alpha1.KindRealtimeCluster: `
spec: {}`,
	v1alpha1.KindLobbyPolicy: `
spec:
  clusterRef: {name: demo}
  lobbyType: casual`,
	v1alpha1.KindMatchmakingQueue: `
spec:
  clusterRef: {name: demo}
  teams:
  - {name: red, min: 1, max: 1}
  - {name: blue, min: 1, max: 1}
  handoff: {lobbyPolicyRef: {name: duel}}`,
}

// object returns the smallest object of a kind with a name made by the API
// server, and changes (YAML, a JSON merge patch) laid over it.
func object(kind, changes string) *unstructured.Unstructured {
	base, err := yaml.YAMLToJSON([]byte(smallest[kind]))
	Expect(err).NotTo(HaveOccurred())
	patch, err := yaml.YAMLToJSON([]byte(changes))
	Expect(err).NotTo(HaveOccurred())
	if string(patch) != "null" {
		base, err = jsonpatch.MergePatch(base, patch)
		Expect(err).NotTo(HaveOccurred())
	}
	u := &unstructured.Unstructured{}
	Expect(yaml.Unmarshal(base, &u.Object)).To(Succeed())
	u.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind(kind))
	u.SetNamespace(namespace)
	if u.GetName() == "" {
		u.SetGenerateName("t-")
	}
	return u
}

// documents returns the objects of a YAML file, in its order.
func documents(path string) []*unstructured.Unstructured {
	file, err := os.Open(path)
	Expect(err).NotTo(HaveOccurred())
	defer file.Close()
	var found []*unstructured.Unstructured
	for decoder := utilyaml.NewYAMLOrJSONDecoder(file, 4096); ; {
		u := &unstructured.Unstructured{}
		if err := decoder.Decode(&u.Object); errors.Is(err, io.EOF) {
			return found
		} else {
			Expect(err).NotTo(HaveOccurred(), path)
		}
		if len(u.Object) > 0 {
			found = append(found, u)
		}
	}
}

// spec returns an object's spec as YAML, with sorted keys.
func spec(u *unstructured.Unstructured) string { return section(u, "spec") }

// section returns a part of an object as YAML, with sorted keys.
func section(u *unstructured.Unstructured, key string) string {
	out, err := yaml.Marshal(map[string]any{key: u.Object[key]})
	Expect(err).NotTo(HaveOccurred())
	return strings.TrimSpace(string(out)) + "\n"
}
