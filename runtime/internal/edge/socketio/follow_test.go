package socketio

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/internal/edge/session"
	"github.com/anteroom/anteroom/runtime/wire"
)

// commit appends an event to a stream behind the sessions' backs.
func (st *stack) commit(id stream.ID, e stream.Event, doc []byte) stream.Result {
	st.t.Helper()
	res, err := st.db.Commit(context.Background(), stream.Commit{
		Stream: id, Events: []stream.Event{e}, Doc: doc, Retain: keep,
	})
	if err != nil {
		st.t.Fatal(err)
	}
	return res
}

// flow sends an event on the user's stream and waits for it: all that was sent to
// the connection before is then in its log.
func (st *stack) flow(c *client, user string) {
	st.t.Helper()
	st.commit(session.UserStream(user), stream.Event{Name: "test:flow", Data: json.RawMessage(`{}`)}, nil)
	c.pushed("test:flow", 1, &struct{}{})
}

func TestFollow(t *testing.T) {
	for _, transport := range []string{"websocket", "polling"} {
		t.Run(transport, func(t *testing.T) {
			st := newStack(t)
			c := st.dial(transport)
			if refused := c.connect(wire.ConnectAuth{Token: "ann"}); refused != nil {
				t.Fatal(refused)
			}
			c.request("counter:add", counterAdd{ID: "a", By: 1})
			id := c.begin("counter:watch", counterWatch{ID: "a"})
			a, answered := c.answer(id)
			st.join("bob").request("counter:add", counterAdd{ID: "a", By: 1})
			if first := c.counts("counter:changed", a.Meta.Seq, 101, 102); first < answered {
				t.Errorf("a push came before the answer:%s", c.transcript())
			}
			if a := c.request("counter:watch", counterWatch{ID: "a"}); !a.OK {
				t.Errorf("watching again: %v", a.Error)
			}
			c.counts("counter:changed", a.Meta.Seq, 101, 102, 202)
			c.stop()
			st.eventually("the listener knows what it followed", func() bool {
				return strings.Contains(strings.Join(st.events.list(), ","), "left counter:a,closed ann")
			})
		})
	}
}

func TestRefusedRequestFollowsNothing(t *testing.T) {
	st := newStack(t)
	c := st.join("ann")
	c.request("counter:add", counterAdd{ID: "refused", By: 1})
	if a := c.request("counter:watch", counterWatch{ID: "refused"}); a.OK {
		t.Fatal("it was not refused")
	}
	c.request("counter:add", counterAdd{ID: "refused", By: 1})
	st.flow(c, "ann")
	if strings.Contains(c.transcript(), "counter:changed") {
		t.Errorf("it follows:%s", c.transcript())
	}
}

func TestSubscriptionBound(t *testing.T) {
	st := newStack(t)
	c := st.join("ann")
	for _, id := range []string{"a", "b", "c", "d"} {
		c.request("counter:add", counterAdd{ID: id, By: 1})
		if a := c.request("counter:watch", counterWatch{ID: id}); !a.OK {
			t.Fatalf("%s: %v", id, a.Error)
		}
	}
	c.request("counter:add", counterAdd{ID: "e", By: 1})
	a := c.request("counter:watch", counterWatch{ID: "e"})
	if a.Error == nil || a.Error.Code != wire.CodeResourceExhausted || a.Error.Reason != wire.ReasonSubscriptionLimit {
		t.Fatalf("the fifth: %+v", a)
	}
	want := []string{"counter:a", "counter:b", "counter:c", "counter:d"}
	if d := cmp.Diff(want, a.Error.Current.IDs()); d != "" {
		t.Errorf("streams followed (-want +got):\n%s", d)
	}
}

func TestControlUnfollows(t *testing.T) {
	st := newStack(t)
	c := st.join("ann")
	c.request("counter:add", counterAdd{ID: "a", By: 1})
	c.request("counter:watch", counterWatch{ID: "a"})
	c.pushed("counter:changed", 1, &struct{}{})
	st.counters.bar("a")
	st.commit(session.UserStream("ann"), stream.Event{
		Name: "test:kicked", Data: json.RawMessage(`{}`), Control: stream.Control{Unfollow: []stream.ID{"counter:a"}},
	}, nil)
	c.pushed("test:kicked", 1, &struct{}{})
	c.request("counter:add", counterAdd{ID: "a", By: 1})
	st.flow(c, "ann")
	if n := strings.Count(c.transcript(), "counter:changed"); n != 1 {
		t.Errorf("%d pushes, want 1:%s", n, c.transcript())
	}
}

// TestLostStream has the store forget everything: the follower is brought to the
// state of now, in a new epoch, and goes on from there.
func TestLostStream(t *testing.T) {
	st := newStack(t)
	c := st.join("ann")
	c.request("counter:add", counterAdd{ID: "a", By: 1})
	before := c.request("counter:watch", counterWatch{ID: "a"})
	st.db.Flush()
	c.request("counter:add", counterAdd{ID: "a", By: 7})
	c.request("counter:add", counterAdd{ID: "a", By: 1})
	var at struct {
		N    int
		Meta wire.Meta
	}
	c.pushed("counter:snapshot", 1, &at)
	if at.Meta.Epoch == before.Meta.Epoch || at.Meta.Seq == 0 {
		t.Fatalf("snapshot %+v after epoch %s", at, before.Meta.Epoch)
	}
	for n, seq := at.N, at.Meta.Seq; seq < 4; {
		got := c.request("counter:add", counterAdd{ID: "a", By: 1})
		n, seq = n+1, got.Meta.Seq
	}
	st.eventually("the newest change is pushed", func() bool { return strings.Contains(c.transcript(), `"seq":4`) })
	last := uint64(0)
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, m := range c.log {
		var p struct{ Meta wire.Meta }
		if m.kind != packetEvent || json.Unmarshal(m.data, &p) != nil || p.Meta.Epoch != at.Meta.Epoch || p.Meta.Stream != "counter:a" {
			continue
		}
		if m.event == "counter:snapshot" {
			last = p.Meta.Seq
			continue
		}
		if p.Meta.Seq != last+1 {
			t.Errorf("seq %d follows %d", p.Meta.Seq, last)
		}
		last = p.Meta.Seq
	}
}

func TestResume(t *testing.T) {
	st := newStack(t)
	c := st.join("ann")
	for range 3 {
		c.request("counter:add", counterAdd{ID: "a", By: 1})
	}
	epoch := c.request("counter:add", counterAdd{ID: "a", By: 1}).Meta.Epoch
	st.commit("counter:b", stream.Event{Name: "counter:changed", Data: json.RawMessage(`{}`)}, []byte(`{"n":1}`))
	at := func(id string, epoch string, seq uint64) wire.StreamPosition {
		return wire.StreamPosition{Stream: id, Epoch: epoch, Seq: seq}
	}
	for _, tc := range []struct {
		name string
		at   wire.StreamPosition
		want wire.StreamResumed
	}{
		{"up to date", at("counter:a", epoch, 4), wire.StreamResumed{Recovered: true, Epoch: epoch, Seq: 4, Events: []wire.ResumedEvent{}}},
		{"two missed", at("counter:a", epoch, 2), wire.StreamResumed{Recovered: true, Epoch: epoch, Seq: 4, Events: []wire.ResumedEvent{
			{Event: "counter:changed", Data: json.RawMessage(`{"n":3,3`)}, {Event: "counter:changed", Data: json.RawMessage(`{"n":4,4`)},
		}}},
		{"the log is too short", at("counter:a", epoch, 0), wire.StreamResumed{Epoch: epoch, Seq: 4, Snapshot: json.RawMessage(`{"n":4}`)}},
		{"another epoch", at("counter:a", "gone", 4), wire.StreamResumed{Epoch: epoch, Seq: 4, Snapshot: json.RawMessage(`{"n":4}`)}},
		{"state of now", at("counter:a", "", 0), wire.StreamResumed{Epoch: epoch, Seq: 4, Snapshot: json.RawMessage(`{"n":4}`)}},
		{"no such kind", at("nothing:a", "", 0), wire.StreamResumed{Error: &wire.Error{Code: wire.CodeNotFound}}},
		{"another user's", at("user:bob", "", 0), wire.StreamResumed{Error: &wire.Error{Code: wire.CodePermissionDenied}}},
		{"no name", at("counter:{a}", "", 0), wire.StreamResumed{Error: &wire.Error{Code: wire.CodeInvalidArgument, Field: "stream"}}},
		{"own", at("user:ann", "", 0), wire.StreamResumed{Recovered: true, Events: []wire.ResumedEvent{}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			want := tc.want
			want.Stream = tc.at.Stream
			var got wire.SyncResumed
			a := c.request("sync:resume", wire.SyncResume{Streams: []wire.StreamPosition{tc.at}})
			if err := json.Unmarshal(a.Data, &got); err != nil || len(got.Streams) != 1 {
				t.Fatalf("%s: %v", a.Data, err)
			}
			compareResumed(t, want, got.Streams[0])

			again := st.join("ann", tc.at)
			var ready wire.SessionReady
			again.pushed(wire.EventSessionReady, 1, &ready)
			if len(ready.Resumed) != 1 {
				t.Fatalf("resumed %+v", ready.Resumed)
			}
			compareResumed(t, want, ready.Resumed[0])
			again.stop()
		})
	}
	twice := c.request("sync:resume", wire.SyncResume{Streams: []wire.StreamPosition{at("counter:a", epoch, 4), at("counter:a", epoch, 3)}})
	if !strings.Contains(string(twice.Data), "named twice") {
		t.Errorf("twice: %s", twice.Data)
	}
	if none := c.request("sync:resume", struct{}{}); none.Error == nil || none.Error.Field != "streams" {
		t.Errorf("none: %+v", none)
	}
}

// compareResumed compares without texts and times.
func compareResumed(t *testing.T, want, got wire.StreamResumed) {
	t.Helper()
	if got.Error != nil {
		got.Error.Message = ""
	}
	for i, e := range got.Events {
		var p struct {
			N    int
			Meta wire.Meta
		}
		if err := json.Unmarshal(e.Data, &p); err != nil || p.Meta.Epoch != want.Epoch || p.Meta.Stream != want.Stream {
			t.Errorf("event %s: %v", e.Data, err)
		}
		short, err := json.Marshal(p.N)
		if err != nil {
			t.Fatal(err)
		}
		seq, err := json.Marshal(p.Meta.Seq)
		if err != nil {
			t.Fatal(err)
		}
		got.Events[i].Data = json.RawMessage(`{"n":` + string(short) + `,` + string(seq))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestResumeGoesLive checks that pushes follow a resume without a gap and without
// a double, also when the stream was followed before.
func TestResumeGoesLive(t *testing.T) {
	st := newStack(t)
	writer := st.join("bob")
	epoch := writer.request("counter:add", counterAdd{ID: "a", By: 1}).Meta.Epoch
	writer.request("counter:add", counterAdd{ID: "a", By: 1})

	c := st.join("ann", wire.StreamPosition{Stream: "counter:a", Epoch: epoch, Seq: 1})
	writer.request("counter:add", counterAdd{ID: "a", By: 1})
	c.counts("counter:changed", 2, 3)

	a := c.request("sync:resume", wire.SyncResume{Streams: []wire.StreamPosition{{Stream: "counter:a", Epoch: epoch, Seq: 1}}})
	if n := strings.Count(string(a.Data), `"event"`); n != 2 {
		t.Errorf("%d events in %s, want 2", n, a.Data)
	}
	writer.request("counter:add", counterAdd{ID: "a", By: 1})
	c.counts("counter:changed", 2, 3, 4)
	st.flow(c, "ann")
	if n := strings.Count(c.transcript(), " counter:changed "); n != 2 {
		t.Errorf("%d pushes, want 2:%s", n, c.transcript())
	}
}

func TestResumeOfABarredStream(t *testing.T) {
	st := newStack(t)
	st.join("bob").request("counter:add", counterAdd{ID: "a", By: 1})
	st.counters.bar("a")
	c := st.join("ann", wire.StreamPosition{Stream: "counter:a"}, wire.StreamPosition{Stream: "user:ann"})
	var ready wire.SessionReady
	c.pushed(wire.EventSessionReady, 1, &ready)
	if r := ready.Resumed; len(r) != 2 || r[0].Error == nil || r[0].Error.Code != wire.CodePermissionDenied || r[1].Error != nil {
		t.Errorf("resumed %+v", ready.Resumed)
	}
	st.flow(c, "ann")
}
