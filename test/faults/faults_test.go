//go:build faults

package faults

import (
	"strconv"
	"testing"
	"time"

	configv1 "github.com/anteroom/anteroom/api/config/v1alpha1"
	"github.com/anteroom/anteroom/test/crowd"
	"github.com/anteroom/anteroom/test/fleet"
	"github.com/anteroom/anteroom/test/redistest"
)

const (
	// unreadyWithin is how soon servers say that Redis is away, and healsWithin how
	// soon all is well again once it is back.
	unreadyWithin = 10 * time.Second
	healsWithin   = 15 * time.Second
	// slack is for a machine that has much else to do.
	slack = 5 * time.Second
)

func standalone(s *redistest.Server) configv1.Redis {
	return configv1.Redis{Topology: configv1.RedisStandalone, Addresses: []string{s.Addr()}}
}

// start gathers a crowd on servers over a Redis, once all of it works.
func start(t *testing.T, redis configv1.Redis) (*fleet.Fleet, *crowd.Crowd) {
	t.Helper()
	f := startFleet(t, redis)
	c := crowd.Gather(t, crowd.Site{Addresses: f.Addresses(), Token: func(user string) string { return fleet.Token(t, user) }})
	c.GoesOn(patience)
	return f, c
}

func TestRollingRestart(t *testing.T) {
	t.Parallel()
	f, c := start(t, standalone(redistest.Start(t)))
	for _, s := range f.Servers {
		s.Drain()
		s.Start()
		f.AwaitReady(patience)
	}
	c.GoesOn(patience)
	c.Settle()
}

func TestKillEvery30s(t *testing.T) {
	t.Parallel()
	f, c := start(t, standalone(redistest.Start(t)))
	for _, s := range f.Servers {
		s.Kill()
		next := time.After(30 * time.Second)
		s.Start()
		f.AwaitReady(patience)
		c.GoesOn(patience)
		<-next
	}
	c.Settle()
}

func TestPubSubConnectionsKilled(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	_, c := start(t, standalone(redis))
	killed := 0
	for range 20 {
		n, _ := strconv.Atoi(redis.MustDo("CLIENT", "KILL", "TYPE", "pubsub"))
		killed += n
		c.GoesOn(patience)
	}
	if killed < 20 {
		t.Errorf("%d connections were killed", killed)
	}
	c.StaysConnected()
	c.Settle()
}

// TestRedisRestarts stops Redis in order, and kills it. Each is a test of its own: of a
// stream that has no event between two restarts, one of the epochs is forgotten (see
// "What Redis may lose" in runtime/README.md).
func TestRedisRestarts(t *testing.T) {
	for name, end := range map[string]func(*redistest.Server){"stopped": (*redistest.Server).Stop, "killed": (*redistest.Server).Kill} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			redis := redistest.Start(t, redistest.AppendOnly())
			f, c := start(t, standalone(redis))
			end(redis)
			<-time.After(time.Second) // how long Redis is away; nothing is waited for
			redis.Restart()
			back := time.Now()
			c.GoesOn(healsWithin + slack)
			f.AwaitReady(healsWithin + slack - time.Since(back))
			c.StaysConnected()
			c.Settle()
		})
	}
}

// TestSentinelFailover kills the primary at a moment when its replica has all that
// was acknowledged: replication is asynchronous, and what only the dead one had
// nobody can bring back.
func TestSentinelFailover(t *testing.T) {
	t.Parallel()
	redis := redistest.StartSentinel(t, 3*time.Second)
	f, c := start(t, configv1.Redis{
		Topology: configv1.RedisSentinel, Addresses: redis.Addrs(), MasterName: redistest.MasterName,
	})
	old := redis.Primary()
	goOn := c.Still()
	redis.AwaitInStep()
	old.Kill()
	goOn()
	redis.AwaitNewPrimary(old)
	back := time.Now()
	c.GoesOn(healsWithin + slack)
	f.AwaitReady(healsWithin + slack - time.Since(back))
	c.StaysConnected()
	c.Settle()
}

func TestRedisPausedFor30s(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	f, c := start(t, standalone(redis))
	redis.Pause()
	over := time.After(30 * time.Second)
	f.AwaitUnready(unreadyWithin + slack)
	<-over
	redis.Resume()
	back := time.Now()
	c.GoesOn(healsWithin + slack)
	f.AwaitReady(healsWithin + slack - time.Since(back))
	c.StaysConnected()
	c.WasRefused("unavailable")
	c.Settle()
}
