package architecture

import (
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"testing"
)

// possession are the codes of refusals because of a user's existing objects or groups,
// and of bounds.
var possession = regexp.MustCompile(`^Code(Already[A-Z]\w*|ResourceExhausted)$`)

// TestRefusalsListTheCallersObjects: only wire.Already makes refusals with these codes,
// from a reason and ids; wire.Exhausted makes those of bounds that do not count the
// caller's objects. Other code only compares the codes, so that a new refusal cannot omit
// the ids. TestBadInput and TestEveryRefusalIsProvoked test each reason.
func TestRefusalsListTheCallersObjects(t *testing.T) {
	made, files := 0, 0
	for _, folder := range packages(t) {
		each(t, folder, false, func(path string, text []byte) {
			files++
			file, err := parser.ParseFile(token.NewFileSet(), path, text, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			compared := comparisons(file)
			ast.Inspect(file, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.CallExpr:
					if name := ofWire(n.Fun); name == "Already" || name == "Exhausted" {
						made++
						return name != "Already"
					}
				case *ast.SelectorExpr:
					if name := ofWire(n); possession.MatchString(name) && !compared[n] {
						t.Errorf("%s: got a refusal with %s, want it from wire.Already or wire.Exhausted", path, name)
					}
				}
				return true
			})
		})
	}
	if files < 200 || made < 20 {
		t.Errorf("got %d files with %d refusals, want more", files, made)
	}
}

// ofWire returns the name in an expression wire.Name; "" for any other expression.
func ofWire(e ast.Expr) string {
	s, is := e.(*ast.SelectorExpr)
	if !is {
		return ""
	}
	if pkg, is := s.X.(*ast.Ident); !is || pkg.Name != "wire" {
		return ""
	}
	return s.Sel.Name
}

// comparisons returns the operands of == and !=, and the values of switch cases.
func comparisons(file *ast.File) map[ast.Node]bool {
	found := map[ast.Node]bool{}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BinaryExpr:
			if n.Op == token.EQL || n.Op == token.NEQ {
				found[n.X], found[n.Y] = true, true
			}
		case *ast.CaseClause:
			for _, e := range n.List {
				found[e] = true
			}
		}
		return true
	})
	return found
}
