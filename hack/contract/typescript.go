package main

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

const typeScriptHead = `// Written by hack/contract from runtime/wire; do not edit. Change the Go types there and
// run "make generate".

/** The version of the contract that this client implements. */
export const PROTOCOL = %d;

/** The application's own values, under keys that a policy declares. */
export type Attributes = Record<string, string | number | boolean>;

/** The version in force, or the ids of the caller's existing objects or groups. */
export type Current = number | string[];

/** The answer to a request. */
export type Ack<Data> = { ok: true; data: Data; meta?: Meta } | { ok: false; error: WireError };
`

// typeScript returns the types in the form of socket.io-client:
// Socket<ServerToClientEvents, ClientToServerEvents>.
func (c *contract) typeScript() []byte {
	var out bytes.Buffer
	fmt.Fprintf(&out, typeScriptHead, c.protocol)
	for _, name := range slices.Sorted(maps.Keys(c.words)) {
		w := c.words[name]
		comment(&out, "", w.doc)
		fmt.Fprintf(&out, "export type %s = %s;\n", typeName(name), union(w.values))
	}
	for _, name := range c.names() {
		c.typeScriptObject(&out, c.types[name])
	}
	c.typeScriptEvents(&out)
	return out.Bytes()
}

func (c *contract) typeScriptObject(out *bytes.Buffer, o *object) {
	comment(out, "", o.doc)
	fmt.Fprintf(out, "export interface %s {\n", typeName(o.name))
	for _, f := range c.all(o) {
		comment(out, "  ", f.doc)
		optional := ""
		if f.omitted {
			optional = "?"
		}
		fmt.Fprintf(out, "  %s%s: %s;\n", f.name, optional, c.typeScriptField(f))
	}
	out.WriteString("}\n")
}

func (c *contract) typeScriptField(f field) string {
	if len(f.rules.oneOf) > 0 {
		return union(f.rules.oneOf)
	}
	return typeScriptKind(f.typ)
}

func typeScriptKind(k kind) string {
	switch k.shape {
	case list:
		of := typeScriptKind(*k.of)
		if strings.Contains(of, " ") {
			of = "(" + of + ")"
		}
		return of + "[]"
	case mapping:
		return "Record<string, " + typeScriptKind(*k.of) + ">"
	case named:
		return typeName(k.name)
	case scalar:
		switch k.name {
		case "string":
			return "string"
		case "bool":
			return "boolean"
		}
		return "number"
	}
	return "unknown"
}

// typeName returns a type's name in TypeScript, where Error is already a global.
func typeName(name string) string {
	if name == "Error" {
		return "WireError"
	}
	return name
}

func union(values []string) string {
	if len(values) == 0 {
		return "string"
	}
	quoted := make([]string, len(values))
	for i, value := range values {
		quoted[i] = strconv.Quote(value)
	}
	return strings.Join(quoted, " | ")
}

func (c *contract) typeScriptEvents(out *bytes.Buffer) {
	out.WriteString("\n/** The pushes of the server. */\nexport interface ServerToClientEvents {\n")
	for _, e := range c.events {
		if e.push != "" {
			fmt.Fprintf(out, "  %q: (push: %s) => void;\n", e.name, e.push)
		}
	}
	out.WriteString("}\n\n/** The requests of a client, each with its acknowledgement. */\nexport interface ClientToServerEvents {\n")
	for _, e := range c.events {
		if e.request == "" {
			continue
		}
		ack := fmt.Sprintf(", ack: (answer: Ack<%s>) => void", answerType(e))
		if e.silent {
			ack = ""
		}
		fmt.Fprintf(out, "  %q: (request: %s%s) => void;\n", e.name, e.request, ack)
	}
	out.WriteString("}\n\n/** The requests that take an idempotency key. */\nexport const KEYED: ReadonlySet<string> = new Set([\n")
	for _, e := range c.events {
		if e.request != "" && c.keyed(e.request) {
			fmt.Fprintf(out, "  %q,\n", e.name)
		}
	}
	out.WriteString("]);\n")
}

func answerType(e event) string {
	switch {
	case e.answer == "":
		return "undefined"
	case e.maybe:
		return e.answer + " | undefined"
	}
	return e.answer
}

func comment(out *bytes.Buffer, indent, text string) {
	if text != "" {
		fmt.Fprintf(out, "%s/** %s */\n", indent, strings.ReplaceAll(text, "*/", "* /"))
	}
}
