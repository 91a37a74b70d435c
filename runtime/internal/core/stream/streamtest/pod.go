package streamtest

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
)

// TB is the part of a test that the helpers need; *testing.T, *testing.B and *rapid.T
// implement it.
type TB interface {
	Helper()
	Cleanup(f func())
	Fatalf(format string, args ...any)
}

// patience is the time that the helpers wait for an expected event.
const patience = 30 * time.Second

// Eventually polls ok until it returns true, and fails the test after half a minute.
func Eventually(t TB, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %s", patience, what)
		}
		time.Sleep(time.Millisecond)
	}
}

// StartHub makes a Hub and runs it until the test ends.
func StartHub(t TB, store stream.Store, bus stream.Bus, opts ...stream.HubOption) *stream.Hub {
	t.Helper()
	hub := stream.NewHub(store, bus, opts...)
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		_ = hub.Run(ctx) // returns the end of ctx
	})
	t.Cleanup(func() {
		cancel()
		running.Wait()
	})
	return hub
}

// Client is a follower that records its deliveries.
type Client struct {
	*Recorder
	*stream.Attachment
	stream stream.ID
}

// Attach attaches a new client to a stream and applies its Catchup, without Start.
func Attach(t TB, hub *stream.Hub, id stream.ID, from stream.Position) *Client {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c := &Client{Recorder: NewRecorder(from), stream: id}
	a, err := hub.Attach(ctx, id, from, c.Recorder)
	if err != nil {
		t.Fatalf("attach to %s: %v", id, err)
	}
	c.Attachment = a
	c.Apply(id, a.Catchup)
	return c
}

// Follow is Attach with Start.
func Follow(t TB, hub *stream.Hub, id stream.ID, from stream.Position) *Client {
	t.Helper()
	c := Attach(t, hub, id, from)
	c.Start()
	return c
}

// Arrives waits until the client is at a position. It fails the test if the client saw a
// gap or a duplicate.
func (c *Client) Arrives(t TB, at stream.Position) {
	t.Helper()
	Eventually(t, fmt.Sprintf("a client of %s at %v", c.stream, at), func() bool { return c.At() == at })
	if f := c.Faults(); len(f) > 0 {
		t.Fatalf("%s: %v", c.stream, f)
	}
}
