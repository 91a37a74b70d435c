package headroom

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/anteroom/anteroom/runtime/contract"
	"github.com/anteroom/anteroom/runtime/wire"
)

func TestEachRequestHasAClass(t *testing.T) {
	var schema struct {
		Defs map[string]json.RawMessage `json:"$defs"`
	}
	if err := json.Unmarshal(contract.Schema, &schema); err != nil {
		t.Fatal(err)
	}
	var published []string
	for name := range schema.Defs {
		if event, request := strings.CutSuffix(name, ".request"); request {
			published = append(published, event)
		}
	}
	if len(published) < 60 {
		t.Fatalf("only %d requests were found", len(published))
	}
	for _, event := range published {
		if _, listed := Requests[event]; !listed {
			t.Errorf("Requests has no class for %s", event)
		}
	}
	for event := range Requests {
		if !slices.Contains(published, event) {
			t.Errorf("Requests lists %s, which is not in the contract", event)
		}
	}
}

func TestOrderOfRefusals(t *testing.T) {
	for _, c := range []struct {
		name    string
		memory  Memory
		refused []Class
	}{
		{"no limit", Memory{Used: 1 << 40}, nil},
		{"half full", Memory{Used: 50, Limit: 100}, nil},
		{"below the first bound", Memory{Used: 899, Limit: 1000}, nil},
		{"at the first bound", Memory{Used: 900, Limit: 1000}, []Class{Adds}},
		{"below the second bound", Memory{Used: 969, Limit: 1000}, []Class{Adds}},
		{"at the second bound", Memory{Used: 970, Limit: 1000}, []Class{Adds, Updates}},
		{"over the limit", Memory{Used: 1100, Limit: 1000}, []Class{Adds, Updates}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := NewWatch(func(context.Context) (Memory, error) { return c.memory, nil }, slog.New(slog.DiscardHandler))
			w.Check(t.Context())
			for _, class := range []Class{Reads, Ends, Updates, Adds} {
				err := w.Admit(class)
				if got, want := err != nil, slices.Contains(c.refused, class); got != want {
					t.Errorf("%s is refused: %v, want %v", class, got, want)
				}
				var refusal *wire.Error
				if err != nil && (!errors.As(err, &refusal) || refusal.Code != wire.CodeUnavailable || !refusal.Retryable || refusal.RetryAfterMs <= 0) {
					t.Errorf("%s is refused with %#v", class, err)
				}
			}
		})
	}
}

func TestAReadingThatFailsChangesNothing(t *testing.T) {
	answer, failure := Memory{Used: 95, Limit: 100}, error(nil)
	w := NewWatch(func(context.Context) (Memory, error) { return answer, failure }, slog.New(slog.DiscardHandler))
	if w.Admit(Adds) != nil {
		t.Error("refused before the first reading")
	}
	w.Check(t.Context())
	answer, failure = Memory{}, errors.New("no answer")
	w.Check(t.Context())
	if w.Percent() != 95 || w.Admit(Adds) == nil {
		t.Errorf("after a failed reading: %d %%", w.Percent())
	}
	answer, failure = Memory{Used: 10, Limit: 100}, nil
	w.Check(t.Context())
	if w.Admit(Adds) != nil || w.Admit(Updates) != nil {
		t.Error("refused though there is room again")
	}
}

func TestAnUnknownRequestCountsAsAdds(t *testing.T) {
	w := NewWatch(func(context.Context) (Memory, error) { return Memory{Used: 92, Limit: 100}, nil }, slog.New(slog.DiscardHandler))
	w.Check(t.Context())
	if w.Request("x:y") == nil || w.Route("POST /v1/x") == nil {
		t.Error("an unknown request passes")
	}
	if err := w.Request("lobby:leave"); err != nil {
		t.Errorf("lobby:leave: %v", err)
	}
}
