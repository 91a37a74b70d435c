package usertell_test

import (
	"sync/atomic"
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

// TestWhoIsOnlineIsToldAfterALongSilence: a user who follows its stream hears what is told
// long after the last event, when nothing of the log is left.
func TestWhoIsOnlineIsToldAfterALongSilence(t *testing.T) {
	var passed atomic.Int64
	memory := streamtest.New(streamtest.WithClock(func() time.Time { return time.Unix(0, passed.Load()) }))
	teller := usertell.Teller{Store: memory, HistorySize: 10, HistoryTTL: 10 * time.Minute}
	tell := func() stream.Position {
		t.Helper()
		r, err := teller.Tell(t.Context(), "ann", usertell.Message{Event: "lobby:invited", Payload: map[string]int{}})
		if err != nil {
			t.Fatal(err)
		}
		return r.Position
	}
	first := tell()
	ann := streamtest.Follow(t, streamtest.StartHub(t, memory, memory.Bus()), usertell.StreamID("ann"), first)
	passed.Store(int64(24 * time.Hour))
	ann.Arrives(t, tell())
	if len(ann.Records()) != 1 || len(ann.Resets()) != 0 {
		t.Errorf("%d records, %d resets", len(ann.Records()), len(ann.Resets()))
	}
}
