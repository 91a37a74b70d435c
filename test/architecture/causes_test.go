package architecture

import (
	"go/ast"
	"go/parser"
	"go/token"
	"testing"
)

// TestEveryMessageToAUserHasACause: a message on a user's own stream declares whether
// another user caused it, because such messages have a limited share of the stream. They
// cannot evict the messages of back ends.
func TestEveryMessageToAUserHasACause(t *testing.T) {
	found := 0
	for _, folder := range packages(t) {
		each(t, folder, false, func(path string, text []byte) {
			file, err := parser.ParseFile(token.NewFileSet(), path, text, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(file, func(n ast.Node) bool {
				literal, is := n.(*ast.CompositeLit)
				if !is || !ofUserStream(literal.Type) {
					return true
				}
				found++
				if !sets(literal, "Cause") {
					t.Errorf("%s: got a userstream.Message without a Cause", path)
				}
				return true
			})
		})
	}
	if found < 10 {
		t.Errorf("got %d messages, want more", found)
	}
}

// ofUserStream reports whether a type is userstream.Message.
func ofUserStream(e ast.Expr) bool {
	s, is := e.(*ast.SelectorExpr)
	if !is || s.Sel.Name != "Message" {
		return false
	}
	pkg, is := s.X.(*ast.Ident)
	return is && pkg.Name == "userstream"
}

// sets reports whether a literal sets a field by its name.
func sets(literal *ast.CompositeLit, field string) bool {
	for _, e := range literal.Elts {
		pair, is := e.(*ast.KeyValueExpr)
		if !is {
			continue
		}
		if key, is := pair.Key.(*ast.Ident); is && key.Name == field {
			return true
		}
	}
	return false
}
