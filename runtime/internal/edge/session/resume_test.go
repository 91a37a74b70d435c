package session

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/wire"
)

// resume asks for streams from their begin, and gives the results.
func (b *bench) resume(ids ...stream.ID) []wire.StreamResumed {
	b.t.Helper()
	var req wire.SyncResume
	for _, id := range ids {
		req.Streams = append(req.Streams, wire.StreamPosition{Stream: string(id)})
	}
	raw, err := json.Marshal(b.request(wire.EventSyncResume, req))
	if err != nil {
		b.t.Fatal(err)
	}
	var ack struct {
		OK   bool
		Data wire.SyncResumed
	}
	if err := json.Unmarshal(raw, &ack); err != nil || !ack.OK {
		b.t.Fatalf("%s: %v", raw, err)
	}
	return ack.Data.Streams
}

// TestControlsInACatchup publishes controls after the old subscription of the user's own stream
// has ended and before the resumed subscription is live.
func TestControlsInACatchup(t *testing.T) {
	own := UserStream("ann")
	for _, c := range []struct {
		name    string
		control stream.Control
		follows map[stream.ID]bool
		closed  wire.CloseReason
	}{
		{"nothing", stream.Control{}, map[stream.ID]bool{"doc:a": true, BroadcastStream: false}, ""},
		{"unfollow", stream.Control{Unfollow: []stream.ID{"doc:a"}}, map[stream.ID]bool{"doc:a": false}, ""},
		{
			"follow", stream.Control{Follow: []stream.Place{{Stream: BroadcastStream}}},
			map[stream.ID]bool{BroadcastStream: true}, "",
		},
		{"end", stream.Control{End: &stream.End{Reason: string(wire.CloseBanned)}}, nil, wire.CloseBanned},
		{"end of another", stream.Control{End: &stream.End{
			Reason: string(wire.CloseBanned), Sessions: []string{"other"},
		}}, nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t)
			b.commit("doc:a", stream.Control{})
			if a := b.request("test:follow", follow1{ID: "doc:a"}); !a.OK {
				t.Fatal(a.Error)
			}
			b.m.Standing = func(context.Context, request.Caller) ([]stream.Place, error) {
				return []stream.Place{{Stream: BroadcastStream}}, nil
			}
			b.docs.set(func() { b.docs.refusal = wire.Refuse(wire.CodePermissionDenied, "kicked") })
			b.follow(own).silence()()
			b.commit(own, c.control)
			if got := b.resume(own); len(got) != 1 || !got[0].Recovered || len(got[0].Events) != 1 {
				t.Fatalf("resumed %+v", got)
			}
			for id, want := range c.follows {
				if b.s.Follows(id) != want {
					t.Errorf("it follows %s: %v, want %v", id, !want, want)
				}
			}
			if got := b.conn.reason(); got != c.closed || !b.s.Follows(own) {
				t.Errorf("closed with %q, want %q", got, c.closed)
			}
		})
	}
}

// An end that came before the session began is not for it.
func TestAnEndBeforeTheSession(t *testing.T) {
	b := newBench(t)
	own := UserStream("ann")
	b.commit(own, stream.Control{End: &stream.End{Reason: string(wire.CloseBanned)}})
	b.eventually("the end", func() bool { return b.conn.reason() == wire.CloseBanned })
	b.s, b.conn = b.open(`{"token":"ann"}`)
	b.s.Start()
	for range 2 {
		if got := b.resume(own); len(got) != 1 || len(got[0].Events) != 1 {
			t.Fatalf("resumed %+v", got)
		}
	}
	if got := b.conn.reason(); got != "" {
		t.Errorf("closed with %q", got)
	}
}

// A session does not live on without its own stream.
func TestTheOwnStreamCannotBeResumed(t *testing.T) {
	for _, c := range []struct {
		name    string
		control stream.Control
		fail    func(b *bench)
	}{
		{"the store is away", stream.Control{}, func(b *bench) { b.db.SetDown(true) }},
		{
			"a control cannot be made good for", stream.Control{Unfollow: []stream.ID{"doc:a"}},
			func(b *bench) { b.docs.set(func() { b.docs.refusal = stream.ErrUnavailable }) },
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t)
			b.commit("doc:a", stream.Control{})
			if a := b.request("test:follow", follow1{ID: "doc:a"}); !a.OK {
				t.Fatal(a.Error)
			}
			b.follow(UserStream("ann")).silence()()
			b.commit(UserStream("ann"), c.control)
			c.fail(b)
			b.resume(UserStream("ann"))
			if got := b.conn.reason(); got != wire.CloseInsufficientState {
				t.Errorf("closed with %q", got)
			}
		})
	}
}

// kicking takes the stream away as soon as it has been allowed.
type kicking struct {
	*docs
	kick func()
}

func (k *kicking) Authorize(ctx context.Context, caller request.Caller, id stream.ID) error {
	err := k.docs.Authorize(ctx, caller, id)
	if err == nil {
		k.kick()
	}
	return err
}

func TestTakenAwayDuringAResume(t *testing.T) {
	b := newBench(t)
	b.commit("doc:a", stream.Control{})
	b.m.Snapshotters["doc"] = &kicking{b.docs, func() {
		b.docs.set(func() { b.docs.refusal = wire.Refuse(wire.CodePermissionDenied, "kicked") })
		b.commit(UserStream("ann"), stream.Control{Unfollow: []stream.ID{"doc:a"}})
		b.eventually("the control", func() bool { return b.s.revokedRecently("doc:a") })
	}}
	got := b.resume("doc:a")
	if len(got) != 1 || got[0].Error == nil || got[0].Error.Code != wire.CodePermissionDenied {
		t.Errorf("resumed %+v", got)
	}
	if b.s.Follows("doc:a") {
		t.Error("it follows")
	}
}
