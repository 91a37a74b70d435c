package architecture

import (
	"go/ast"
	"go/parser"
	"go/token"
	"testing"
)

// TestNoInputOrOutputWithinACompareAndSet: lobbies and parties change in a single function of
// their service, which applies a transition of the rules. Within the compare-and-set it uses no
// context, and of its service nothing but the clock.
func TestNoInputOrOutputWithinACompareAndSet(t *testing.T) {
	for _, domain := range []string{"lobby", "party"} {
		found := 0
		each(t, folder(t, domain), false, func(path string, text []byte) {
			file, err := parser.ParseFile(token.NewFileSet(), path, text, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range file.Decls {
				f, is := d.(*ast.FuncDecl)
				if !is || f.Body == nil {
					continue
				}
				ast.Inspect(f.Body, func(n ast.Node) bool {
					literal, is := n.(*ast.FuncLit)
					if !is || !returnsEvents(literal) {
						return true
					}
					found++
					for _, fault := range impure(literal) {
						t.Errorf("%s.%s: %s within the compare-and-set", domain, f.Name.Name, fault)
					}
					return true
				})
			}
		})
		if found != 1 {
			t.Errorf("%s: got %d functions that change a document, want 1", domain, found)
		}
	}
}

// returnsEvents reports whether a function returns []stream.Event: the function that a document's
// compare-and-set calls.
func returnsEvents(f *ast.FuncLit) bool {
	if f.Type.Results == nil {
		return false
	}
	for _, r := range f.Type.Results.List {
		list, is := r.Type.(*ast.ArrayType)
		if !is {
			continue
		}
		if s, is := list.Elt.(*ast.SelectorExpr); is && s.Sel.Name == "Event" {
			return true
		}
	}
	return false
}

// impure lists the uses of a context and of a service other than its clock.
func impure(f *ast.FuncLit) (faults []string) {
	clock := map[ast.Node]bool{}
	ast.Inspect(f, func(n ast.Node) bool {
		if s, is := n.(*ast.SelectorExpr); is && s.Sel.Name == "Now" {
			clock[s.X] = true
		}
		if id, is := n.(*ast.Ident); is && (id.Name == "ctx" || id.Name == "s" && !clock[id]) {
			faults = append(faults, "uses "+id.Name)
		}
		return true
	})
	return faults
}

func TestImpureFunctionsAreFound(t *testing.T) {
	for body, want := range map[string]int{
		"t.Apply(l, s.Now())": 0, "s.load(ctx, id)": 2, "s.Store": 1, "encode(patches)": 0,
	} {
		expr, err := parser.ParseExpr("func() []stream.Event { " + body + " }")
		if err != nil {
			t.Fatal(err)
		}
		f := expr.(*ast.FuncLit)
		if got := impure(f); len(got) != want || !returnsEvents(f) {
			t.Errorf("%s: got faults %v, want %d", body, got, want)
		}
	}
}
