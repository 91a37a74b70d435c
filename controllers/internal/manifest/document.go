package manifest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	sigsyaml "sigs.k8s.io/yaml"
)

// document is an object with its value, decoded as the API server would, and its YAML node, which
// has the lines.
type document struct {
	place Place
	value map[string]any
	node  *yaml.Node
	// before is the number of lines in the file before the node's line 1.
	before int
}

// documents splits a file, which is input number order. A document with a YAML error becomes a
// problem, and the others are still read. Empty documents are skipped.
func documents(s Source, order int) (docs []document, problems Problems) {
	for i, chunk := range split(s.Content) {
		place := Place{File: s.Name, Document: i + 1, order: order}
		doc, err := parse(place, chunk)
		switch {
		case err != nil:
			problems = append(problems, syntaxProblem(place, chunk, err))
		case doc.node != nil:
			docs = append(docs, expand(doc)...)
		}
	}
	return docs, problems
}

// chunk is the text of a document.
type chunk struct {
	text   []byte
	before int
}

// split cuts a file at the lines that start a document.
func split(content []byte) []chunk {
	var chunks []chunk
	current := chunk{}
	line := 0
	for text := range bytes.Lines(content) {
		if beginsDocument(text) {
			if len(bytes.TrimSpace(current.text)) > 0 {
				chunks = append(chunks, current)
			}
			current = chunk{before: line}
		}
		current.text = append(current.text, text...)
		line++
	}
	return append(chunks, current)
}

func beginsDocument(line []byte) bool {
	rest, ok := bytes.CutPrefix(line, []byte("---"))
	return ok && (len(bytes.TrimSpace(rest)) == 0 || rest[0] == ' ' || rest[0] == '\t')
}

// parse reads a document; its node is nil for an empty document.
func parse(place Place, c chunk) (document, error) {
	doc := document{place: place, before: c.before}
	var root yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(c.text))
	err := decoder.Decode(&root)
	if errors.Is(err, io.EOF) {
		return doc, nil
	} else if err != nil {
		return doc, err
	}
	if len(root.Content) == 0 || root.Content[0].Tag == "!!null" {
		return doc, nil
	}
	if err := decoder.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return doc, errors.New("a second document begins without a line ---")
	}
	// The API machinery reads YAML 1.1; the node above serves only for the lines.
	text, err := sigsyaml.YAMLToJSONStrict(c.text)
	if err != nil {
		return doc, err
	}
	if err := utiljson.Unmarshal(text, &doc.value); err != nil || doc.value == nil {
		return doc, errors.New("this is not an object: write apiVersion, kind and metadata")
	}
	doc.node = root.Content[0]
	doc.place.Line = doc.line("")
	return doc, nil
}

// expand returns the items of a List, and any other object unchanged.
func expand(doc document) []document {
	items, ok := doc.value["items"].([]any)
	if doc.value["kind"] != "List" || !ok {
		return []document{doc}
	}
	var docs []document
	for i, item := range items {
		value, ok := item.(map[string]any)
		node := resolve(child(doc.node, fmt.Sprintf("items[%d]", i)))
		if !ok || node == nil {
			continue
		}
		place := doc.place
		place.Line = node.Line + doc.before
		docs = append(docs, document{place: place, value: value, node: node, before: doc.before})
	}
	return docs
}

var lineNumber = regexp.MustCompile(`line (\d+)(: )?`)

// syntaxProblem turns an error of the YAML reader into a problem. The reader counts lines from the
// start of the document, a problem from the start of the file.
func syntaxProblem(place Place, c chunk, err error) Problem {
	text := err.Error()
	if found := lineNumber.FindStringSubmatch(text); found != nil {
		n, _ := strconv.Atoi(found[1])
		place.Line = n + c.before
	}
	text = lineNumber.ReplaceAllString(text, "")
	for _, prefix := range []string{"error converting YAML to JSON: ", "yaml: ", "unmarshal errors:"} {
		text = strings.TrimPrefix(strings.TrimSpace(text), prefix)
	}
	return Problem{Place: place, Detail: "not valid YAML: " + strings.Join(strings.Fields(text), " ")}
}

// kind, name and namespace return the identity of the object.
func (d document) kind() string { text, _ := d.value["kind"].(string); return text }

func (d document) apiVersion() string { text, _ := d.value["apiVersion"].(string); return text }

func (d document) metadata(key string) string {
	metadata, _ := d.value["metadata"].(map[string]any)
	text, _ := metadata[key].(string)
	return text
}

// title names the object in problems.
func (d document) title() string {
	if name := d.metadata("name"); name != "" {
		return fmt.Sprintf("%s %q", d.kind(), name)
	}
	return d.kind()
}

// problem returns a problem of the field at path.
func (d document) problem(path, detail string) Problem {
	place := d.place
	if line := d.line(path); line > 0 {
		place.Line = line
	}
	return Problem{Place: place, Object: d.title(), Field: path, Detail: detail}
}
