package architecture

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// internal is the folder of the servers' packages.
var internal = filepath.Join("..", "..", "runtime", "internal")

// packages returns the folders of the servers' packages.
func packages(t *testing.T) (folders []string) {
	t.Helper()
	err := filepath.WalkDir(internal, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return err
		}
		if entry.Name() == "node_modules" || entry.Name() == "testdata" {
			return filepath.SkipDir
		}
		if files, _ := filepath.Glob(filepath.Join(path, "*.go")); len(files) > 0 {
			folders = append(folders, path)
		}
		return nil
	})
	if err != nil || len(folders) < 30 {
		t.Fatalf("found %d packages, %v; want at least 30", len(folders), err)
	}
	return folders
}

// folder returns the folder of the server package with a name.
func folder(t *testing.T, name string) string {
	t.Helper()
	for _, path := range packages(t) {
		if filepath.Base(path) == name {
			return path
		}
	}
	t.Fatalf("got no package %s", name)
	return ""
}

// each reads the Go files of a folder: its tests, or all files but the tests.
func each(t *testing.T, folder string, tests bool, do func(path string, text []byte)) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") != tests {
			continue
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		do(path, text)
	}
}
