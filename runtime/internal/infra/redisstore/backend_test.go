package redisstore_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/internal/core/stream/streamtest"
	"github.com/anteroom/anteroom/runtime/internal/infra/redisstore"
	"github.com/anteroom/anteroom/test/redistest"
)

// backend is an empty implementation of the ports.
type backend struct {
	stream.Store
	stream.Caster
	stream.Bars
	stream.Names
	stream.Sets
	stream.Replies
	stream.Budgets
	// newBus and newDeadlines make the bus and the deadlines of a further pod.
	newBus       func() stream.Bus
	newDeadlines func() stream.Deadlines
	// flush deletes all data.
	flush func()
}

// backends are the stores on which the contract runs. Each returns a function that makes an
// empty backend.
var backends = map[string]func(t *testing.T) func(t *testing.T) *backend{
	"memory": func(*testing.T) func(*testing.T) *backend {
		return func(*testing.T) *backend { return onMemory(streamtest.New()) }
	},
	"miniredis": func(t *testing.T) func(*testing.T) *backend {
		m := miniredis.RunT(t)
		m.ClockTTL(true)
		return on(redisstore.Options{Topology: redisstore.Standalone, Addresses: []string{m.Addr()}}, m.FlushAll)
	},
	"standalone": func(t *testing.T) func(*testing.T) *backend {
		s := redistest.Start(t)
		return on(standalone(s), func() { s.MustDo("FLUSHALL") })
	},
	// Redis 6 lacks sharded pub/sub; a deployment that began on it keeps plain pub/sub.
	"standalone, plain pub/sub": func(t *testing.T) func(*testing.T) *backend {
		s := redistest.Start(t)
		return on(standalone(s), func() { s.MustDo("FLUSHALL") },
			func(prefix string) { s.MustDo("SET", prefix+"bus", "plain") })
	},
	"cluster, plain pub/sub": func(t *testing.T) func(*testing.T) *backend {
		c := redistest.StartCluster(t)
		return on(clustered(c), func() { c.MustDoAll("FLUSHALL") },
			func(prefix string) { c.Owner(prefix+"bus").MustDo("SET", prefix+"bus", "plain") })
	},
	"cluster": func(t *testing.T) func(*testing.T) *backend {
		c := redistest.StartCluster(t)
		return on(clustered(c), func() { c.MustDoAll("FLUSHALL") })
	},
	"sentinel": func(t *testing.T) func(*testing.T) *backend {
		s := redistest.StartSentinel(t, 30*time.Second)
		return on(watched(s), func() { s.Primary().MustDo("FLUSHALL") })
	},
}

func standalone(s *redistest.Server) redisstore.Options {
	return redisstore.Options{Topology: redisstore.Standalone, Addresses: []string{s.Addr()}}
}

func clustered(c *redistest.Cluster) redisstore.Options {
	return redisstore.Options{Topology: redisstore.Cluster, Addresses: c.Addrs()}
}

func watched(s *redistest.Sentinel) redisstore.Options {
	return redisstore.Options{
		Topology: redisstore.Sentinel, Addresses: s.Addrs(), MasterName: redistest.MasterName,
	}
}

func onMemory(m *streamtest.Memory) *backend {
	return &backend{
		Store: m, Caster: m, Bars: m, Names: m, Sets: m, Replies: m, Budgets: m,
		newBus:       func() stream.Bus { return m.Bus() },
		newDeadlines: func() stream.Deadlines { return m.Deadlines() },
		flush:        m.Flush,
	}
}

// prefixes separate the tests that share a server.
var prefixes atomic.Int64

// on makes backends on a server, each with its own prefix. It calls before with the prefix.
func on(o redisstore.Options, flush func(), before ...func(prefix string)) func(*testing.T) *backend {
	return func(t *testing.T) *backend {
		t.Helper()
		o := o
		o.Prefix = fmt.Sprintf("t%d:", prefixes.Add(1))
		for _, f := range before {
			f(o.Prefix)
		}
		c := open(t, o)
		return &backend{
			Store: c.Store(), Caster: c.Store(), Bars: c.Store(), Names: c.Names(), Sets: c.Sets(), Replies: c.Replies(), Budgets: c.Budgets(),
			newBus:       func() stream.Bus { return c.Bus() },
			newDeadlines: func() stream.Deadlines { return c.Deadlines() },
			flush:        flush,
		}
	}
}

func open(t testing.TB, o redisstore.Options) *redisstore.Client {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	c, err := redisstore.Open(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

var keep = stream.Retention{LogSize: 64, LogTTL: time.Minute, TTL: time.Hour}

// event returns an event whose data is {"n": n}.
func event(n int) stream.Event {
	return stream.Event{Name: "set", Data: fmt.Appendf(nil, `{"n":%d}`, n)}
}

// numbered returns a commit whose document and event are {"n": n}.
func numbered(id stream.ID, n int) stream.Commit {
	e := event(n)
	return stream.Commit{Stream: id, Doc: e.Data, Events: []stream.Event{e}, Retain: keep}
}

// put commits, and retries while Redis is unavailable. A commit without a reply may have
// happened.
func put(t streamtest.TB, s stream.Store, c stream.Commit) stream.Result {
	t.Helper()
	var result stream.Result
	var err error
	streamtest.Eventually(t, "a commit", func() bool {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		result, err = s.Commit(ctx, c)
		return err == nil
	})
	return result
}

// load loads, and retries like put.
func load(t streamtest.TB, s stream.Store, id stream.ID) stream.Snapshot {
	t.Helper()
	var now stream.Snapshot
	streamtest.Eventually(t, "a load", func() bool {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		var err error
		now, err = s.Load(ctx, id)
		return err == nil
	})
	return now
}

// data joins the records' seqs and data, for comparison.
func data(records []stream.Record) string {
	var all []string
	for _, r := range records {
		all = append(all, fmt.Sprintf("%d:%s", r.Seq, r.Data))
	}
	return strings.Join(all, " ")
}

// number returns n of a document of numbered.
func number(doc []byte) int {
	var v struct{ N int }
	if json.Unmarshal(doc, &v) != nil {
		return -1
	}
	return v.N
}
