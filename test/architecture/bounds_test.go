package architecture

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// growing are the domains whose data grows with requests of clients.
var growing = []string{"chat", "lobby", "matchmaking", "notify", "party", "presence"}

// elsewhere are bounds that a test of another package reaches, or that no client can
// reach.
var elsewhere = map[string]string{
	"lobby.maxTimeouts":                 "per deadline; the next deadline continues",
	"matchmaking.maxAbandoned":          "messages per pass; the next pass continues",
	"matchmaking.maxConcurrentHandoffs": "concurrent hand-offs; further ones wait",
	"matchmaking.maxConcurrentQueues":   "concurrent queues; further ones wait",
	"matchmaking.maxConcurrentSteps":    "concurrent steps; further ones wait",
	"matchmaking.maxEstimatePushes":     "estimates per pass; the next pass pushes the others",
	"matchmaking.maxWaits":              "samples of an estimate; the oldest are dropped",
	"notify.maxDue":                     "calls started per pass; the next pass continues",
	"notify.maxPushed":                  "notifications pushed at once; the list has the others",
	"party.maxParties":                  "is 1: TestBadInput sends party:create by a member of a party",
	"party.maxTimeouts":                 "per deadline; the next deadline continues",
}

var bound = regexp.MustCompile(`^[mM]ax[A-Z]|Bound$`)

// TestEveryBoundIsReached requires, for each bound of a domain, a test of its package
// that uses the constant. A new bound fails here until a test reaches it.
func TestEveryBoundIsReached(t *testing.T) {
	found := 0
	for _, domain := range growing {
		tests, bounds := boundsOfTree(t, folder(t, domain))
		for _, name := range bounds {
			found++
			used := regexp.MustCompile(`\b` + name + `\b`).MatchString(tests)
			if _, excused := elsewhere[domain+"."+name]; used == excused {
				t.Errorf("%s.%s: used by a test: %v, listed in elsewhere: %v; want exactly one", domain, name, used, excused)
			}
		}
	}
	if found < 40 {
		t.Errorf("got %d bounds, want at least 40", found)
	}
}

// boundsOfTree returns the text of the tests and the bounds of a domain's package and of the
// packages below it.
func boundsOfTree(t *testing.T, top string) (tests string, bounds []string) {
	t.Helper()
	for _, path := range packages(t) {
		if path == top || strings.HasPrefix(path, top+string(filepath.Separator)) {
			tests += testsOf(t, path)
			bounds = append(bounds, boundsOf(t, path)...)
		}
	}
	return tests, bounds
}

// boundsOf returns the names of a package's constants that are bounds.
func boundsOf(t *testing.T, folder string) (names []string) {
	t.Helper()
	each(t, folder, false, func(path string, text []byte) {
		file, err := parser.ParseFile(token.NewFileSet(), path, text, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			group, is := d.(*ast.GenDecl)
			if !is || group.Tok != token.CONST {
				continue
			}
			for _, spec := range group.Specs {
				for _, name := range spec.(*ast.ValueSpec).Names {
					if bound.MatchString(name.Name) {
						names = append(names, name.Name)
					}
				}
			}
		}
	})
	return names
}

// testsOf returns the text of a package's tests.
func testsOf(t *testing.T, folder string) string {
	t.Helper()
	var all strings.Builder
	each(t, folder, true, func(_ string, text []byte) { all.Write(text) })
	return all.String()
}
