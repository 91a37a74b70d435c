package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"
)

func TestRows(t *testing.T) {
	const text = `
type: object
required: [name]
properties:
  name: {type: string, maxLength: 63, description: "Name of\n  it."}
  pipe: {type: string, enum: [a, b], default: a, description: "a | b"}
  wait:
    type: string
    default: 5s
    x-kubernetes-validations: [{message: must be a positive duration such as 5s}]
  port: {type: integer, minimum: 1, maximum: 65535}
  size: {x-kubernetes-int-or-string: true, pattern: "^[0-9]+(Ki|Mi)$", default: 64Ki}
  ratio: {x-kubernetes-int-or-string: true, pattern: "^[0-9.]+$"}
  labels: {type: object, maxProperties: 8, additionalProperties: {type: string}}
  items:
    type: array
    minItems: 1
    maxItems: 4
    x-kubernetes-list-map-keys: [key]
    items:
      type: object
      required: [key]
      x-kubernetes-validations: [{message: say less}]
      properties:
        key: {type: string, minLength: 1}
  selector: {type: object, properties: {matchLabels: {type: object}, matchExpressions: {type: array}}}
`
	const want = "| `items` | []object |  | 1 to 4 items; unique by key; say less |  |\n" +
		"| `items[].key` | string |  | required; at least 1 characters |  |\n" +
		"| `labels` | map of string |  | at most 8 entries |  |\n" +
		"| `name` | string |  | required; at most 63 characters | Name of it. |\n" +
		"| `pipe` | string | `a` | one of a, b | a \\| b |\n" +
		"| `port` | integer |  | 1 to 65535 |  |\n" +
		"| `ratio` | decimal |  |  |  |\n" +
		"| `selector` | label selector |  |  |  |\n" +
		"| `size` | quantity | `64Ki` |  |  |\n" +
		"| `wait` | duration | `5s` |  |  |\n"
	var s schema
	if err := yaml.Unmarshal([]byte(text), &s); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, rows("", &s)); diff != "" {
		t.Error(diff)
	}
}
