package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/anteroom/anteroom/runtime/contract"
)

// TestTheReadmeHasEveryEvent: each event of the contract has a line with an existing
// scenario.
func TestTheReadmeHasEveryEvent(t *testing.T) {
	var document struct {
		Operations map[string]struct{ Title, Action string }
	}
	if err := json.Unmarshal(contract.AsyncAPI, &document); err != nil {
		t.Fatal(err)
	}
	missing := map[string]bool{}
	for _, o := range document.Operations {
		way := "from the server"
		if o.Action == "send" {
			way = "to the server"
		}
		missing[o.Title+" "+way] = true
	}
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	line := regexp.MustCompile("(?m)^\\| `([a-z]+:[A-Za-z]+)` \\| (to|from) the server \\| \\[([^]]+)\\]\\(scenarios/([^)]+)\\): (.+) \\|$")
	for _, found := range line.FindAllStringSubmatch(string(readme), -1) {
		event, way, file, title := found[1], found[2]+" the server", found[4], found[5]
		if !missing[event+" "+way] {
			t.Errorf("%s %s is listed twice, or is not an event", event, way)
		}
		delete(missing, event+" "+way)
		scenario, err := os.ReadFile(filepath.Join("scenarios", filepath.FromSlash(file)))
		if err != nil {
			t.Errorf("%s: %v", event, err)
		} else if !strings.Contains(string(scenario), title) {
			t.Errorf("%s: %s has no test %q", event, file, title)
		}
	}
	for event := range missing {
		t.Errorf("no line for %s", event)
	}
}
