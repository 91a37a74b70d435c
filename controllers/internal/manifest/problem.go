package manifest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Place is where something is in the input.
type Place struct {
	// File is the path as it was given, or "stdin".
	File string
	// Document counts the YAML documents of the file from 1.
	Document int
	// Line counts the lines of the file from 1; 0 when it is not known.
	Line int
	// order counts the files as they were given.
	order int
}

// String is FILE:LINE, or names the document when the line is not known.
func (p Place) String() string {
	if p.Line > 0 {
		return fmt.Sprintf("%s:%d", p.File, p.Line)
	}
	return fmt.Sprintf("%s, document %d", p.File, p.Document)
}

// Problem is something that must be changed before the input can be used.
type Problem struct {
	Place
	// Object is the kind and name of the object, as far as they are known.
	Object string
	// Field is the path of the field at fault; empty when it is all of the object.
	Field string
	// Detail states the problem and, where a rule knows it, the remedy.
	Detail string
}

// String is one line: place, object, field and detail.
func (p Problem) String() string {
	parts := []string{p.Place.String()}
	for _, part := range []string{p.Object, p.Field, p.Detail} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, ": ")
}

// Problems are all that is wrong with an input. It is an error when not empty.
type Problems []Problem

// Error lists the problems, one a line.
func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i := range p {
		lines[i] = p[i].String()
	}
	return strings.Join(lines, "\n")
}

// Sort orders problems as a reader meets them; files keep the order they came in.
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
