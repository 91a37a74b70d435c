// Package golden compares rendered manifests with the golden files in testdata: <case>.in.yaml
// has the input, <case>.golden.yaml the expected output.
package golden

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	crd "github.com/anteroom/anteroom/config/crd"
	"github.com/anteroom/anteroom/controllers/internal/manifest"
)

var update = flag.Bool("update", false, "rewrite the golden files from what the code makes now")

const inputSuffix = ".in.yaml"

// Run renders each input of testdata twice, with the defaults of the CRDs, and compares the outputs
// with each other and with the golden file.
func Run(t *testing.T, documents func(*testing.T, manifest.Objects) []any) {
	t.Helper()
	inputs, err := filepath.Glob("testdata/*" + inputSuffix)
	if err != nil || len(inputs) == 0 {
		t.Fatalf("no inputs in testdata (%v)", err)
	}
	for _, input := range inputs {
		t.Run(strings.TrimSuffix(filepath.Base(input), inputSuffix), func(t *testing.T) {
			objects := Load(t, input)
			got := Write(t, documents(t, objects))
			if again := Write(t, documents(t, objects)); !bytes.Equal(got, again) {
				t.Fatalf("two renderings of one input differ:\n%s", cmp.Diff(string(got), string(again)))
			}
			compare(t, strings.TrimSuffix(input, inputSuffix)+".golden.yaml", got)
		})
	}
}

func compare(t *testing.T, golden string, got []byte) {
	t.Helper()
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
}

// Load reads a manifest as the API server would.
func Load(t testing.TB, path string) manifest.Objects {
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

// Write writes documents as YAML, without the status and the empty creation time of typed objects.
func Write(t *testing.T, documents []any) []byte {
	t.Helper()
	var out bytes.Buffer
	for _, document := range documents {
		text, err := json.Marshal(document)
		if err != nil {
			t.Fatal(err)
		}
		var fields map[string]any
		if err := json.Unmarshal(text, &fields); err != nil {
			t.Fatal(err)
		}
		delete(fields, "status")
		if metadata, ok := fields["metadata"].(map[string]any); ok {
			delete(metadata, "creationTimestamp")
		}
		text, err = yaml.Marshal(fields)
		if err != nil {
			t.Fatal(err)
		}
		out.WriteString("---\n")
		out.Write(text)
	}
	return out.Bytes()
}
