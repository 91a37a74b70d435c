package userstream_test

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/internal/core/stream/streamtest"
	"github.com/anteroom/anteroom/runtime/internal/core/userstream"
)

func TestTellOnce(t *testing.T) {
	memory := streamtest.New()
	teller := userstream.Publisher{Store: memory, HistorySize: 10, HistoryTTL: time.Minute}
	m := userstream.Message{
		Event: "lobby:invited", Payload: map[string]int{"n": 1}, Cause: userstream.ByUsers, Unfollow: []stream.ID{"lobby:x"},
		Once: &stream.Once{Scope: "test", Key: "1", TTL: time.Minute},
	}
	for i, repeated := range []bool{false, true} {
		result, err := teller.Publish(t.Context(), "ann", m)
		if err != nil || result.Repeated != repeated || result.Seq != 1 {
			t.Errorf("message %d: %+v, %v", i, result, err)
		}
	}
	caught, err := memory.CatchUp(t.Context(), userstream.StreamID("ann"), stream.Position{})
	if err != nil || len(caught.Records) != 1 {
		t.Fatalf("%+v, %v", caught, err)
	}
	r := caught.Records[0]
	if r.Name != "lobby:invited" || string(r.Data) != `{"n":1}` || len(r.Control.Unfollow) != 1 {
		t.Errorf("record %+v", r)
	}
	if _, err := teller.Publish(t.Context(), "ann", userstream.Message{Event: "x", Payload: func() {}, Cause: userstream.ByServer}); err == nil {
		t.Error("Publish accepted a payload that is not JSON")
	}
}

// An online user receives a message long after the last event, when the log has expired.
func TestOnlineUserReceivesAfterALongSilence(t *testing.T) {
	var passed atomic.Int64
	memory := streamtest.New(streamtest.WithClock(func() time.Time { return time.Unix(0, passed.Load()) }))
	teller := userstream.Publisher{Store: memory, HistorySize: 10, HistoryTTL: 10 * time.Minute}
	tell := func() stream.Position {
		t.Helper()
		r, err := teller.Publish(t.Context(), "ann", userstream.Message{Event: "lobby:invited", Payload: map[string]int{}, Cause: userstream.ByUsers})
		if err != nil {
			t.Fatal(err)
		}
		return r.Position
	}
	first := tell()
	ann := streamtest.Follow(t, streamtest.StartHub(t, memory, memory.Bus()), userstream.StreamID("ann"), first)
	passed.Store(int64(24 * time.Hour))
	ann.Arrives(t, tell())
	if len(ann.Records()) != 1 || len(ann.Resets()) != 0 {
		t.Errorf("%d records and %d resets, want 1 and 0", len(ann.Records()), len(ann.Resets()))
	}
}

// A thousand messages of users stay under half of the log. The back end's earlier message
// is still there, an offline client recovers all kept messages, and a connected device
// receives every message.
func TestMessagesOfUsersAreLimitedToTheirShare(t *testing.T) {
	var passed atomic.Int64
	memory := streamtest.New(streamtest.WithClock(func() time.Time { return time.Unix(0, passed.Load()) }))
	teller := userstream.Publisher{Store: memory, HistorySize: 300, HistoryTTL: 10 * time.Minute}
	tell := func(event string, cause userstream.Cause) stream.Position {
		t.Helper()
		r, err := teller.Publish(t.Context(), "victim", userstream.Message{Event: event, Payload: map[string]int{}, Cause: cause})
		if err != nil {
			t.Fatal(err)
		}
		return r.Position
	}
	away := tell("first", userstream.ByServer)
	news := tell("notify:new", userstream.ByServer)
	online := streamtest.Follow(t, streamtest.StartHub(t, memory, memory.Bus()), userstream.StreamID("victim"), news)
	for n := range 1083 {
		tell("party:invited", userstream.ByUsers)
		passed.Add(int64(10*time.Minute) / 1100 * int64(n%2*2))
	}
	caught, err := memory.CatchUp(t.Context(), userstream.StreamID("victim"), away)
	if err != nil || !caught.Recovered || caught.Records[0].Name != "notify:new" {
		t.Fatalf("recovered %v, %v", caught.Recovered, err)
	}
	if kept := len(caught.Records) - 1; kept < 100 || kept > 150 {
		t.Errorf("%d messages of users are kept, want at most half of 300", kept)
	}
	streamtest.Eventually(t, "the connected device receives every message", func() bool { return len(online.Records())+len(online.Casts()) == 1083 })
	if _, err := teller.Publish(t.Context(), "victim", userstream.Message{Event: "x"}); err == nil {
		t.Error("Publish accepted a message without a cause")
	}
}
