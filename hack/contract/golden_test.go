package main

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// generated are the files that run writes below a repository's root.
var generated = []string{"runtime/contract/schema.json", "runtime/contract/asyncapi.json", "runtime/client/typescript/src/wire.ts", "runtime/README.md"}

// repository returns the root of a repository with the contract of testdata.
func repository(t *testing.T, readme string) string {
	t.Helper()
	root := t.TempDir()
	if err := os.CopyFS(root, os.DirFS("testdata")); err != nil {
		t.Fatal(err)
	}
	for _, path := range generated {
		if err := os.MkdirAll(filepath.Join(root, filepath.Dir(path)), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(root, "runtime", "README.md"), []byte(readme), 0o600); err != nil {
		t.Fatal(err)
	}
	return root
}

// TestGolden compares the documents of a small contract with every construct that the
// generator knows.
func TestGolden(t *testing.T) {
	root := repository(t, "# Events\n"+begin+"old\n"+end+"The end.\n")
	if err := run(root); err != nil {
		t.Fatal(err)
	}
	for _, path := range generated {
		t.Run(path, func(t *testing.T) {
			got, err := os.ReadFile(filepath.Join(root, path))
			if err != nil {
				t.Fatal(err)
			}
			golden := filepath.Join("testdata", "golden", filepath.Base(path))
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
				t.Errorf("(-want +got; go test ./hack/contract -update rewrites the file):\n%s", diff)
			}
		})
	}
}

func TestRunReportsABrokenRepository(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(root string) error
		want   string
	}{
		"a README without marks": {func(root string) error {
			return os.WriteFile(filepath.Join(root, "runtime", "README.md"), []byte("# Events\n"), 0o600)
		}, "README.md: the lines"},
		"no README":   {func(root string) error { return os.Remove(filepath.Join(root, "runtime", "README.md")) }, "README.md"},
		"no contract": {func(root string) error { return os.RemoveAll(filepath.Join(root, "runtime", "wire")) }, "no events"},
		"no client": {func(root string) error {
			return os.RemoveAll(filepath.Join(root, "runtime", "client"))
		}, "wire.ts"},
		"invalid Go": {func(root string) error {
			return os.WriteFile(filepath.Join(root, "runtime", "wire", "x.go"), []byte("package"), 0o600)
		}, "x.go"},
	} {
		t.Run(name, func(t *testing.T) {
			root := repository(t, begin+end)
			if err := tc.change(root); err != nil {
				t.Fatal(err)
			}
			if err := run(root); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got error %v, want %q in it", err, tc.want)
			}
		})
	}
}
