package config

import (
	"encoding/json"
	"reflect"
	"strconv"

	yaml "go.yaml.in/yaml/v3"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// decodeScalar fills a string, boolean or number. Nothing is converted: a
// number is not a string, and a quoted number not a number.
func (d *decoder) decodeScalar(n *yaml.Node, v reflect.Value, at *field.Path) {
	tag := ""
	if n.Kind == yaml.ScalarNode {
		tag = n.ShortTag()
	}
	switch kind := v.Kind(); {
	case kind == reflect.String && (tag == "!!str" || tag == "!!timestamp"):
		v.SetString(n.Value)
	case kind == reflect.Bool && tag == "!!bool":
		v.SetBool(n.Value[0] == 't' || n.Value[0] == 'T')
	case v.CanInt() && tag == "!!int":
		d.setInt(n, v, at)
	case v.CanFloat() && (tag == "!!int" || tag == "!!float"):
		d.setFloat(n, v, at)
	default:
		d.report(n, at, "must be %s, is %s", expectation(v), describe(n))
	}
}

func (d *decoder) setInt(n *yaml.Node, v reflect.Value, at *field.Path) {
	i, err := strconv.ParseInt(n.Value, 10, 64)
	if err != nil || v.OverflowInt(i) {
		d.report(n, at, "must be a decimal whole number of at most %d bits", v.Type().Bits())
		return
	}
	v.SetInt(i)
}

func (d *decoder) setFloat(n *yaml.Node, v reflect.Value, at *field.Path) {
	f, err := strconv.ParseFloat(n.Value, 64)
	if _, encodable := json.Marshal(f); err != nil || encodable != nil {
		d.report(n, at, "must be a finite decimal number")
		return
	}
	v.SetFloat(f)
}

// scalar returns a node's value as JSON knows it.
func scalar(n *yaml.Node) any {
	switch tag := n.ShortTag(); {
	case tag == "!!bool":
		return n.Value[0] == 't' || n.Value[0] == 'T'
	case (tag == "!!int" || tag == "!!float") && json.Valid([]byte(n.Value)):
		return json.Number(n.Value)
	}
	return n.Value
}

func expectation(v reflect.Value) string {
	switch {
	case v.Kind() == reflect.String:
		return "a string"
	case v.Kind() == reflect.Bool:
		return "true or false"
	case v.CanInt():
		return "a whole number"
	case v.CanFloat():
		return "a number"
	}
	return "a " + v.Kind().String()
}

// describe says what a node is, without its value.
func describe(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	}
	switch n.ShortTag() {
	case "!!str", "!!timestamp":
		return "a string"
	case "!!bool":
		return "true or false"
	case "!!int":
		return "a whole number"
	case "!!float":
		return "a number"
	}
	return "of type " + n.ShortTag()
}
