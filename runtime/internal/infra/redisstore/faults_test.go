package redisstore_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/internal/core/stream/streamtest"
	"github.com/anteroom/anteroom/runtime/internal/infra/redisstore"
	"github.com/anteroom/anteroom/test/redistest"
)

// traffic is load on some streams: writers that continue after errors, and followers on two
// pods.
type traffic struct {
	t       *testing.T
	c       *redisstore.Client
	stop    context.CancelFunc
	writing sync.WaitGroup
	clients map[stream.ID][]*streamtest.Client
}

// startTraffic starts the traffic on count streams.
func startTraffic(t *testing.T, o redisstore.Options, count int) *traffic {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	tr := &traffic{t: t, c: open(t, o), stop: stop, clients: map[stream.ID][]*streamtest.Client{}}
	other := open(t, o)
	hubs := []*stream.Hub{
		streamtest.StartHub(t, tr.c.Store(), tr.c.Bus()), streamtest.StartHub(t, other.Store(), other.Bus()),
	}
	for i := range count {
		id := streamID(i)
		for _, h := range hubs {
			tr.clients[id] = append(tr.clients[id], streamtest.Follow(t, h, id, stream.Position{}))
		}
		tr.writing.Go(func() { tr.write(ctx, id) })
	}
	t.Cleanup(func() {
		stop()
		tr.writing.Wait()
	})
	return tr
}

func (tr *traffic) write(ctx context.Context, id stream.ID) {
	for n := 1; ctx.Err() == nil; n++ {
		c := numbered(id, n)
		c.Retain.LogSize = 1000
		// The fault is expected to cause errors; the test checks the followers' final
		// state.
		if _, err := tr.c.Store().Commit(ctx, c); err != nil && !errors.Is(err, stream.ErrUnavailable) {
			tr.t.Errorf("commit: %v", err)
			return
		}
		select {
		case <-time.After(2 * time.Millisecond):
		case <-ctx.Done():
		}
	}
}

// flows waits until every stream has some more records.
func (tr *traffic) flows() {
	tr.t.Helper()
	for id, clients := range tr.clients {
		for _, c := range clients {
			was := len(c.Records()) + len(c.Resets())
			streamtest.Eventually(tr.t, fmt.Sprintf("%s flows", id), func() bool {
				return len(c.Records())+len(c.Resets()) >= was+5
			})
		}
	}
}

// settle ends the traffic. It checks that every follower has the store's position and
// state, and saw neither a gap nor a duplicate.
func (tr *traffic) settle() {
	tr.t.Helper()
	tr.stop()
	tr.writing.Wait()
	for id, clients := range tr.clients {
		put(tr.t, tr.c.Store(), numbered(id, -7))
		now := load(tr.t, tr.c.Store(), id)
		for _, c := range clients {
			c.Arrives(tr.t, now.Position)
			if c.State() != string(now.Doc) {
				tr.t.Errorf("%s: the follower's state is %s, the store's %s", id, c.State(), now.Doc)
			}
		}
	}
}

// resets counts the resets of all followers.
func (tr *traffic) resets() int {
	n := 0
	for _, clients := range tr.clients {
		for _, c := range clients {
			n += len(c.Resets())
		}
	}
	return n
}

func TestKilledSubscription(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	tr := startTraffic(t, standalone(s), 5)
	for range 5 {
		tr.flows()
		if s.MustDo("CLIENT", "KILL", "TYPE", "pubsub") == "0" {
			t.Fatal("no subscription was killed")
		}
	}
	tr.flows()
	tr.settle()
	if n := tr.resets(); n != 0 {
		t.Errorf("%d resets, want 0: a replay is possible", n)
	}
}

func TestKilledConnections(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	tr := startTraffic(t, standalone(s), 5)
	for range 5 {
		tr.flows()
		s.MustDo("CLIENT", "KILL", "SKIPME", "yes")
	}
	tr.flows()
	tr.settle()
	if n := tr.resets(); n != 0 {
		t.Errorf("%d resets, want 0: a replay is possible", n)
	}
}

// A server that hangs causes ErrUnavailable within a bound, and loses nothing when it
// resumes.
func TestFrozenServer(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	tr := startTraffic(t, standalone(s), 3)
	tr.flows()
	s.Pause()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	_, err := tr.c.Store().Load(ctx, streamID(0))
	if !errors.Is(err, stream.ErrUnavailable) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("load: %v", err)
	}
	s.Resume()
	tr.flows()
	tr.settle()
}
