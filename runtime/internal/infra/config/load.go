// Package config loads the two files of a server, RuntimeConfig and PolicySet,
// and follows the files that may change while it runs.
//
// Loading is strict: an unknown field, a duplicate field or a field of the wrong type is an error
// with the field's path and line, and so are the problems of the types' own validation. The error
// lists all problems at once.
package config

import (
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"

	yaml "go.yaml.in/yaml/v3"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/anteroom/anteroom/api/config/v1alpha1"
)

// MaxFileSize is the most bytes that a RuntimeConfig or a PolicySet may have.
const MaxFileSize = 4 << 20

// document is one of the kinds of files.
type document interface{ Validate() field.ErrorList }

// Load reads and validates a RuntimeConfig. An *Error lists its problems; other
// errors mean that the file could not be read.
func Load(path string) (*v1alpha1.RuntimeConfig, error) {
	config := &v1alpha1.RuntimeConfig{}
	if err := load(path, v1alpha1.KindRuntimeConfig, config); err != nil {
		return nil, err
	}
	return config, nil
}

// LoadPolicies reads and validates a PolicySet, with errors as those of [Load].
func LoadPolicies(path string) (*v1alpha1.PolicySet, error) {
	policies := &v1alpha1.PolicySet{}
	if err := load(path, v1alpha1.KindPolicySet, policies); err != nil {
		return nil, err
	}
	return policies, nil
}

func load(path, kind string, into document) error {
	data, err := readFile(path, MaxFileSize)
	if err != nil {
		return err
	}
	return decodeFile(path, data, kind, into)
}

// decodeFile fills into, a pointer to a struct, from a file's content and validates it.
func decodeFile(path string, data []byte, kind string, into document) error {
	root, err := parse(data)
	if err != nil {
		return failure(path, []Problem{{Detail: err.Error()}})
	}
	if problems := checkType(root, kind); len(problems) > 0 {
		return failure(path, problems)
	}
	d := decoder{lines: map[string]int{}}
	d.decode(root, reflect.ValueOf(into).Elem(), nil, 0)
	if len(d.problems) == 0 {
		d.problems = located(into.Validate(), d.lines)
	}
	if len(d.problems) > 0 {
		return failure(path, d.problems)
	}
	return nil
}

// checkType looks at apiVersion and kind alone: in a file of another kind every
// other field would be one more problem.
func checkType(root *yaml.Node, kind string) []Problem {
	found := map[string]*yaml.Node{}
	if root.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(root.Content); i += 2 {
			found[root.Content[i].Value] = root.Content[i+1]
		}
	}
	var problems []Problem
	for _, want := range [][2]string{{"apiVersion", v1alpha1.APIVersion}, {"kind", kind}} {
		switch n := found[want[0]]; {
		case n == nil:
			problems = append(problems, Problem{Line: root.Line, Field: want[0], Detail: "is missing, must be " + want[1]})
		case n.Value != want[1]:
			problems = append(problems, Problem{Line: n.Line, Field: want[0], Detail: fmt.Sprintf("is %q, must be %s", n.Value, want[1])})
		}
	}
	return problems
}

// ErrTooLarge is wrapped by the error about a file that is over its bound.
var ErrTooLarge = errors.New("file is too large")

// readFile reads a file of at most limit bytes.
func readFile(path string, limit int64) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // only read
	data, err := io.ReadAll(io.LimitReader(file, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("%s: %w: more than %d bytes", path, ErrTooLarge, limit)
	}
	return data, nil
}
