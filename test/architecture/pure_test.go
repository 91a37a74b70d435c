package architecture

import (
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// ruleFiles lists the files that hold the pure rules of a domain whose rules are not in a
// package of their own: values in, values out, without a context and without a store.
var ruleFiles = map[string][]string{
	"matchmaking": {
		"attributes.go", "feasible.go", "matchlobby.go", "order.go", "proposal.go", "queue.go", "reasons.go",
		"sideeffects.go", "ticket.go", "userrecord.go", "waits.go",
	},
	"chat":     {"amend.go", "direct.go", "model.go"},
	"notify":   {"model.go", "rules.go", "topics.go", "webhookcalls.go"},
	"presence": {"model.go"},
}

// ruleImports are the packages of this module that a rule file may import; of other modules
// it may import std alone, without context.
var ruleImports = []string{
	"runtime/wire", "runtime/internal/core/liveness", "runtime/internal/core/text", "runtime/internal/domain/matchmaking/matching",
}

func TestRuleFilesArePure(t *testing.T) {
	for domain, files := range ruleFiles {
		for _, name := range files {
			path := filepath.Join("..", "..", "runtime", "internal", "domain", domain, name)
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
			if err != nil {
				t.Fatal(err)
			}
			for _, spec := range file.Imports {
				imp, err := strconv.Unquote(spec.Path.Value)
				if err != nil {
					t.Fatal(err)
				}
				if !pureImport(imp) {
					t.Errorf("%s/%s imports %s, want a pure rule file without it", domain, name, imp)
				}
			}
		}
	}
}

func pureImport(imp string) bool {
	path, ours := strings.CutPrefix(imp, module)
	if ours {
		return slices.Contains(ruleImports, path)
	}
	return std(imp) && imp != "context" && imp != "sync" && !under("net", "os")(imp)
}

func TestPureImport(t *testing.T) {
	for imp, want := range map[string]bool{
		"slices": true, module + "runtime/wire": true, module + "runtime/internal/domain/matchmaking/matching": true,
		"context": false, "net/http": false, "os": false, "sync": false, "golang.org/x/sync/errgroup": false,
		module + "runtime/internal/core/stream": false, module + "runtime/internal/core/records": false,
	} {
		if got := pureImport(imp); got != want {
			t.Errorf("pureImport(%q) = %v, want %v", imp, got, want)
		}
	}
}
