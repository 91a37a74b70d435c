package redisstore_test

import (
	"errors"
	"testing"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/internal/core/stream/streamtest"
)

// bar checks that a bar refuses the commits of one key in one stream, and that a commit
// from before the bar can still be repeated.
func bar(t *testing.T, b *backend) {
	of := func(key string, id stream.ID) stream.Commit {
		c := numbered(id, 1)
		c.Unless = key
		return c
	}
	barring := numbered(room, 2)
	barring.Bar = &stream.Bar{Key: "ann", TTL: time.Hour, By: "scope"}
	made := of("ann", room)
	made.Once = &stream.Once{Scope: "ann", Key: "k", TTL: time.Hour}
	put(t, b, made)
	put(t, b, barring)
	_, err := b.Commit(t.Context(), of("ann", room))
	var barred *stream.BarredError
	if !errors.As(err, &barred) || barred.For <= 59*time.Minute || barred.For > time.Hour {
		t.Fatalf("barred: %v, want *BarredError of about an hour", err)
	}
	if r, err := b.Commit(t.Context(), made); err != nil || !r.Repeated {
		t.Errorf("repeat of a commit from before the bar: %+v, %v", r, err)
	}
	put(t, b, of("bob", room))
	put(t, b, of("ann", "lobby:other"))
	if now := load(t, b, room); now.Seq != 3 {
		t.Errorf("seq %d after 3 commits and a refusal, want 3", now.Seq)
	}
	if by, err := b.Barred(t.Context(), room, "ann"); err != nil || by.By != "scope" || by.For <= 59*time.Minute || by.For > time.Hour {
		t.Errorf("bar of ann: %+v, %v", by, err)
	}
	if by, err := b.Barred(t.Context(), room, "bob"); err != nil || by != (stream.Barred{}) {
		t.Errorf("bar of bob: %+v, %v, want none", by, err)
	}
	freeing := numbered(room, 3)
	freeing.Bar = &stream.Bar{Key: "ann"}
	put(t, b, freeing)
	put(t, b, of("ann", room))
	// The bar also ends after its TTL.
	barring.Bar.TTL = 50 * time.Millisecond
	put(t, b, barring)
	put(t, b, of("ann", room))
}

// cast checks that a cast event reaches the live followers on every pod, and is not kept.
func cast(t *testing.T, b *backend) {
	first := put(t, b, numbered(room, 1))
	var clients []*streamtest.Client
	for range 2 {
		hub := streamtest.StartHub(t, b.Store, b.newBus())
		clients = append(clients, streamtest.Follow(t, hub, room, first.Position))
	}
	e := stream.Event{Name: "chat:typing", Data: []byte(`{"typing":true}`)}
	for _, c := range clients {
		streamtest.Eventually(t, "a cast", func() bool {
			if err := b.Cast(t.Context(), room, e); err != nil {
				t.Fatal(err)
			}
			return len(c.Casts()) > 0
		})
		if got := c.Casts()[0]; got.Name != e.Name || string(got.Data) != string(e.Data) || got.Position != (stream.Position{}) {
			t.Errorf("received %+v", got)
		}
	}
	next := put(t, b, numbered(room, 2))
	for _, c := range clients {
		c.Arrives(t, next.Position)
	}
	if now := load(t, b, room); now.Seq != 2 {
		t.Errorf("seq %d after 2 commits, want 2", now.Seq)
	}
	for _, bad := range []stream.Event{{Name: "a b", Data: e.Data}, {Name: "x"}, {Name: "x", Data: e.Data, Control: stream.Control{Unfollow: []stream.ID{room}}}} {
		if b.Cast(t.Context(), room, bad) == nil {
			t.Errorf("Cast accepted %+v", bad)
		}
	}
}
