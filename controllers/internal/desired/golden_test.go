package desired

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	configv1 "github.com/anteroom/anteroom/api/config/v1alpha1"
	crd "github.com/anteroom/anteroom/config/crd"
	"github.com/anteroom/anteroom/controllers/internal/manifest"
)

var update = flag.Bool("update", false, "rewrite the golden files from what the code makes now")

const inputSuffix = ".in.yaml"

// TestGolden renders each input of testdata, with the defaults of the CRDs, and
// compares the objects with the golden file beside it.
func TestGolden(t *testing.T) {
	inputs, err := filepath.Glob("testdata/*" + inputSuffix)
	if err != nil || len(inputs) == 0 {
		t.Fatalf("no inputs in testdata (%v)", err)
	}
	for _, input := range inputs {
		t.Run(strings.TrimSuffix(filepath.Base(input), inputSuffix), func(t *testing.T) {
			objects := load(t, input)
			got := render(t, objects)
			if again := render(t, objects); !bytes.Equal(got, again) {
				t.Fatalf("two renderings of one input differ:\n%s", cmp.Diff(string(got), string(again)))
			}
			golden := strings.TrimSuffix(input, inputSuffix) + ".golden.yaml"
			if *update {
				if err := os.WriteFile(golden, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatalf("%v; `make golden` writes it", err)
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Errorf("differs from %s (-want +got); if it is meant so, run `make golden`:\n%s", golden, diff)
			}
		})
	}
}

func load(t *testing.T, path string) manifest.Objects {
	t.Helper()
	schemas, err := manifest.LoadSchemas(crd.Bases)
	if err != nil {
		t.Fatal(err)
	}
	sources, err := manifest.Read([]string{path}, nil)
	if err != nil {
		t.Fatal(err)
	}
	objects, notes, err := manifest.Load(t.Context(), schemas, sources, "default")
	if err != nil || len(notes) > 0 {
		t.Fatalf("load %s: %v (notes %v)", path, err, notes)
	}
	return objects
}

// render writes the objects of the input's cluster, after it has checked that
// the runtime accepts what is in them.
func render(t *testing.T, objects manifest.Objects) []byte {
	t.Helper()
	if len(objects.Clusters) != 1 {
		t.Fatalf("the input has %d clusters, want 1", len(objects.Clusters))
	}
	cluster := &objects.Clusters[0]
	set, problems := PolicySet(cluster, objects.Policies, objects.Queues)
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
	var out bytes.Buffer
	for _, object := range []any{runtime, policies} {
		text, err := yaml.Marshal(object)
		if err != nil {
			t.Fatal(err)
		}
		out.WriteString("---\n")
		out.Write(text)
	}
	return out.Bytes()
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
