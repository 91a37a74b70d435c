package chart

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/anteroom/anteroom/test/manifest"
)

// TestGrantsAreThoseOfConfig: the operator has the same rights after an install by Helm
// as after an install by kubectl.
func TestGrantsAreThoseOfConfig(t *testing.T) {
	for _, tc := range []struct {
		folder string
		values []string
	}{
		{"default", nil},
		{"namespaced", []string{"--set", "namespaces={games}"}},
		{"open", []string{"--set", "openAllNamespaces=true"}},
	} {
		t.Run(tc.folder, func(t *testing.T) {
			args := append([]string{"template", "anteroom", chartDir, "--namespace", "anteroom-system"}, tc.values...)
			out, problems, err := helm(t, args...)
			if err != nil {
				t.Fatalf("%v: %s", err, problems)
			}
			want, got := grants(manifest.Kustomize(t, tc.folder)), grants(manifest.Objects(t, out))
			if len(want) < 6 {
				t.Errorf("config/%s: got %d grants, want more", tc.folder, len(want))
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("-config +chart:\n%s", diff)
			}
		})
	}
}

// grants returns the rules of the roles and bindings among the objects, without labels.
func grants(objects []*unstructured.Unstructured) map[string]any {
	all := map[string]any{}
	for _, o := range objects {
		if !slices.Contains([]string{"Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"}, o.GetKind()) {
			continue
		}
		all[o.GetKind()+" "+o.GetNamespace()+"/"+o.GetName()] = []any{o.Object["rules"], o.Object["roleRef"], o.Object["subjects"]}
	}
	return all
}
