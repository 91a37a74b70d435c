package desired

import (
	"testing"

	"sigs.k8s.io/yaml"

	configv1 "github.com/anteroom/anteroom/api/config/v1alpha1"
	"github.com/anteroom/anteroom/controllers/internal/golden"
	"github.com/anteroom/anteroom/controllers/internal/manifest"
)

// TestGolden renders the ConfigMaps of each input of testdata and checks that the
// runtime accepts what is in them.
func TestGolden(t *testing.T) { golden.Run(t, configMaps) }

func configMaps(t *testing.T, objects manifest.Objects) []any {
	t.Helper()
	if len(objects.Clusters) != 1 {
		t.Fatalf("the input has %d clusters, want 1", len(objects.Clusters))
	}
	cluster := &objects.Clusters[0]
	set, problems := PolicySet(cluster, objects.Policies, objects.Queues, nil)
	if len(problems) > 0 {
		t.Fatalf("problems: %v", problems)
	}
	runtime, err := RuntimeConfigMap(cluster)
	if err != nil {
		t.Fatal(err)
	}
	policies, err := PoliciesConfigMap(cluster, set)
	if err != nil {
		t.Fatal(err)
	}
	mustBeGood(t, runtime.Data[KeyRuntime], policies.Data[KeyPolicies])
	return []any{runtime, policies}
}

func mustBeGood(t *testing.T, runtime, policies string) {
	t.Helper()
	var config configv1.RuntimeConfig
	if err := yaml.UnmarshalStrict([]byte(runtime), &config); err != nil {
		t.Fatalf("%s does not read back: %v", KeyRuntime, err)
	}
	if problems := config.Validate(); len(problems) > 0 {
		t.Errorf("%s is not good: %v", KeyRuntime, problems.ToAggregate())
	}
	var set configv1.PolicySet
	if err := yaml.UnmarshalStrict([]byte(policies), &set); err != nil {
		t.Fatalf("%s does not read back: %v", KeyPolicies, err)
	}
	if problems := set.Validate(); len(problems) > 0 {
		t.Errorf("%s is not good: %v", KeyPolicies, problems.ToAggregate())
	}
}
