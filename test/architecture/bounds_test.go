package architecture

import (
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"strings"
	"testing"
)

// growing are the domains whose data grows with requests of clients.
var growing = []string{"chat", "lobby", "matchmaking", "notify", "party", "presence"}

// elsewhere are bounds that a test of another package reaches, or that no client can
// reach.
var elsewhere = map[string]string{
	"lobby.maxTimeouts":    "of what one look takes out; the next look goes on",
	"matchmaking.maxWaits": "of what estimates are made of; the oldest go",
	"notify.maxDue":        "of what one look begins; the next look goes on",
	"notify.maxPushed":     "of what is pushed at once; the list has the rest",
	"party.maxParties":     "one: TestBadInput, party:create by who is in a party",
	"party.maxTimeouts":    "of what one look takes out; the next look goes on",
}

var bound = regexp.MustCompile(`^max[A-Z]|Bound$`)

// TestEveryBoundIsReached requires, for each bound of a domain, a test of its package
// that uses the constant. A new bound fails here until a test reaches it.
func TestEveryBoundIsReached(t *testing.T) {
	found := 0
	for _, domain := range growing {
		path := folder(t, domain)
		tests := testsOf(t, path)
		for _, name := range boundsOf(t, path) {
			found++
			used := regexp.MustCompile(`\b` + name + `\b`).MatchString(tests)
			if _, excused := elsewhere[domain+"."+name]; used == excused {
				t.Errorf("%s.%s: its tests use it: %v; it is excused: %v", domain, name, used, excused)
			}
		}
	}
	if found < 40 {
		t.Errorf("only %d bounds were found", found)
	}
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
