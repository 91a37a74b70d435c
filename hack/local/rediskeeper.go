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
	// redisTimeout bounds how long Redis may take to listen.
	redisTimeout = 10 * time.Second
	// redisGrace is how long Redis may take to end.
	redisGrace = 3 * time.Second
)

// redisKeeper keeps redis-server running on one port.
type redisKeeper struct {
	log     *console
	program string
	args    []string
	address string
	// quit is closed when Redis is to stay down.
	quit chan struct{}

	mu    sync.Mutex
	child *child
}

func newRedisKeeper(log *console, program string, args []string, address string) *redisKeeper {
	return &redisKeeper{log: log, program: program, args: args, address: address, quit: make(chan struct{})}
}

// start runs Redis, waits until it listens, and from then on starts it again
// when it ends.
func (k *redisKeeper) start(ctx context.Context) error {
	c, err := startChild(k.log, "redis", k.program, k.args...)
	if err != nil {
		return err
	}
	waiting, cancel := context.WithTimeout(ctx, redisTimeout)
	defer cancel()
	if err := waitListening(waiting, k.address, c.done); err != nil {
		c.kill()
		return fmt.Errorf("redis-server does not start (%w); the lines above say why", err)
	}
	k.mu.Lock()
	k.child = c
	k.mu.Unlock()
	// It is kept running beyond ctx, which ends before the servers have stopped.
	go k.watch(context.WithoutCancel(ctx), c)
	return nil
}

// watch starts Redis again, after a growing pause, when it ended by itself.
func (k *redisKeeper) watch(ctx context.Context, c *child) {
	<-c.done
	for backoff := minBackoff; ; backoff = min(2*backoff, maxBackoff) {
		if k.ended() {
			return
		}
		k.log.say("redis ended (%s); it is started again in %s", c.how(), backoff)
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

// end stops Redis for good.
func (k *redisKeeper) end() {
	close(k.quit)
	k.mu.Lock()
	c := k.child
	k.mu.Unlock()
	c.stop(redisGrace, urgency{})
}

// pid is the process id of the Redis that runs, or ran last.
func (k *redisKeeper) pid() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.child.pid()
}

// waitListening waits until something accepts connections at the address.
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
			return errors.New("it ended")
		case <-ctx.Done():
			return fmt.Errorf("nothing listens on %s", address)
		case <-tick.C:
		}
	}
}
