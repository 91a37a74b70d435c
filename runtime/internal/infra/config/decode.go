package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"

	yaml "go.yaml.in/yaml/v3"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// maxDepth bounds how deeply a file may nest.
const maxDepth = 32

// decoder fills a Go value from a YAML document and collects what does not fit.
type decoder struct {
	problems []Problem
	lines    map[string]int // the line of every field that is there, by path
}

// parse reads the one document of a file. A syntax error names its line.
func parse(data []byte) (*yaml.Node, error) {
	decode := yaml.NewDecoder(bytes.NewReader(data))
	var doc, next yaml.Node
	switch err := decode.Decode(&doc); {
	case errors.Is(err, io.EOF):
		return nil, errors.New("the file is empty")
	case err != nil:
		return nil, err
	}
	if err := decode.Decode(&next); !errors.Is(err, io.EOF) {
		return nil, errors.New("the file has more than one document")
	}
	return doc.Content[0], nil
}

func (d *decoder) report(n *yaml.Node, at *field.Path, format string, args ...any) {
	problem := Problem{Line: n.Line, Detail: fmt.Sprintf(format, args...)}
	if at != nil { // the file as a whole has no path
		problem.Field = at.String()
	}
	d.problems = append(d.problems, problem)
}

// decode fills v, which is settable, from n. A null leaves v as it is.
func (d *decoder) decode(n *yaml.Node, v reflect.Value, at *field.Path, depth int) {
	if at != nil {
		d.lines[at.String()] = n.Line
	}
	switch {
	case n.Kind == yaml.AliasNode || n.Anchor != "":
		d.report(n, at, "anchors and aliases are not allowed")
	case n.Style&yaml.TaggedStyle != 0:
		d.report(n, at, "explicit tags are not allowed")
	case depth > maxDepth:
		d.report(n, at, "is nested more than %d deep", maxDepth)
	case n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null":
	case v.Addr().Type().Implements(unmarshaler):
		d.decodeOwn(n, v, at)
	default:
		d.decodeKind(n, v, at, depth)
	}
}

var unmarshaler = reflect.TypeFor[json.Unmarshaler]()

func (d *decoder) decodeKind(n *yaml.Node, v reflect.Value, at *field.Path, depth int) {
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		d.decode(n, v.Elem(), at, depth)
	case reflect.Struct:
		d.decodeStruct(n, v, at, depth)
	case reflect.Slice:
		d.decodeSlice(n, v, at, depth)
	case reflect.Map:
		d.decodeMap(n, v, at, depth)
	default:
		d.decodeScalar(n, v, at)
	}
}

func (d *decoder) decodeStruct(n *yaml.Node, v reflect.Value, at *field.Path, depth int) {
	fields := fieldsOf(v)
	d.members(n, at, func(key, value *yaml.Node, at *field.Path) {
		f, known := fields[key.Value]
		if !known {
			d.report(key, at, "unknown field; known here: %s", names(fields))
			return
		}
		d.decode(value, f, at, depth+1)
	})
}

func (d *decoder) decodeMap(n *yaml.Node, v reflect.Value, at *field.Path, depth int) {
	v.Set(reflect.MakeMap(v.Type()))
	d.members(n, at, func(key, value *yaml.Node, at *field.Path) {
		element := reflect.New(v.Type().Elem()).Elem()
		d.decode(value, element, at, depth+1)
		v.SetMapIndex(reflect.ValueOf(key.Value).Convert(v.Type().Key()), element)
	})
}

// members walks a mapping and reports keys that are there twice.
func (d *decoder) members(n *yaml.Node, at *field.Path, visit func(key, value *yaml.Node, at *field.Path)) {
	if n.Kind != yaml.MappingNode {
		d.report(n, at, "must be a mapping, is %s", describe(n))
		return
	}
	first := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if key.Kind != yaml.ScalarNode {
			d.report(key, at, "a field's name must be a string")
			continue
		}
		path := at.Child(key.Value)
		if line, twice := first[key.Value]; twice {
			d.report(key, path, "is there twice, first on line %d", line)
			continue
		}
		first[key.Value] = key.Line
		visit(key, value, path)
	}
}

func (d *decoder) decodeSlice(n *yaml.Node, v reflect.Value, at *field.Path, depth int) {
	if n.Kind != yaml.SequenceNode {
		d.report(n, at, "must be a list, is %s", describe(n))
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content)))
	for i, element := range n.Content {
		d.decode(element, v.Index(i), at.Index(i), depth+1)
	}
}

// decodeOwn leaves a value to the type's own JSON form.
func (d *decoder) decodeOwn(n *yaml.Node, v reflect.Value, at *field.Path) {
	if n.Kind != yaml.ScalarNode {
		d.report(n, at, "must be a single value, is %s", describe(n))
		return
	}
	text, err := json.Marshal(scalar(n))
	if err == nil {
		err = json.Unmarshal(text, v.Addr().Interface())
	}
	if err != nil {
		d.report(n, at, "%v", err)
	}
}

// fieldsOf returns the fields of a struct by their JSON names, embedded ones included.
func fieldsOf(v reflect.Value) map[string]reflect.Value {
	fields := map[string]reflect.Value{}
	for i := range v.NumField() {
		f := v.Type().Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && (name == "" || options == "inline"):
			for k, inner := range fieldsOf(v.Field(i)) {
				fields[k] = inner
			}
		case f.IsExported() && name != "-" && name != "":
			fields[name] = v.Field(i)
		}
	}
	return fields
}

func names(fields map[string]reflect.Value) string {
	all := make([]string, 0, len(fields))
	for name := range fields {
		all = append(all, name)
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}
