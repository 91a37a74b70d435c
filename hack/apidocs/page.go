package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

const tableHead = "| field | type | default | constraints | description |\n|---|---|---|---|---|\n"

// describe writes the chapter of a kind: a table for the fields of spec, a table for each
// struct in it, and a table for status.
func describe(crd definition) string {
	names, root := crd.Spec.Names, crd.Spec.Versions[0].Schema.OpenAPIV3Schema
	var b strings.Builder
	fmt.Fprintf(&b, "\n## %s\n\n%s\n\nShort name: %s.\n", names.Kind, oneLine(root.Description), strings.Join(names.ShortNames, ", "))
	spec := root.Properties["spec"]
	b.WriteString("\n### " + names.Kind + " spec\n\n")
	if rules := spec.rules(); len(rules) > 0 {
		b.WriteString("Rules over several fields:\n\n- " + strings.Join(rules, "\n- ") + "\n\n")
	}
	b.WriteString(tableHead)
	for _, name := range slices.Sorted(maps.Keys(spec.Properties)) {
		b.WriteString(row(name, spec.Properties[name], slices.Contains(spec.Required, name)))
	}
	for _, name := range slices.Sorted(maps.Keys(spec.Properties)) {
		if part := spec.Properties[name]; len(part.fields()) > 0 {
			b.WriteString("\n### " + names.Kind + " spec." + name + "\n\n" + tableHead + rows(name, part))
		}
	}
	b.WriteString("\n### " + names.Kind + " status\n\n" + tableHead + rows("", root.Properties["status"]))
	return b.String()
}

// rows writes the rows of all fields below s.
func rows(path string, s *schema) string {
	if s.Items != nil {
		path += "[]"
		s = s.Items
	}
	var b strings.Builder
	fields := s.fields()
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		at := strings.TrimPrefix(path+"."+name, ".")
		b.WriteString(row(at, fields[name], slices.Contains(s.Required, name)))
		b.WriteString(rows(at, fields[name]))
	}
	return b.String()
}

func row(path string, s *schema, required bool) string {
	return fmt.Sprintf("| `%s` | %s | %s | %s | %s |\n", path, s.typeName(), cell(s.defaultText()),
		cell(strings.Join(s.constraints(required), "; ")), cell(oneLine(s.Description)))
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// cell escapes a text so that it cannot end its table cell.
func cell(text string) string {
	return strings.NewReplacer("|", `\|`, "<", "&lt;", "*", `\*`).Replace(text)
}
