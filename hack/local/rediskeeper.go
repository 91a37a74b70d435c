package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
)

const (
	// redisTimeout bounds the start of Redis until it listens.
	redisTimeout = 10 * time.Second
	// redisGrace bounds the stop of Redis.
	redisGrace = 3 * time.Second
)

// redisKeeper keeps redis-server running on one port.
type redisKeeper struct {
	log     *console
	program string
	args    []string
	address string
	// quit is closed to keep Redis stopped.
	quit chan struct{}

	mu    sync.Mutex
	child *child
}

func newRedisKeeper(log *console, program string, args []string, address string) *redisKeeper {
	return &redisKeeper{log: log, program: program, args: args, address: address, quit: make(chan struct{})}
}

// start runs Redis, waits until it listens, and from then on restarts it when it exits.
func (k *redisKeeper) start(ctx context.Context) error {
	c, err := startChild(k.log, "redis", k.program, k.args...)
	if err != nil {
		return err
	}
	waiting, cancel := context.WithTimeout(ctx, redisTimeout)
	defer cancel()
	if err := waitListening(waiting, k.address, c.done); err != nil {
		c.kill()
		return fmt.Errorf("redis-server does not start (%w); see the lines above", err)
	}
	k.mu.Lock()
	k.child = c
	k.mu.Unlock()
	// Redis outlives ctx, which ends before the servers have stopped.
	go k.watch(context.WithoutCancel(ctx), c)
	return nil
}

// watch restarts Redis, after a growing pause, when it exits by itself.
func (k *redisKeeper) watch(ctx context.Context, c *child) {
	<-c.done
	for backoff := minBackoff; ; backoff = min(2*backoff, maxBackoff) {
		if k.ended() {
			return
		}
		k.log.say("redis exited (%s); restarting in %s", c.how(), backoff)
		select {
		case <-k.quit:
			return
		case <-time.After(backoff):
		}
		if k.start(ctx) == nil {
			return
		}
	}
}

func (k *redisKeeper) ended() bool {
	select {
	case <-k.quit:
		return true
	default:
		return false
	}
}

// end stops Redis permanently.
func (k *redisKeeper) end() {
	close(k.quit)
	k.mu.Lock()
	c := k.child
	k.mu.Unlock()
	c.stop(redisGrace, urgency{})
}

// pid returns the process id of the current Redis, or of the last.
func (k *redisKeeper) pid() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.child.pid()
}

// waitListening waits until the address accepts connections.
func waitListening(ctx context.Context, address string, ended <-chan struct{}) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		conn, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "tcp", address)
		if err == nil {
			return conn.Close()
		}
		select {
		case <-ended:
			return errors.New("it exited")
		case <-ctx.Done():
			return fmt.Errorf("nothing listens on %s", address)
		case <-tick.C:
		}
	}
}
