package architecture

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestTheMapHasEveryPackage compares the map with the packages of the server, so that a new
// package gets its line.
func TestTheMapHasEveryPackage(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(internal, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]bool{}
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z/]+)` \\| .+ \\|$").FindAllStringSubmatch(string(page), -1) {
		listed[row[1]] = true
	}
	for _, path := range packages(t) {
		name, err := filepath.Rel(internal, path)
		if err != nil {
			t.Fatal(err)
		}
		if name = filepath.ToSlash(name); !listed[name] {
			t.Errorf("runtime/internal/README.md has no line for %s", name)
		}
		delete(listed, name)
	}
	for name := range listed {
		t.Errorf("runtime/internal/README.md has a line for %s, which does not exist", name)
	}
	for _, link := range regexp.MustCompile(`\]\((docs/[a-z-]+\.md)\)`).FindAllStringSubmatch(string(page), -1) {
		text, err := os.ReadFile(filepath.Join(internal, link[1]))
		if err != nil || !strings.Contains(string(text), "sequenceDiagram") {
			t.Errorf("%s: %v; want a page with a sequence diagram", link[1], err)
		}
	}
}
