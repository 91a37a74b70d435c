package redisstore_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/google/go-cmp/cmp"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/internal/core/stream/streamtest"
	"github.com/anteroom/anteroom/runtime/internal/infra/redisstore"
	"github.com/anteroom/anteroom/test/redistest"
)

func TestUnavailable(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		spoil func(t *testing.T, s *redistest.Server)
		reads bool // whether reading still works
	}{
		"killed":           {func(_ *testing.T, s *redistest.Server) { s.Kill() }, false},
		"out of memory":    {func(_ *testing.T, s *redistest.Server) { s.MustDo("CONFIG", "SET", "maxmemory", "1") }, true},
		"too few replicas": {func(_ *testing.T, s *redistest.Server) { s.MustDo("CONFIG", "SET", "min-replicas-to-write", "1") }, true},
		"replica":          {func(_ *testing.T, s *redistest.Server) { s.MustDo("REPLICAOF", "127.0.0.1", "1") }, true},
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
	t.Run("no server", func(t *testing.T) {
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
				t.Errorf("Open accepted %+v", o)
			}
		}
	})
	t.Run("pub/sub", func(t *testing.T) {
		s := redistest.Start(t)
		if !open(t, standalone(s)).Sharded() {
			t.Error("Redis 7: plain pub/sub, want sharded")
		}
		m := miniredis.RunT(t)
		o := redisstore.Options{Topology: redisstore.Standalone, Addresses: []string{m.Addr()}}
		if open(t, o).Sharded() {
			t.Error("miniredis: sharded pub/sub, want plain")
		}
		s.MustDo("FLUSHALL")
		s.MustDo("SET", "bus", "plain")
		if open(t, standalone(s)).Sharded() {
			t.Error("deployment that began with plain pub/sub: sharded, want plain")
		}
	})
}

// New connections log in with the password that Password returns at that time.
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
		t.Errorf("old password: %v, want ErrUnavailable without the password", err)
	}
	mu.Lock()
	password = "second"
	mu.Unlock()
	load(t, c.Store(), room)
}

// A pod dies while it processes a deadline.
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
	streamtest.Eventually(t, "the dying pod processes the deadline", func() bool { return last.count(room) > 0 })
	heir := &looks{}
	heir.run(t, c.Deadlines())
	streamtest.Eventually(t, "another pod's look", func() bool { return heir.count(room) > 0 })
}

func TestProbe(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t, redistest.AppendOnly())
	c := open(t, standalone(s))
	p := c.Probe(time.Second)
	if p.Healthy() || !errors.Is(p.LastError(), redisstore.ErrNotProbed) {
		t.Errorf("before the first round: %v, want ErrNotProbed", p.LastError())
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
	frozen := time.Now()
	unhealthy()
	// The last successful round was before the freeze, or running at that moment.
	last := p.Since()
	if !errors.Is(p.LastError(), stream.ErrUnavailable) || last.Before(since) || last.After(frozen.Add(time.Second)) {
		t.Errorf("frozen at %v: error %v, last success at %v", frozen, p.LastError(), last)
	}
	<-time.After(1500 * time.Millisecond) // another round, which fails too
	if now := p.Since(); !now.Equal(last) {
		t.Errorf("a failed round changed the last success from %v to %v", last, now)
	}
	s.Resume()
	healthy()
	s.MustDo("REPLICAOF", "127.0.0.1", "1")
	unhealthy() // although it answers PING, and publishes
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

// A commit whose reply was lost is sent again. The second call must not report the first
// call's commit as Repeated.
func TestACommitWhoseReplyWasLost(t *testing.T) {
	c := open(t, standalone(redistest.Start(t)))
	commit := numbered(room, 1)
	commit.Once = &stream.Once{Scope: "ann", Key: "k", Value: []byte("v"), TTL: time.Minute}
	put(t, c.Store(), numbered("room:other", 1)) // loads the script into Redis
	c.LoseReply()
	first, err := c.Store().Commit(t.Context(), commit)
	if err != nil || first.Repeated || first.Seq != 1 || string(first.Value) != "v" {
		t.Errorf("the commit: %+v, %v", first, err)
	}
	again, err := c.Store().Commit(t.Context(), commit)
	first.Repeated = true
	if d := cmp.Diff(first, again); d != "" || err != nil {
		t.Errorf("repeated: %v (-want +got):\n%s", err, d)
	}
}
