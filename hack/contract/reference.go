package main

import (
	"bytes"
	"fmt"
	"strings"
)

// The lines around the reference in a page.
const (
	begin = "<!-- events: written by hack/contract from runtime/wire; do not edit -->\n"
	end   = "<!-- /events -->\n"
)

// between replaces the text between the marks of a page.
func between(page []byte, text string) ([]byte, error) {
	before, rest, ok := bytes.Cut(page, []byte(begin))
	_, after, closed := bytes.Cut(rest, []byte(end))
	if !ok || !closed {
		return nil, fmt.Errorf("the lines %q and %q are missing", strings.TrimSpace(begin), strings.TrimSpace(end))
	}
	return bytes.Join([][]byte{before, []byte(begin), []byte(text), []byte(end), after}, nil), nil
}

// reference lists the events with the members of their payloads.
func (c *contract) reference() string {
	var page strings.Builder
	page.WriteString("| request | members → data of the acknowledgement |\n|---|---|\n")
	for _, e := range c.events {
		if e.request == "" {
			continue
		}
		answer := " → `" + c.shape(e.answer) + "`"
		switch {
		case e.silent:
			answer = "; needs no acknowledgement"
		case e.answer == "":
			answer = ""
		case e.maybe:
			answer += " or nothing"
		}
		fmt.Fprintf(&page, "| `%s` | `%s`%s |\n", e.name, c.shape(e.request), answer)
	}
	page.WriteString("\n| push | members |\n|---|---|\n")
	for _, e := range c.events {
		if e.push != "" {
			fmt.Fprintf(&page, "| `%s` | `%s`%s |\n", e.name, c.shape(e.push), aside(e.about))
		}
	}
	return page.String()
}

// shape returns the outline of a type: "{lobbyId, name?}". A question mark marks an
// optional member.
func (c *contract) shape(name string) string {
	o := c.types[name]
	if o == nil {
		return "{}"
	}
	var members []string
	for _, f := range c.all(o) {
		optional := ""
		if f.omitted {
			optional = "?"
		}
		members = append(members, f.name+optional)
	}
	return "{" + strings.Join(members, ", ") + "}"
}
