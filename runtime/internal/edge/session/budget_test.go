package session

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/wire"
)

// fill commits n events of so many bytes each.
func (b *bench) fill(id stream.ID, n, size int) {
	b.t.Helper()
	data := json.RawMessage(`{"text":"` + strings.Repeat("x", size) + `"}`)
	for range n {
		if _, err := b.db.Commit(b.t.Context(), stream.Commit{
			Stream: id, Events: []stream.Event{{Name: "doc:event", Data: data}},
			Retain: stream.Retention{LogSize: 1000, LogTTL: time.Hour, TTL: time.Hour},
		}); err != nil {
			b.t.Fatal(err)
		}
	}
}

// ask is one sync:resume, with the size of its answer.
func (b *bench) ask(streams []wire.StreamPosition) ([]wire.StreamResumed, int) {
	b.t.Helper()
	raw, err := json.Marshal(b.request(wire.EventSyncResume, wire.SyncResume{Streams: streams}))
	if err != nil {
		b.t.Fatal(err)
	}
	var ack struct {
		OK   bool
		Data wire.SyncResumed
	}
	if err := json.Unmarshal(raw, &ack); err != nil || !ack.OK {
		b.t.Fatalf("%.300s: %v", raw, err)
	}
	return ack.Data.Streams, len(raw)
}

// TestAResumeComesInTurns resumes more than has room in an answer, one stream being larger
// than that itself: each answer is bounded, and in turns the client gets every event.
func TestAResumeComesInTurns(t *testing.T) {
	b := newBench(t)
	sizes := map[string]int{}
	var asked []wire.StreamPosition
	for i := range 7 {
		id := stream.ID(fmt.Sprintf("doc:%d", i))
		sizes[string(id)] = 20
		b.fill(id, 20, 8<<10)
		asked = append(asked, wire.StreamPosition{Stream: string(id)})
	}
	b.fill("doc:large", 100, 8<<10)
	sizes["doc:large"] = 100
	asked = append(asked, wire.StreamPosition{Stream: "doc:large"})
	got, turns := map[string]int{}, 0
	for ; len(asked) > 0 && turns < 20; turns++ {
		results, size := b.ask(asked)
		if size > resumeBytes+64<<10 {
			t.Errorf("turn %d: the answer has %d bytes", turns, size)
		}
		at := map[string]wire.StreamPosition{}
		for _, a := range asked {
			at[a.Stream] = a
		}
		asked = nil
		for _, r := range results {
			switch {
			case r.Error != nil && r.Error.Retryable && r.Error.RetryAfterMs > 0:
				asked = append(asked, at[r.Stream])
				continue
			case r.Error != nil || !r.Recovered:
				t.Fatalf("turn %d: %+v", turns, r)
			}
			got[r.Stream] += len(r.Events)
			if int(r.Seq) != got[r.Stream] || r.More != (got[r.Stream] < sizes[r.Stream]) {
				t.Errorf("turn %d: %s is at seq %d with %d events; more: %v", turns, r.Stream, r.Seq, got[r.Stream], r.More)
			}
			if r.More {
				asked = append(asked, wire.StreamPosition{Stream: r.Stream, Epoch: r.Epoch, Seq: r.Seq})
			}
		}
	}
	for id, want := range sizes {
		if got[id] != want || !b.s.Follows(stream.ID(id)) {
			t.Errorf("%s: %d events of %d came", id, got[id], want)
		}
	}
	if turns < 4 || turns > 9 {
		t.Errorf("it took %d turns", turns)
	}
	if !b.m.inFlight.TryAcquire(inFlightBytes) {
		t.Error("an answer that went out still counts as in flight")
	}
}

// TestASmallOutboundBoundMakesSmallAnswers: an answer has no more than half of what may wait.
func TestASmallOutboundBoundMakesSmallAnswers(t *testing.T) {
	b := newBench(t)
	limits := b.m.Limits()
	limits.OutboundBytes = 64 << 10
	b.m.Limits = func() Limits { return limits }
	b.fill("doc:a", 30, 4<<10)
	if results, size := b.ask([]wire.StreamPosition{{Stream: "doc:a"}}); size > 33<<10 || !results[0].More {
		t.Errorf("%d bytes, %+v", size, results[0].Seq)
	}
	b.fill("doc:b", 2, 200<<10)
	results, _ := b.ask([]wire.StreamPosition{{Stream: "doc:b"}, {Stream: "doc:a"}})
	if r := results[0]; len(r.Events) != 1 || !r.More {
		t.Errorf("an event that is larger than the budget comes alone: %d, more: %v", len(r.Events), r.More)
	}
	if r := results[1]; r.Error == nil || r.Error.Code != wire.CodeRateLimited {
		t.Errorf("the other stream has no room: %+v", r.Error)
	}
}

// TestLargeAnswersCountAgainstTheRate: an answer counts as an event for each 64 KiB.
func TestLargeAnswersCountAgainstTheRate(t *testing.T) {
	b := newBench(t)
	limits := b.m.Limits()
	limits.EventsPerSecond, limits.Burst = 1, 10
	b.m.Limits = func() Limits { return limits }
	b.fill("doc:a", 100, 8<<10)
	position := []wire.StreamPosition{{Stream: "doc:a"}}
	b.ask(position)
	b.s.read(0) // nothing of its own
	if a := b.request(wire.EventSyncResume, wire.SyncResume{Streams: position}); !a.OK {
		t.Fatalf("the second: %+v", a.Error)
	}
	a := b.request(wire.EventSyncResume, wire.SyncResume{Streams: position})
	if a.OK || a.Error.Code != wire.CodeRateLimited || a.Error.RetryAfterMs < 1000 {
		t.Errorf("after 1 MiB within a second: %+v", a)
	}
}

// TestAConnectResumesWithinTheBudget: session:ready is bounded as an answer is.
func TestAConnectResumesWithinTheBudget(t *testing.T) {
	b := newBench(t)
	b.fill("doc:a", 100, 8<<10)
	b.fill("doc:b", 10, 8<<10)
	s, conn := b.open(`{"token":"bob","resume":{"streams":[{"stream":"doc:a"},{"stream":"doc:b"}]}}`)
	s.Start()
	ready := conn.events(wire.EventSessionReady)
	if len(ready) != 1 || len(ready[0]) > resumeBytes+64<<10 {
		t.Fatalf("%d of %d bytes", len(ready), len(strings.Join(ready, "")))
	}
	var r wire.SessionReady
	if err := json.Unmarshal([]byte(ready[0]), &r); err != nil {
		t.Fatal(err)
	}
	if !r.Resumed[0].More || r.Resumed[1].Error == nil || !r.Resumed[1].Error.Retryable {
		t.Errorf("more: %v, the other: %+v", r.Resumed[0].More, r.Resumed[1].Error)
	}
	if !b.m.inFlight.TryAcquire(inFlightBytes) {
		t.Error("session:ready went out and still counts as in flight")
	}
}

// TestResumesWaitForTheirTurn: beyond the bytes in flight a resume waits, and is refused as
// unavailable when its time is over.
func TestResumesWaitForTheirTurn(t *testing.T) {
	b := newBench(t)
	b.fill("doc:a", 1, 10)
	if !b.m.inFlight.TryAcquire(inFlightBytes) {
		t.Fatal("something is in flight")
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := b.m.enter(ended, b.m.answerBudget()); wire.CodeOf(err) != wire.CodeUnavailable {
		t.Errorf("a resume that has waited: %v", err)
	}
	b.m.inFlight.Release(inFlightBytes)
	if got := b.resume("doc:a"); len(got[0].Events) != 1 {
		t.Errorf("resumed %+v", got)
	}
}
