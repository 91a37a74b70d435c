package budget_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/anteroom/anteroom/runtime/contract"
	"github.com/anteroom/anteroom/runtime/internal/core/budget"
)

// TestEveryRequestHasABudgetOrAReason holds the table against the published schema: each
// request draws on a budget, or says why it reaches nobody else. A request that is new in
// the contract fails here until it has its row.
func TestEveryRequestHasABudgetOrAReason(t *testing.T) {
	budgets := map[budget.Name]budget.Budget{}
	for _, b := range budget.All {
		budgets[b.Name] = b
	}
	events := requests(t)
	for event, fields := range events {
		act, known := budget.Acts[event]
		if !known || (act.Budget == "") == (act.Nobody == "") {
			t.Errorf("%s has no row, or not exactly one of a budget and a reason", event)
			continue
		}
		b, exists := budgets[act.Budget]
		if act.Budget != "" && !exists {
			t.Errorf("%s draws on %q, which is no budget", event, act.Budget)
		}
		_, names := fields["userId"]
		if act.Budget != "" && names && (act.Targets == nil || b.Pair.Events == 0 || b.Target.Events == 0) {
			t.Errorf("%s names a user, and its row has no Targets or its budget no bounds for a target", event)
		}
	}
	for event := range budget.Acts {
		if _, exists := events[event]; !exists {
			t.Errorf("there is no request %s", event)
		}
	}
}

// requests are the requests of the contract, each with its fields.
func requests(t *testing.T) map[string]map[string]any {
	t.Helper()
	var schema struct {
		Defs map[string]struct {
			Ref        string `json:"$ref"`
			Properties map[string]any
		} `json:"$defs"`
	}
	if err := json.Unmarshal(contract.Schema, &schema); err != nil {
		t.Fatal(err)
	}
	events := map[string]map[string]any{}
	for name, definition := range schema.Defs {
		if event, is := strings.CutSuffix(name, ".request"); is {
			events[event] = schema.Defs[strings.TrimPrefix(definition.Ref, "#/$defs/")].Properties
		}
	}
	if len(events) < 50 {
		t.Fatalf("only %d requests were found", len(events))
	}
	return events
}

// TestOneActorCannotUseUpATarget: a target's bound lets several actors through that are at
// their own bound towards it.
func TestOneActorCannotUseUpATarget(t *testing.T) {
	for _, b := range budget.All {
		if (b.Pair.Events > 0) != (b.Target.Events > 0) || b.Actor.Events == 0 || b.Meaning == "" {
			t.Errorf("%s: an actor bound and a meaning are required, and pair and target bounds go together", b.Name)
		}
		if b.Pair.Events > 0 && (b.Target.Events < 5*b.Pair.Events ||
			float64(b.Target.Events)/b.Target.Per.Seconds() < 5*float64(b.Pair.Events)/b.Pair.Per.Seconds()) {
			t.Errorf("%s: fewer than five actors use up a target", b.Name)
		}
	}
}
