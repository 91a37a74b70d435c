package main

import (
	"slices"
	"strconv"
)

// dialect is the version of JSON Schema, and schemaID the name of the document with all
// schemas.
const (
	dialect  = "https://json-schema.org/draft/2020-12/schema"
	schemaID = "https://anteroom.dev/contract/v1/schema.json"
)

// obj is a JSON object.
type obj = map[string]any

// schema returns a document with the schema of each type and of each event:
// "lobby:create.request", "lobby:create.ack", "lobby:patch.push".
func (c *contract) schema() obj {
	definitions := c.definitions("#/$defs/")
	for _, e := range c.events {
		for part, schema := range c.parts(e, "#/$defs/") {
			definitions[e.name+"."+part] = schema
		}
	}
	return obj{
		"$schema": dialect, "$id": schemaID,
		"title": "The client contract of Anteroom, protocol " + strconv.Itoa(c.protocol),
		"description": "Generated from runtime/wire. Unknown members are allowed and ignored; in a request " +
			"a member that is null counts as absent.",
		"$defs": definitions,
	}
}

// parts returns the schemas of an event: its request, its ack and its push, if any.
func (c *contract) parts(e event, refs string) map[string]obj {
	parts := map[string]obj{}
	if e.request != "" {
		parts["request"] = obj{"$ref": refs + e.request}
		if !e.unanswered {
			parts["ack"] = c.ack(e, refs)
		}
	}
	if e.push != "" {
		parts["push"] = obj{"$ref": refs + e.push}
	}
	return parts
}

// ack returns the schema of the acknowledgement of a request.
func (c *contract) ack(e event, refs string) obj {
	members := obj{"ok": obj{"const": true}, "meta": obj{"$ref": refs + "Meta"}}
	required := []string{"ok"}
	if e.answer != "" {
		members["data"] = obj{"$ref": refs + e.answer}
		if !e.maybe {
			required = append(required, "data")
		}
	}
	return obj{"oneOf": []obj{
		{"type": "object", "required": required, "properties": members},
		{"type": "object", "required": []string{"ok", "error"}, "properties": obj{
			"ok": obj{"const": false}, "error": obj{"$ref": refs + "Error"},
		}},
	}}
}

// definitions returns the schemas of all types, which refer to each other under refs.
func (c *contract) definitions(refs string) obj {
	all := obj{attributes: obj{
		"description": "The application's own values, under keys that a policy declares.",
		"type":        "object", "additionalProperties": obj{"type": []string{"string", "number", "boolean"}},
	}, current: obj{
		"description": "The version in force, or the ids of the caller's existing objects or groups.",
		"oneOf":       []obj{{"type": "integer", "minimum": 1}, {"type": "array", "items": obj{"type": "string"}, "minItems": 1}},
	}}
	for name, w := range c.words {
		s := obj{"type": "string"}
		if len(w.values) > 0 {
			s["enum"] = w.values
		}
		all[name] = described(s, w.doc)
	}
	for _, name := range c.names() {
		all[name] = c.object(c.types[name], refs)
	}
	return all
}

// object returns the schema of a struct. The required members depend on the sender: the
// server omits empty members, and a client may omit members that no rule requires.
func (c *contract) object(o *object, refs string) obj {
	members, required := obj{}, []string{}
	dependent := []obj{}
	for _, f := range c.all(o) {
		members[f.name] = described(c.field(f, refs), f.doc)
		if c.sent[o.name] && !f.omitted || c.requested[o.name] && f.rules.required {
			required = append(required, f.name)
		}
		if other, ok := c.member(o, f.rules.without); ok {
			dependent = append(dependent, obj{"anyOf": []obj{given(f), given(other)}})
		}
		if other, ok := c.member(o, f.rules.excludes); ok {
			dependent = append(dependent, obj{"not": obj{"allOf": []obj{given(f), given(other)}}})
		}
	}
	s := obj{"type": "object", "properties": members}
	if len(required) > 0 {
		s["required"] = required
	}
	if len(dependent) > 0 {
		s["allOf"] = dependent
	}
	return described(s, o.doc)
}

// given returns the schema of objects in which a member has a value. For a pointer every
// value but null counts, as in the server; otherwise an empty value does not count.
func given(f field) obj {
	empty := []any{"", 0, nil}
	if f.typ.pointer {
		empty = []any{nil}
	}
	return obj{"required": []string{f.name}, "properties": obj{f.name: obj{"not": obj{"enum": empty}}}}
}

// member returns the field with a Go name.
func (c *contract) member(o *object, goName string) (field, bool) {
	fields := c.all(o)
	if i := slices.IndexFunc(fields, func(f field) bool { return goName != "" && f.goName == goName }); i >= 0 {
		return fields[i], true
	}
	return field{}, false
}

func (c *contract) field(f field, refs string) obj {
	s := c.kind(f.typ, f.rules, refs)
	if f.typ.raw && f.rules.max != "" {
		s["$comment"] = "at most " + f.rules.max + " bytes of JSON"
	}
	// "omitempty" accepts the empty value where an empty value and a missing one are the
	// same.
	if empty, ok := emptyOf(f.typ); ok && f.rules.omitempty && !f.typ.pointer {
		return obj{"anyOf": []obj{s, {"const": empty}}}
	}
	return s
}

func emptyOf(k kind) (value any, ok bool) {
	switch {
	case k.shape == scalar && k.name == "string", k.shape == named && !special(k.name):
		return "", true
	case k.shape == scalar && k.name != "bool":
		return 0, true
	}
	return nil, false
}

func (c *contract) kind(k kind, r rules, refs string) obj {
	switch k.shape {
	case named:
		return c.named(k, r, refs)
	case list:
		s := obj{"type": "array", "items": c.kind(*k.of, elements(r), refs)}
		return bounded(s, "minItems", "maxItems", r)
	case mapping:
		s := obj{"type": "object", "additionalProperties": c.kind(*k.of, elements(r), refs)}
		return bounded(s, "minProperties", "maxProperties", r)
	case scalar:
		return scalarOf(k, r)
	}
	return obj{} // any value
}

func (c *contract) named(k kind, r rules, refs string) obj {
	if len(r.oneOf) > 0 {
		return obj{"enum": r.oneOf}
	}
	s := obj{"$ref": refs + k.name}
	if k.name == attributes {
		return bounded(s, "minProperties", "maxProperties", r)
	}
	return s
}

func elements(r rules) rules {
	if r.elements != nil {
		return *r.elements
	}
	return rules{}
}

func scalarOf(k kind, r rules) obj {
	switch k.name {
	case "bool":
		return obj{"type": "boolean"}
	case "string":
		s := obj{"type": "string"}
		if len(r.oneOf) > 0 {
			s["enum"] = r.oneOf
		}
		if r.required {
			s["minLength"] = 1
		}
		return bounded(s, "minLength", "maxLength", r)
	}
	s := obj{"type": "integer"}
	switch {
	case k.name == "float64":
		s["type"] = "number"
	case k.name == "uint64" && r.required:
		s["minimum"] = 1
	case k.name == "uint64":
		s["minimum"] = 0
	}
	return bounded(s, "minimum", "maximum", r)
}

// bounded adds the rules min and max, under their JSON Schema names for the type.
func bounded(s obj, least, most string, r rules) obj {
	for name, value := range map[string]string{least: r.min, most: r.max} {
		if value != "" {
			s[name] = jsonNumber(value)
		}
	}
	return s
}

func described(s obj, text string) obj {
	if text != "" {
		s["description"] = text
	}
	return s
}
