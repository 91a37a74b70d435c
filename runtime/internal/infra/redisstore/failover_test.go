package redisstore_test

import (
	"strings"
	"testing"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/internal/core/stream/streamtest"
	"github.com/anteroom/anteroom/test/redistest"
)

// With every write on disk, a restart begins a new epoch, but no client loses its position.
func TestRestartKeepsAll(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t, redistest.AppendOnly())
	c := open(t, standalone(s))
	for n := range 5 {
		put(t, c.Store(), numbered(room, n))
	}
	before := load(t, c.Store(), room)
	s.Kill()
	s.Restart()
	after := put(t, c.Store(), numbered(room, 5))
	if after.Epoch == before.Epoch || after.Seq != 6 {
		t.Errorf("before %+v, after %+v", before.Position, after.Position)
	}
	for _, from := range []stream.Position{before.Position, {Epoch: before.Epoch, Seq: 2}} {
		got, err := c.Store().CatchUp(t.Context(), room, from)
		if err != nil || !got.Recovered || len(got.Records) != int(6-from.Seq) {
			t.Errorf("from %v: %+v, %v", from, got, err)
		}
	}
}

// A client that was offline for up to seven restarts recovers, even without a commit
// between the restarts.
func TestManyRestarts(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t, redistest.AppendOnly())
	c := open(t, standalone(s))
	for n := range 5 {
		put(t, c.Store(), numbered(room, n))
	}
	first := load(t, c.Store(), room).Position
	recovered := func() bool {
		got, err := c.Store().CatchUp(t.Context(), room, stream.Position{Epoch: first.Epoch, Seq: 3})
		if err != nil {
			t.Fatal(err)
		}
		return got.Recovered && len(got.Records) == 2
	}
	for n := range 8 {
		s.Kill()
		s.Restart()
		if within := n < 7; recovered() != within {
			t.Fatalf("after %d restarts: recovered %v", n+1, !within)
		}
	}
	ahead := stream.Position{Epoch: first.Epoch, Seq: 6}
	if got, err := c.Store().CatchUp(t.Context(), room, ahead); err != nil || got.Recovered {
		t.Errorf("from a seq that never existed: %+v, %v", got, err)
	}
}

// Writes that were not on disk are lost. A client that had received them is reset, even
// when the same seqs have been assigned again.
func TestRestartLosesSuffix(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	c := open(t, standalone(s))
	hub := streamtest.StartHub(t, c.Store(), c.Bus())
	for n := range 5 {
		put(t, c.Store(), numbered(room, n))
	}
	s.MustDo("SAVE")
	saw := put(t, c.Store(), numbered(room, 100)).Position
	client := streamtest.Follow(t, hub, room, stream.Position{})
	client.Arrives(t, saw)
	s.Kill()
	s.Restart()
	for n := range 3 {
		put(t, c.Store(), numbered(room, 200+n))
	}
	now := load(t, c.Store(), room)
	if now.Seq != 8 || now.Epoch == saw.Epoch {
		t.Fatalf("now %+v, before %+v", now.Position, saw)
	}
	client.Arrives(t, now.Position)
	if len(client.Resets()) != 1 || client.State() != string(now.Doc) {
		t.Errorf("resets %+v, state %s", client.Resets(), client.State())
	}
	cases := map[string]struct {
		from      stream.Position
		recovered bool
	}{
		"received a lost event":    {saw, false},
		"received all kept events": {stream.Position{Epoch: saw.Epoch, Seq: 5}, true},
		"received some events":     {stream.Position{Epoch: saw.Epoch, Seq: 2}, true},
		"beyond the end":           {stream.Position{Epoch: saw.Epoch, Seq: 8}, false},
	}
	for name, tc := range cases {
		got, err := c.Store().CatchUp(t.Context(), room, tc.from)
		if err != nil || got.Recovered != tc.recovered {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	s.MustDo("SAVE")
	s.Kill()
	s.Restart()
	for name, tc := range cases {
		got, err := c.Store().CatchUp(t.Context(), room, tc.from)
		if err != nil || got.Recovered != tc.recovered {
			t.Errorf("%s, after another restart: %+v, %v", name, got, err)
		}
	}
}

// Whatever a failover loses, followers end in the new primary's state, by replay or by
// reset.
func TestSentinelFailover(t *testing.T) {
	t.Parallel()
	s := redistest.StartSentinel(t, 3*time.Second)
	tr := startTraffic(t, watched(s), 5)
	tr.flows()
	old := s.Primary()
	old.Kill()
	fresh := s.AwaitNewPrimary(old)
	tr.flows()
	old.Restart() // returns as a replica, without data of its own
	streamtest.Eventually(t, "the old primary is a replica in sync", func() bool {
		out, err := old.Do("INFO", "replication")
		return err == nil && strings.Contains(out, "master_link_status:up")
	})
	s.FailOver(fresh)
	tr.flows()
	tr.settle()
}

// The replica lags, so that the failover loses an event that clients have received.
func TestSentinelFailoverLosesSuffix(t *testing.T) {
	t.Parallel()
	s := redistest.StartSentinel(t, 3*time.Second)
	c := open(t, watched(s))
	hub := streamtest.StartHub(t, c.Store(), c.Bus())
	put(t, c.Store(), numbered(room, 1))
	old, replica := s.Primary(), s.Servers[1]
	streamtest.Eventually(t, "the replica has the stream", func() bool {
		out, err := replica.Do("EXISTS", "{"+string(room)+"}:h")
		return err == nil && out == "1"
	})
	client := streamtest.Follow(t, hub, room, stream.Position{})
	replica.Pause()
	old.MustDo("CLIENT", "KILL", "TYPE", "replica")
	saw := put(t, c.Store(), numbered(room, 2)).Position
	client.Arrives(t, saw)
	old.Kill()
	replica.Resume()
	s.AwaitNewPrimary(old)
	now := put(t, c.Store(), numbered(room, 3))
	if now.Seq != saw.Seq || now.Epoch == saw.Epoch {
		t.Fatalf("saw %+v, now %+v: want the same seq in a new epoch", saw, now.Position)
	}
	client.Arrives(t, now.Position)
	if len(client.Resets()) == 0 || client.State() != `{"n":3}` {
		t.Errorf("%d resets, state %s", len(client.Resets()), client.State())
	}
}

// A primary is partitioned, demoted and promoted again without a restart. It has lost the
// events that only it had, so the stream must have a new epoch.
func TestDemotedPrimaryComesBack(t *testing.T) {
	t.Parallel()
	one, two := redistest.Start(t), redistest.Start(t)
	c := open(t, standalone(one))
	put(t, c.Store(), numbered(room, 1))
	host, port, _ := strings.Cut(one.Addr(), ":")
	two.MustDo("REPLICAOF", host, port)
	streamtest.Eventually(t, "the replica has the stream", func() bool {
		out, err := two.Do("EXISTS", "{"+string(room)+"}:h")
		return err == nil && out == "1"
	})
	two.MustDo("REPLICAOF", "NO", "ONE")
	saw := put(t, c.Store(), numbered(room, 2)).Position
	host, port, _ = strings.Cut(two.Addr(), ":")
	one.MustDo("REPLICAOF", host, port)
	streamtest.Eventually(t, "the demoted primary is a replica in sync", func() bool {
		out, err := one.Do("INFO", "replication")
		return err == nil && strings.Contains(out, "master_link_status:up")
	})
	one.MustDo("REPLICAOF", "NO", "ONE")
	got, err := c.Store().CatchUp(t.Context(), room, saw)
	if err != nil || got.Recovered || got.Now.Seq != 1 || got.Now.Epoch == saw.Epoch {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestClusterNodeRestarts(t *testing.T) {
	t.Parallel()
	c := redistest.StartCluster(t, redistest.AppendOnly())
	tr := startTraffic(t, clustered(c), 12)
	tr.flows()
	c.Nodes[1].Kill()
	c.Nodes[1].Restart()
	tr.flows()
	c.Nodes[2].MustDo("CLIENT", "KILL", "TYPE", "pubsub")
	tr.flows()
	tr.settle()
}

// Streams continue while their slots move to another node.
func TestClusterMovesSlots(t *testing.T) {
	t.Parallel()
	c := redistest.StartCluster(t)
	tr := startTraffic(t, clustered(c), 6)
	tr.flows()
	for id := range tr.clients {
		key := "{" + string(id) + "}"
		to := c.Nodes[0]
		if c.Owner(key) == to {
			to = c.Nodes[1]
		}
		c.MoveSlot(key, to)
	}
	tr.flows()
	tr.settle()
}

// A list that remained after the eviction of its hash must not become the log of the new
// stream.
func TestEvictedHash(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	c := open(t, standalone(s))
	for n := range 5 {
		put(t, c.Store(), numbered(room, n))
	}
	s.MustDo("DEL", "{"+string(room)+"}:h")
	put(t, c.Store(), numbered(room, 10))
	got, err := c.Store().CatchUp(t.Context(), room, stream.Position{})
	if err != nil || !got.Recovered || data(got.Records) != `1:{"n":10}` {
		t.Errorf("%+v, %v", got, err)
	}
	page, err := c.Store().Page(t.Context(), room, stream.PageQuery{Limit: 10})
	if err != nil || data(page.Records) != `1:{"n":10}` {
		t.Errorf("%+v, %v", page, err)
	}
}
