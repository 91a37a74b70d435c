package contract

import (
	"bytes"
	"encoding/json"
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// TestEverySchemaIsOne compiles each definition, which checks it against the meta-schema
// of its dialect and finds what it refers to.
func TestEverySchemaIsOne(t *testing.T) {
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema))
	if err != nil {
		t.Fatal(err)
	}
	top := document.(map[string]any)
	if top["$schema"] != "https://json-schema.org/draft/2020-12/schema" {
		t.Errorf("the dialect is %v", top["$schema"])
	}
	id := top["$id"].(string)
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource(id, document); err != nil {
		t.Fatal(err)
	}
	names := slices.Sorted(maps.Keys(top["$defs"].(map[string]any)))
	for _, name := range names {
		if _, err := compiler.Compile(id + "#/$defs/" + name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	events := slices.DeleteFunc(names, func(name string) bool { return !strings.Contains(name, ":") })
	if len(events) < 150 {
		t.Errorf("there are schemas of only %d requests, acknowledgements and pushes", len(events))
	}
}

func TestTheDocumentsSpeakOfTheSameEvents(t *testing.T) {
	var schema struct {
		Defs map[string]any `json:"$defs"`
	}
	var async struct {
		AsyncAPI   string `json:"asyncapi"`
		Components struct {
			Messages map[string]struct {
				Title string `json:"title"`
			} `json:"messages"`
		} `json:"components"`
	}
	if err := json.Unmarshal(Schema, &schema); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(AsyncAPI, &async); err != nil {
		t.Fatal(err)
	}
	if async.AsyncAPI != "3.0.0" {
		t.Errorf("AsyncAPI %q", async.AsyncAPI)
	}
	var inSchema, inAsync []string
	for name := range schema.Defs {
		if strings.Contains(name, ":") {
			inSchema = append(inSchema, name)
		}
	}
	for _, message := range async.Components.Messages {
		inAsync = append(inAsync, message.Title)
	}
	slices.Sort(inSchema)
	slices.Sort(inAsync)
	if !slices.Equal(inSchema, inAsync) {
		t.Errorf("in the schema: %q\nin AsyncAPI: %q", inSchema, inAsync)
	}
}

// TestAsyncAPIsOwnParserTakesTheDocument runs the parser from npm.
func TestAsyncAPIsOwnParserTakesTheDocument(t *testing.T) {
	if out, err := exec.Command(filepath.Join("..", "..", "hack", "deps", "node.sh"), filepath.Join("runtime", "contract", "asyncapi")).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	out, err := exec.Command("node", filepath.Join("asyncapi", "validate.mjs"), "asyncapi.json").CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Error(err)
	}
	if bytes.Contains(out, []byte("warning ")) {
		t.Error("the parser warns of something")
	}
}
