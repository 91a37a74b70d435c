package redisstore_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"github.com/anteroom/anteroom/runtime/internal/redisstore"
	"github.com/anteroom/anteroom/runtime/internal/stream"
	"github.com/anteroom/anteroom/runtime/internal/stream/streamtest"
	"github.com/anteroom/anteroom/test/redistest"
)

// traffic is load on some streams: writers that never stop for an error, and
// followers on two pods.
type traffic struct {
	t       *testing.T
	c       *redisstore.Client
	stop    context.CancelFunc
	writing sync.WaitGroup
	clients map[stream.ID][]*streamtest.Client
}

// startTraffic begins it on count streams.
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
		// Errors are what the fault is expected to give; what counts is what the
		// followers see in the end.
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

// flows waits until every stream has moved on by some records.
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

// settle ends the traffic and checks that every follower is where the store is, in
// the same state, and saw neither a gap nor a double.
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
				tr.t.Errorf("%s: a follower ends with %s, the store with %s", id, c.State(), now.Doc)
			}
		}
	}
}

// resets counts them over all followers.
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
			t.Fatal("there was no subscription to kill")
		}
	}
	tr.flows()
	tr.settle()
	if n := tr.resets(); n != 0 {
		t.Errorf("%d resets, where a replay would do", n)
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
		t.Errorf("%d resets, where a replay would do", n)
	}
}

// TestFrozenServer: a server that hangs gives ErrUnavailable within a bound, and
// costs nothing when it goes on.
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

// TestRestartKeepsAll: with every write on disk, a restart begins a new epoch but
// nobody loses its place.
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

// TestRestartLosesSuffix: what was not on disk is lost; who saw it is told so, also
// when the same seqs have been given out again.
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
		"saw what is lost":     {saw, false},
		"saw all that is kept": {stream.Position{Epoch: saw.Epoch, Seq: 5}, true},
		"saw some of it":       {stream.Position{Epoch: saw.Epoch, Seq: 2}, true},
		"beyond":               {stream.Position{Epoch: saw.Epoch, Seq: 8}, false},
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
	got, err := c.Store().CatchUp(t.Context(), room, stream.Position{Epoch: saw.Epoch, Seq: 2})
	if err != nil || got.Recovered {
		t.Errorf("an epoch is remembered over one restart only: %+v, %v", got, err)
	}
}

// TestSentinelFailover: whatever the failover loses, followers end in the state of
// the new primary, by replay or by reset.
func TestSentinelFailover(t *testing.T) {
	t.Parallel()
	s := redistest.StartSentinel(t)
	tr := startTraffic(t, watched(s), 5)
	tr.flows()
	old := s.Primary()
	old.Kill()
	fresh := s.AwaitNewPrimary(old)
	tr.flows()
	old.Restart() // comes back as a replica, with nothing of its own
	streamtest.Eventually(t, "the old primary is a replica in step", func() bool {
		out, err := old.Do("INFO", "replication")
		return err == nil && strings.Contains(out, "master_link_status:up")
	})
	// The second one is in good order.
	streamtest.Eventually(t, "the sentinels take the order", func() bool {
		_, err := s.Sentinels[0].Do("SENTINEL", "FAILOVER", redistest.MasterName)
		return err == nil
	})
	s.AwaitNewPrimary(fresh)
	tr.flows()
	tr.settle()
}

// TestSentinelFailoverLosesSuffix: the replica lags, so the failover does lose what
// clients have seen.
func TestSentinelFailoverLosesSuffix(t *testing.T) {
	t.Parallel()
	s := redistest.StartSentinel(t)
	c := open(t, watched(s))
	hub := streamtest.StartHub(t, c.Store(), c.Bus())
	put(t, c.Store(), numbered(room, 1))
	old, replica := s.Primary(), s.Servers[1]
	streamtest.Eventually(t, "the replica has it", func() bool {
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
		t.Fatalf("saw %+v, now %+v: the second commit should be lost", saw, now.Position)
	}
	client.Arrives(t, now.Position)
	if len(client.Resets()) == 0 || client.State() != `{"n":3}` {
		t.Errorf("%d resets, state %s", len(client.Resets()), client.State())
	}
}

// TestDemotedPrimaryComesBack: a primary that was cut off, demoted and promoted again
// without a restart has lost what only it had, and must not pass for what it was.
func TestDemotedPrimaryComesBack(t *testing.T) {
	t.Parallel()
	one, two := redistest.Start(t), redistest.Start(t)
	c := open(t, standalone(one))
	put(t, c.Store(), numbered(room, 1))
	host, port, _ := strings.Cut(one.Addr(), ":")
	two.MustDo("REPLICAOF", host, port)
	streamtest.Eventually(t, "the replica has it", func() bool {
		out, err := two.Do("EXISTS", "{"+string(room)+"}:h")
		return err == nil && out == "1"
	})
	two.MustDo("REPLICAOF", "NO", "ONE")
	saw := put(t, c.Store(), numbered(room, 2)).Position
	host, port, _ = strings.Cut(two.Addr(), ":")
	one.MustDo("REPLICAOF", host, port)
	streamtest.Eventually(t, "it is a replica in step", func() bool {
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

// TestClusterMovesSlots: streams go on while their slots move to another node.
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

// TestEvictedHash: a list that was left behind does not pass for the log of the
// stream that is made anew.
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

func TestUnavailable(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		spoil func(t *testing.T, s *redistest.Server)
		reads bool // whether reading still works
	}{
		"gone":             {func(_ *testing.T, s *redistest.Server) { s.Kill() }, false},
		"out of memory":    {func(_ *testing.T, s *redistest.Server) { s.MustDo("CONFIG", "SET", "maxmemory", "1") }, true},
		"too few replicas": {func(_ *testing.T, s *redistest.Server) { s.MustDo("CONFIG", "SET", "min-replicas-to-write", "1") }, true},
		"a replica":        {func(_ *testing.T, s *redistest.Server) { s.MustDo("REPLICAOF", "127.0.0.1", "1") }, true},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			s := redistest.Start(t)
			c := open(t, standalone(s))
			put(t, c.Store(), numbered(room, 1))
			tc.spoil(t, s)
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			if _, err := c.Store().Commit(ctx, numbered(room, 2)); !errors.Is(err, stream.ErrUnavailable) {
				t.Errorf("commit: %v", err)
			}
			if _, err := c.Store().Load(ctx, room); (err == nil) != tc.reads {
				t.Errorf("load: %v", err)
			}
			if _, err := c.Names().Claim(ctx, "s", "n", "o", time.Minute); !errors.Is(err, stream.ErrUnavailable) {
				t.Errorf("claim: %v", err)
			}
		})
	}
}

func TestOpen(t *testing.T) {
	t.Parallel()
	t.Run("nobody there", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		_, err := redisstore.Open(ctx, redisstore.Options{Topology: redisstore.Standalone, Addresses: []string{"127.0.0.1:1"}})
		if !errors.Is(err, stream.ErrUnavailable) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("options", func(t *testing.T) {
		for _, o := range []redisstore.Options{
			{}, {Topology: redisstore.Standalone}, {Topology: redisstore.Sentinel, Addresses: []string{"a:1"}},
			{Topology: redisstore.Cluster, Addresses: []string{"a:1"}, Database: 1},
			{Topology: redisstore.Standalone, Addresses: []string{"a:1"}, Prefix: "{x}"},
		} {
			if _, err := redisstore.Open(t.Context(), o); err == nil {
				t.Errorf("%+v was taken", o)
			}
		}
	})
	t.Run("pub/sub", func(t *testing.T) {
		s := redistest.Start(t)
		if !open(t, standalone(s)).Sharded() {
			t.Error("Redis 7 has sharded pub/sub")
		}
		m := miniredis.RunT(t)
		o := redisstore.Options{Topology: redisstore.Standalone, Addresses: []string{m.Addr()}}
		if open(t, o).Sharded() {
			t.Error("miniredis has not")
		}
		s.MustDo("FLUSHALL")
		s.MustDo("SET", "bus", "plain")
		if open(t, standalone(s)).Sharded() {
			t.Error("this deployment has begun with plain pub/sub")
		}
	})
}

// TestPasswordChanges: new connections log in with what Password says then.
func TestPasswordChanges(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t, redistest.Password("first"))
	var mu sync.Mutex
	password := "first"
	o := standalone(s)
	o.Password = func() (string, error) {
		mu.Lock()
		defer mu.Unlock()
		return password, nil
	}
	c := open(t, o)
	put(t, c.Store(), numbered(room, 1))
	s.SetPassword("second")
	s.MustDo("CLIENT", "KILL", "SKIPME", "yes")
	_, err := c.Store().Load(t.Context(), room)
	if !errors.Is(err, stream.ErrUnavailable) || strings.Contains(err.Error(), "first") {
		t.Errorf("with the old password: %v", err)
	}
	mu.Lock()
	password = "second"
	mu.Unlock()
	load(t, c.Store(), room)
}

// TestDeadTaker: a pod dies in the middle of a look.
func TestDeadTaker(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	c := open(t, standalone(s))
	dying, err := redisstore.Open(t.Context(), standalone(s))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Deadlines().Schedule(t.Context(), room, time.Now()); err != nil {
		t.Fatal(err)
	}
	d := dying.Deadlines()
	d.SetLease(500 * time.Millisecond)
	last := &looks{next: func(stream.ID, int) (time.Time, error) { return time.Time{}, dying.Close() }}
	last.run(t, d)
	streamtest.Eventually(t, "the last look", func() bool { return last.count(room) > 0 })
	heir := &looks{}
	heir.run(t, c.Deadlines())
	streamtest.Eventually(t, "another pod's look", func() bool { return heir.count(room) > 0 })
}

func TestProbe(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t, redistest.AppendOnly())
	c := open(t, standalone(s))
	p := c.Probe(200 * time.Millisecond)
	if p.Healthy() || !errors.Is(p.LastError(), redisstore.ErrNotProbed) {
		t.Errorf("before the first round: %v", p.LastError())
	}
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = p.Run(ctx) })
	defer running.Wait()
	defer cancel()
	healthy := func() { t.Helper(); streamtest.Eventually(t, "healthy", p.Healthy) }
	unhealthy := func() { t.Helper(); streamtest.Eventually(t, "unhealthy", func() bool { return !p.Healthy() }) }
	healthy()
	since := p.Since()
	s.Pause()
	unhealthy()
	if !errors.Is(p.LastError(), stream.ErrUnavailable) || !p.Since().After(since) {
		t.Errorf("frozen: %v since %v", p.LastError(), p.Since())
	}
	s.Resume()
	healthy()
	s.MustDo("REPLICAOF", "127.0.0.1", "1")
	unhealthy() // though it answers PING, and publishes
	s.MustDo("REPLICAOF", "NO", "ONE")
	healthy()
	s.Kill()
	unhealthy()
	s.Restart()
	healthy()
}

func TestProbeOfCluster(t *testing.T) {
	t.Parallel()
	s := redistest.StartCluster(t)
	p := open(t, clustered(s)).Probe(time.Second)
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = p.Run(ctx) })
	defer running.Wait()
	defer cancel()
	streamtest.Eventually(t, "healthy", p.Healthy)
}
