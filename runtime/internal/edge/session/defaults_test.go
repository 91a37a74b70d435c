package session

import (
	"context"
	"encoding/json"
	"slices"
	"testing"

	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/wire"
)

// open makes another session of ann, not started yet, that brings auth.
func (b *bench) open(auth string) (*Session, *fakeConn) {
	b.t.Helper()
	conn := &fakeConn{}
	s, err := b.m.Open(b.t.Context(), conn, json.RawMessage(auth))
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { s.Closed(false) })
	return s, conn
}

func readyOf(t *testing.T, c *fakeConn) wire.SessionReady {
	t.Helper()
	pushed := c.events(wire.EventSessionReady)
	if len(pushed) != 1 {
		t.Fatalf("session:ready came %d times", len(pushed))
	}
	var ready wire.SessionReady
	if err := json.Unmarshal([]byte(pushed[0]), &ready); err != nil {
		t.Fatal(err)
	}
	return ready
}

// The pushes of the user's own stream begin exactly after the position in session:ready, also for
// an event that is committed before the subscription is live.
func TestASessionSaysWhereItsOwnStreamsBegin(t *testing.T) {
	b := newBench(t)
	own := UserStream("ann")
	if at := readyOf(t, b.conn).Follows; !slices.Equal(at, []wire.StreamStand{{Stream: string(own)}}) {
		t.Errorf("a stream without an event: %+v", at)
	}
	b.commit(own, stream.Control{})
	b.m.Standing = func(context.Context, request.Caller) ([]stream.Place, error) {
		return []stream.Place{{Stream: BroadcastStream}}, nil
	}
	s, conn := b.open(`{"token":"ann"}`)
	b.commit(own, stream.Control{})
	b.commit(BroadcastStream, stream.Control{})
	s.Start()
	for _, want := range []struct {
		id   stream.ID
		from uint64
	}{{own, 1}, {BroadcastStream, 0}} {
		follows := readyOf(t, conn).Follows
		i := slices.IndexFunc(follows, func(p wire.StreamStand) bool { return p.Stream == string(want.id) })
		if i < 0 || follows[i].Seq != want.from || (want.from > 0) != (follows[i].Epoch != "") {
			t.Fatalf("%s: told %+v", want.id, follows)
		}
		b.eventually("heard", func() bool {
			return slices.Equal((&bench{t: t, conn: conn}).seqs("doc:changed", want.id), []uint64{want.from + 1})
		})
	}
}

func TestWhatIsResumedIsNotToldTwice(t *testing.T) {
	b := newBench(t)
	own := UserStream("ann")
	b.commit(own, stream.Control{})
	s, conn := b.open(`{"token":"ann","resume":{"streams":[{"stream":"user:ann","epoch":"","seq":0}]}}`)
	s.Start()
	if ready := readyOf(t, conn); len(ready.Follows) != 0 || len(ready.Resumed) != 1 || ready.Resumed[0].Seq != 1 {
		t.Errorf("told %+v", ready)
	}
}
