package config

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

// maxProblems is how many problems of a file are listed; the rest are counted.
const maxProblems = 50

// Problem is one thing that is wrong in a file.
type Problem struct {
	// Line is where, counted from 1; 0 when it is not known.
	Line int
	// Field is the full path, as in auth.providers[0].name; empty for the file as a whole.
	Field string
	// Detail states the problem and the remedy.
	Detail string
}

// String is the problem in one line.
func (p Problem) String() string {
	var text strings.Builder
	if p.Line > 0 {
		fmt.Fprintf(&text, "line %d: ", p.Line)
	}
	if p.Field != "" {
		text.WriteString(p.Field + ": ")
	}
	text.WriteString(strings.ReplaceAll(p.Detail, "\n", " "))
	return text.String()
}

// Error says what is wrong with a file: every problem, one a line, in the
// order of their lines.
type Error struct {
	// Path is the file's.
	Path     string
	Problems []Problem
}

// Error lists the problems, the first 50 of them in full.
func (e *Error) Error() string {
	if len(e.Problems) == 1 {
		return e.Path + ": " + e.Problems[0].String()
	}
	var text strings.Builder
	fmt.Fprintf(&text, "%s has %d problems:", e.Path, len(e.Problems))
	for i, p := range e.Problems {
		if i == maxProblems {
			fmt.Fprintf(&text, "\n  and %d more", len(e.Problems)-maxProblems)
			break
		}
		text.WriteString("\n  " + p.String())
	}
	return text.String()
}

func failure(path string, problems []Problem) error {
	slices.SortStableFunc(problems, func(a, b Problem) int { return a.Line - b.Line })
	return &Error{Path: path, Problems: problems}
}

// located gives the problems of a validation their lines. A field that is
// missing gets the line of the nearest field around it.
func located(list field.ErrorList, lines map[string]int) []Problem {
	problems := make([]Problem, 0, len(list))
	for _, e := range list {
		problems = append(problems, Problem{Line: lineOf(e.Field, lines), Field: e.Field, Detail: e.ErrorBody()})
	}
	return problems
}

func lineOf(path string, lines map[string]int) int {
	for path != "" {
		if line, ok := lines[path]; ok {
			return line
		}
		path = path[:max(0, strings.LastIndexAny(path, ".["))]
	}
	return 0
}
