package main

import (
	"fmt"
	"go/ast"
	"strings"
)

// attributes is the only named map of the contract: the application's own values.
const attributes = "Attributes"

// current is the only union of the contract: a version, or ids.
const current = "Current"

// shape selects the fields of a kind that are set.
type shape int

const (
	anything shape = iota // any JSON value
	scalar                // name is a type of Go
	named                 // name is a type of the contract
	list                  // of
	mapping               // from texts to of
)

// kind is the JSON type of a field.
type kind struct {
	shape shape
	name  string
	of    *kind
	// raw is set when the size of the value is bounded, not its parts.
	raw bool
	// pointer is set when an empty value differs from an absent one.
	pointer bool
}

// readKind converts a Go type.
func readKind(expr ast.Expr) (kind, error) {
	switch t := expr.(type) {
	case *ast.Ident:
		return identKind(t.Name), nil
	case *ast.StarExpr:
		k, err := readKind(t.X)
		k.pointer = true
		return k, err
	case *ast.ArrayType:
		of, err := readKind(t.Elt)
		return kind{shape: list, of: &of}, err
	case *ast.MapType:
		of, err := readKind(t.Value)
		return kind{shape: mapping, of: &of}, err
	case *ast.SelectorExpr:
		if t.Sel.Name == "RawMessage" {
			return kind{shape: anything, raw: true}, nil
		}
	}
	return kind{}, fmt.Errorf("a type that has no place in a contract: %T", expr)
}

func identKind(name string) kind {
	switch name {
	case "any":
		return kind{shape: anything}
	case "string", "bool", "int", "int64", "uint64", "float64":
		return kind{shape: scalar, name: name}
	}
	return kind{shape: named, name: name}
}

// shaped returns the kind with raw JSON replaced by a type of the contract.
func (k kind) shaped(name string) kind {
	if k.shape == list || k.shape == mapping {
		of := k.of.shaped(name)
		k.of = &of
		return k
	}
	return kind{shape: named, name: name}
}

// objects returns the structs in a kind.
func (k kind) objects(c *contract) []string {
	switch {
	case k.of != nil:
		return k.of.objects(c)
	case k.shape == named && !special(k.name) && c.words[k.name] == nil:
		return []string{k.name}
	}
	return nil
}

// special reports whether a type has a hand-written schema.
func special(name string) bool { return name == attributes || name == current }

// rules are the rules of a validate tag; elements has the rules after "dive".
type rules struct {
	required, omitempty bool
	min, max            string // numbers; "" when there is no such bound
	oneOf               []string
	without, excludes   string // names of other fields of Go
	elements            *rules
}

// readRules reads a validate tag, and refuses unknown rules: the documents would not show
// a rule that the server enforces.
func readRules(tag string) (rules, error) {
	var r rules
	tag, elements, dive := strings.Cut(tag, "dive")
	for rule := range strings.SplitSeq(strings.Trim(tag, ","), ",") {
		name, value, _ := strings.Cut(rule, "=")
		switch name {
		case "":
		case "required":
			r.required = true
		case "omitempty":
			r.omitempty = true
		case "min":
			r.min = value
		case "max":
			r.max = value
		case "line", "lines", "texts": // rules on code points, which JSON Schema cannot express
		case "oneof":
			r.oneOf = strings.Fields(value)
		case "required_without":
			r.without = value
		case "excluded_with":
			r.excludes = value
		default:
			return r, fmt.Errorf("the rule %q is not known here", name)
		}
	}
	if dive {
		of, err := readRules(strings.TrimPrefix(elements, ","))
		r.elements = &of
		return r, err
	}
	return r, nil
}
