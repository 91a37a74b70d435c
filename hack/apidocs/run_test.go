package main

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"
)

var update = flag.Bool("update", false, "rewrite the golden file")

// TestGolden compares the page of a small CRD with every kind of chapter.
func TestGolden(t *testing.T) {
	out := filepath.Join(t.TempDir(), "README.md")
	if err := run("testdata", out); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	golden := filepath.Join("testdata", "page.golden.md")
	if *update {
		if err := os.WriteFile(golden, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("(-want +got; go test ./hack/apidocs -update rewrites the file):\n%s", diff)
	}
}

func TestRunReportsUnusableCRDs(t *testing.T) {
	for name, tc := range map[string]struct{ text, want string }{
		"no CRDs":      {"", "no CRDs in "},
		"invalid YAML": {"a: [b", "crd.yaml: "},
		"two versions": {"spec: {versions: [{}, {}]}", "has 2 versions, want one"},
		"no versions":  {"spec: {}", "has 0 versions, want one"},
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			if tc.text != "" {
				if err := os.WriteFile(filepath.Join(folder, "crd.yaml"), []byte(tc.text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if err := run(folder, filepath.Join(folder, "out.md")); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got error %v, want %q in it", err, tc.want)
			}
		})
	}
}

func TestTypeNames(t *testing.T) {
	for text, want := range map[string]string{
		`{type: boolean}`: "boolean",
		`{type: array, items: {type: array, items: {type: string}}}`:        "[][]string",
		`{type: object, additionalProperties: {type: integer}}`:             "map of integer",
		`{type: object, properties: {lastTransitionTime: {type: string}}}`:  "Condition",
		`{x-kubernetes-int-or-string: true}`:                                "integer or string",
		`{x-kubernetes-int-or-string: true, pattern: "Ki"}`:                 "quantity",
		`{x-kubernetes-int-or-string: true, pattern: "[0-9.]"}`:             "decimal",
		`{type: string, x-kubernetes-validations: [{message: "a rule"}]}`:   "string",
		`{x-kubernetes-validations: [{message: "a positive duration"}]}`:    "duration",
		`{properties: {matchLabels: {type: object}, matchExpressions: {}}}`: "label selector",
	} {
		var s schema
		if err := yaml.Unmarshal([]byte(text), &s); err != nil {
			t.Fatal(err)
		}
		if got := s.typeName(); got != want {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
}

func TestConstraints(t *testing.T) {
	for text, want := range map[string]string{
		`{type: integer, minimum: 1}`:                                                "at least 1",
		`{type: integer, maximum: 9}`:                                                "at most 9",
		`{type: integer, minimum: 0, maximum: 9}`:                                    "0 to 9",
		`{type: string, minLength: 2, maxLength: 4}`:                                 "2 to 4 characters",
		`{type: array, x-kubernetes-list-type: set, items: {enum: [a, b]}}`:          "no duplicates; one of a, b",
		`{type: array, maxItems: 3, items: {type: string, maxLength: 5}}`:            "at most 3 items; at most 5 characters",
		`{type: object, maxProperties: 8}`:                                           "at most 8 entries",
		`{x-kubernetes-int-or-string: true, maxLength: 5}`:                           "",
		`{maxLength: 5, x-kubernetes-validations: [{message: a positive duration}]}`: "",
	} {
		var s schema
		if err := yaml.Unmarshal([]byte(text), &s); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(s.constraints(false), "; "); got != want {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
		if got := s.constraints(true); got[0] != "required" {
			t.Errorf("%s: got %q, want required first", text, got)
		}
	}
}
