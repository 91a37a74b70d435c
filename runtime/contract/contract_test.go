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

// Each definition compiles: it is valid by the meta-schema of its dialect, and its
// references resolve.
func TestEverySchemaIsValid(t *testing.T) {
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema))
	if err != nil {
		t.Fatal(err)
	}
	top := document.(map[string]any)
	if top["$schema"] != "https://json-schema.org/draft/2020-12/schema" {
		t.Errorf("dialect %v", top["$schema"])
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
		t.Errorf("%d schemas of requests, acknowledgements and pushes, want at least 150", len(events))
	}
}

func TestDocumentsHaveTheSameEvents(t *testing.T) {
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
		t.Errorf("events of the schema: %q\nevents of AsyncAPI: %q", inSchema, inAsync)
	}
}

// AsyncAPI's own parser, from npm, accepts the document.
func TestAsyncAPIParserAcceptsTheDocument(t *testing.T) {
	if out, err := exec.Command(filepath.Join("..", "..", "hack", "deps", "node.sh"), filepath.Join("runtime", "contract", "asyncapi")).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	out, err := exec.Command("node", filepath.Join("asyncapi", "validate.mjs"), "asyncapi.json").CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Error(err)
	}
	if bytes.Contains(out, []byte("warning ")) {
		t.Error("the parser has warnings")
	}
}
