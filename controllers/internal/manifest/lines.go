package manifest

import (
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// line returns the line of the field at path, such as spec.teams[0].name, in the file, or of its
// nearest ancestor when the file does not have the field.
func (d document) line(path string) int {
	node, line := d.node, d.node.Line
	for _, segment := range segments(path) {
		next, at := step(node, segment)
		if next == nil {
			break
		}
		node, line = next, at
	}
	return line + d.before
}

// segments splits a field path into names and bracketed parts, in which a dot does not separate.
func segments(path string) []string {
	var all []string
	for path != "" {
		if path[0] == '[' {
			inside, rest, _ := strings.Cut(path[1:], "]")
			all, path = append(all, inside), strings.TrimPrefix(rest, ".")
			continue
		}
		end := strings.IndexAny(path, ".[")
		if end < 0 {
			return append(all, path)
		}
		all = append(all, path[:end])
		path = strings.TrimPrefix(path[end:], ".")
	}
	return all
}

// step returns a child of a node, and the line of the child's key or of the list element.
func step(node *yaml.Node, segment string) (next *yaml.Node, line int) {
	node = resolve(node)
	if node == nil {
		return nil, 0
	}
	switch node.Kind {
	case yaml.SequenceNode:
		i, err := strconv.Atoi(segment)
		if err != nil || i < 0 || i >= len(node.Content) {
			return nil, 0
		}
		return node.Content[i], node.Content[i].Line
	case yaml.MappingNode:
		for i := 0; i+1 < len(node.Content); i += 2 {
			if node.Content[i].Value == segment {
				return node.Content[i+1], node.Content[i].Line
			}
		}
	}
	return nil, 0
}

// child follows a path; nil when the path does not exist.
func child(node *yaml.Node, path string) *yaml.Node {
	for _, segment := range segments(path) {
		node, _ = step(node, segment)
	}
	return node
}

// resolve follows an alias to its anchor.
func resolve(node *yaml.Node) *yaml.Node {
	if node != nil && node.Kind == yaml.AliasNode {
		return node.Alias
	}
	return node
}
