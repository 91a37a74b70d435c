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
	// unreadyWithin bounds the time until servers report that Redis is down, and
	// healsWithin the time until the cluster works again after Redis is back.
	unreadyWithin = 10 * time.Second
	healsWithin   = 15 * time.Second
	// slack is a margin for a busy machine.
	slack = 5 * time.Second
)

func standalone(s *redistest.Server) configv1.Redis {
	return configv1.Redis{Topology: configv1.RedisStandalone, Addresses: []string{s.Addr()}}
}

// start starts servers over a Redis and gathers a crowd.
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
		t.Errorf("got %d killed connections", killed)
	}
	c.StaysConnected()
	c.Settle()
}

// TestRedisRestarts stops Redis gracefully, and kills it. Each is a separate test: a
// stream without an event between two restarts forgets one of the epochs (see "What Redis
// may lose" in runtime/README.md).
func TestRedisRestarts(t *testing.T) {
	for name, end := range map[string]func(*redistest.Server){"stopped": (*redistest.Server).Stop, "killed": (*redistest.Server).Kill} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			redis := redistest.Start(t, redistest.AppendOnly())
			f, c := start(t, standalone(redis))
			end(redis)
			<-time.After(time.Second) // how long Redis is down
			redis.Restart()
			back := time.Now()
			c.GoesOn(healsWithin + slack)
			f.AwaitReady(healsWithin + slack - time.Since(back))
			c.StaysConnected()
			c.Settle()
		})
	}
}

// TestSentinelFailover kills the primary while its replica has all acknowledged data.
// Replication is asynchronous, so data that only the primary had would be lost.
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
	// A request that was past its first step when Redis stopped waits for each further step, and
	// may reach its own deadline.
	c.WasRefused("unavailable", "deadline_exceeded")
	c.Settle()
}
