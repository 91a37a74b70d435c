package manifest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Place is a position in the input.
type Place struct {
	// File is the path as given, or "stdin".
	File string
	// Document counts the YAML documents of the file from 1.
	Document int
	// Line counts the lines of the file from 1; 0 when it is not known.
	Line int
	// order is the number of the file in the order of the arguments.
	order int
}

// String is FILE:LINE, or names the document when the line is not known.
func (p Place) String() string {
	if p.Line > 0 {
		return fmt.Sprintf("%s:%d", p.File, p.Line)
	}
	return fmt.Sprintf("%s, document %d", p.File, p.Document)
}

// Problem is a fault that makes the input unusable.
type Problem struct {
	Place
	// Object is the kind and name of the object, if known.
	Object string
	// Field is the path of the faulty field; empty for the whole object.
	Field string
	// Detail states the problem and, where a rule knows it, the remedy.
	Detail string
}

// String returns place, object, field and detail in a line.
func (p Problem) String() string {
	parts := []string{p.Place.String()}
	for _, part := range []string{p.Object, p.Field, p.Detail} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, ": ")
}

// Problems holds all faults of an input. It is an error when not empty.
type Problems []Problem

// Error lists the problems, a line each.
func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i := range p {
		lines[i] = p[i].String()
	}
	return strings.Join(lines, "\n")
}

// Sort orders problems by file, in the order of the arguments, and by line.
func (p Problems) Sort() {
	slices.SortStableFunc(p, func(a, b Problem) int {
		return cmp.Or(
			cmp.Compare(a.order, b.order),
			cmp.Compare(a.Document, b.Document),
			cmp.Compare(a.Line, b.Line),
			cmp.Compare(a.Field, b.Field),
		)
	})
}
