package usertell_test

import (
	"testing"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/stream"
	"github.com/anteroom/anteroom/runtime/internal/stream/streamtest"
	"github.com/anteroom/anteroom/runtime/internal/usertell"
)

func TestTellOnce(t *testing.T) {
	memory := streamtest.New()
	teller := usertell.Teller{Store: memory, HistorySize: 10, HistoryTTL: time.Minute}
	m := usertell.Message{
		Event: "lobby:invited", Payload: map[string]int{"n": 1}, Unfollow: []stream.ID{"lobby:x"},
		Once: &stream.Once{Scope: "test", Key: "1", TTL: time.Minute},
	}
	for i, repeated := range []bool{false, true} {
		result, err := teller.Tell(t.Context(), "ann", m)
		if err != nil || result.Repeated != repeated || result.Seq != 1 {
			t.Errorf("time %d: %+v, %v", i, result, err)
		}
	}
	caught, err := memory.CatchUp(t.Context(), usertell.StreamID("ann"), stream.Position{})
	if err != nil || len(caught.Records) != 1 {
		t.Fatalf("%+v, %v", caught, err)
	}
	r := caught.Records[0]
	if r.Name != "lobby:invited" || string(r.Data) != `{"n":1}` || len(r.Control.Unfollow) != 1 {
		t.Errorf("told %+v", r)
	}
	if _, err := teller.Tell(t.Context(), "ann", usertell.Message{Event: "x", Payload: func() {}}); err == nil {
		t.Error("what is no JSON was told")
	}
}
