package session

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/wire"
)

// A request that is repeated on another device gives that device the streams, also where
// the first device had them before the request.
func TestARepeatedRequestSubscribesTheOtherDevice(t *testing.T) {
	b := following(t)
	request := follow1{ID: "doc:a", Key: wire.Key{Key: "k"}}
	if a := b.request("test:follow", request); !a.OK {
		t.Fatal(a.Error)
	}
	conn := &fakeConn{}
	device, err := b.m.Open(t.Context(), conn, json.RawMessage(`{"token":"ann"}`))
	if err != nil {
		t.Fatal(err)
	}
	device.Start()
	t.Cleanup(func() { device.Closed(false) })
	other := &bench{t: t, db: b.db, m: b.m, docs: b.docs, conn: conn, s: device}
	if a := other.request("test:follow", request); !a.OK {
		t.Fatal(a.Error)
	}
	b.commit("doc:a", stream.Control{})
	other.eventually("a push", func() bool { return slices.Contains(other.seqs("doc:changed", "doc:a"), 3) })
}

// An answer may arrive after pushes beyond its place. A client that dropped the stream before
// them ignored those pushes, so the session brings it to the present state.
func TestAnAnswerBehindPushesIsFollowedByASnapshot(t *testing.T) {
	for _, c := range []struct {
		name   string
		event  string
		pushed bool // before the repeated answer
		want   int  // snapshots
	}{
		{"a patch was pushed", "doc:patch", true, 1},
		{"nothing was pushed since", "doc:patch", false, 0},
		{"only an event without a patch was pushed", "doc:changed", true, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t)
			b.commit("doc:a", stream.Control{})
			request := follow1{ID: "doc:a", At: b.position("doc:a"), Key: wire.Key{Key: "k"}}
			if a := b.request("test:follow", request); !a.OK {
				t.Fatal(a.Error)
			}
			if c.pushed {
				b.commitEvent("doc:a", c.event)
				b.eventually("a push", func() bool { return len(b.seqs(c.event, "doc:a")) == 1 })
			}
			if a := b.request("test:follow", request); !a.OK {
				t.Fatal(a.Error)
			}
			b.commitEvent("doc:a", "doc:last")
			b.eventually("the last push", func() bool { return len(b.seqs("doc:last", "doc:a")) == 1 })
			got := b.seqs("doc:snapshot", "doc:a")
			if len(got) != c.want || c.want > 0 && got[0] < 2 {
				t.Errorf("snapshots at %v, want %d", got, c.want)
			}
		})
	}
}
