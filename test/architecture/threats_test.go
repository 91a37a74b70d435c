package architecture

import (
	"bytes"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	configv1 "github.com/anteroom/anteroom/api/config/v1alpha1"
	"github.com/anteroom/anteroom/runtime/contract"
)

var (
	testFunc     = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)[A-Z]\w*)\(`)
	testNamed    = regexp.MustCompile("`((?:Test|Fuzz)[A-Z]\\w*)`")
	requestNamed = regexp.MustCompile(`"([a-z]+):[A-Za-z]+\.request"`)
	kindRoot     = regexp.MustCompile(`(?s)\+kubebuilder:object:root=true\n(?:.*?\n)??type (\w+) struct`)
)

// TestTheThreatModelListsEachDoor reads the page: each port, kind, request domain and
// fuzz target of the code has a row in the page, and each named test exists.
func TestTheThreatModelListsEachDoor(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "runtime", "guides", "threat-model.md"))
	if err != nil {
		t.Fatal(err)
	}
	tests := testNames(t)
	for _, m := range testNamed.FindAllSubmatch(page, -1) {
		if !tests[string(m[1])] {
			t.Errorf("the page names %s, want an existing test", m[1])
		}
	}
	doors := slices.Concat(listeners(), requestDomains(), kinds(t))
	for name := range tests {
		if strings.HasPrefix(name, "Fuzz") {
			doors = append(doors, name)
		}
	}
	if len(doors) < 20 {
		t.Fatalf("got %d doors: %q, want more", len(doors), doors)
	}
	for _, door := range doors {
		if !bytes.Contains(page, []byte("`"+door+"`")) {
			t.Errorf("the page has no row for `%s`", door)
		}
	}
}

// testNames returns the tests and fuzz targets of the repository.
func testNames(t *testing.T) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	for _, top := range []string{"api", "controllers", "hack", "runtime", "test"} {
		err := filepath.WalkDir(filepath.Join("..", "..", top), func(path string, d fs.DirEntry, err error) error {
			if d != nil && d.IsDir() && d.Name() == "node_modules" {
				return fs.SkipDir
			}
			if err != nil || !strings.HasSuffix(path, "_test.go") {
				return err
			}
			text, err := os.ReadFile(path)
			for _, m := range testFunc.FindAllSubmatch(text, -1) {
				names[string(m[1])] = true
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return names
}

// listeners returns the ports of a server.
func listeners() (names []string) {
	for _, f := range reflect.VisibleFields(reflect.TypeFor[configv1.Listen]()) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		names = append(names, "listen."+name)
	}
	return names
}

// requestDomains returns the parts of the requests' names before the colon.
func requestDomains() []string {
	all := map[string]bool{}
	for _, m := range requestNamed.FindAllSubmatch(contract.Schema, -1) {
		all[string(m[1])] = true
	}
	return slices.Sorted(maps.Keys(all))
}

// kinds returns the resources that users write.
func kinds(t *testing.T) (names []string) {
	t.Helper()
	each(t, filepath.Join("..", "..", "api", "v1alpha1"), false, func(_ string, text []byte) {
		for _, m := range kindRoot.FindAllSubmatch(text, -1) {
			if !bytes.HasSuffix(m[1], []byte("List")) {
				names = append(names, string(m[1]))
			}
		}
	})
	return names
}
