package redisstore

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// Bounds of a combiner.
const (
	combineRounds = 4    // pipelines on their way at once
	combineBatch  = 64   // commands in one of them
	combineQueue  = 8192 // commands that wait; more are refused
)

var errBusy = errors.New("too many commands wait for Redis")

// combiner sends the commands of many callers to one node in pipelines: while a few
// are on their way, what comes meanwhile waits, and goes together with the next. A
// caller that is alone waits for nobody.
type combiner struct {
	rdb redis.UniversalClient

	mu     sync.Mutex
	queue  []*call
	rounds int
}

// call is a command that waits.
type call struct {
	ctx  context.Context
	cmd  *redis.Cmd
	done chan struct{}
}

// process sends a command that must not happen twice, and waits for its reply until
// ctx ends; then it may still happen.
func (b *combiner) process(ctx context.Context, cmd *redis.Cmd) error {
	b.mu.Lock()
	if b.rounds < combineRounds && len(b.queue) == 0 {
		b.rounds++
		b.mu.Unlock()
		defer b.goOn(ctx)
		return b.rdb.Process(ctx, single{cmd})
	}
	if len(b.queue) >= combineQueue {
		b.mu.Unlock()
		return errBusy
	}
	c := &call{ctx: ctx, cmd: cmd, done: make(chan struct{})}
	b.queue = append(b.queue, c)
	b.mu.Unlock()
	select {
	case <-c.done:
		return cmd.Err()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// goOn ends the round of a caller that was alone, or hands it to those who have
// come meanwhile.
func (b *combiner) goOn(ctx context.Context) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.queue) == 0 {
		b.rounds--
		return
	}
	// It serves others, whatever becomes of this caller.
	go b.run(context.WithoutCancel(ctx))
}

// run sends what waits until nothing does.
func (b *combiner) run(ctx context.Context) {
	for {
		batch := b.next()
		if len(batch) == 0 {
			return
		}
		b.send(ctx, batch)
	}
}

// next takes a batch; when there is none, the round is over.
func (b *combiner) next() []*call {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := min(len(b.queue), combineBatch)
	if n == 0 {
		b.queue = nil
		b.rounds--
		return nil
	}
	batch := b.queue[:n:n]
	b.queue = b.queue[n:]
	return batch
}

// send sends a batch, without those whose callers have gone. The callers' deadlines
// differ, so the exchange has its own.
func (b *combiner) send(ctx context.Context, batch []*call) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout+ioTimeout)
	defer cancel()
	var due []redis.Cmder
	for _, c := range batch {
		if err := c.ctx.Err(); err != nil {
			c.cmd.SetErr(err)
		} else {
			due = append(due, single{c.cmd})
		}
	}
	b.exchange(ctx, due)
	for _, c := range batch {
		close(c.done)
	}
}

// exchange sends commands; each keeps its own reply or error.
func (b *combiner) exchange(ctx context.Context, cmds []redis.Cmder) {
	if len(cmds) == 1 {
		_ = b.rdb.Process(ctx, cmds[0])
		return
	}
	pipe := b.rdb.Pipeline()
	for _, cmd := range cmds {
		_ = pipe.Process(ctx, cmd)
	}
	_, _ = pipe.Exec(ctx)
}

// combiners are one for each node, so that one that hangs holds nobody else up.
type combiners struct {
	mu     sync.Mutex
	byNode map[string]*combiner
}

// forKey finds the combiner of the node that holds a key.
func (c *Client) forKey(ctx context.Context, key string) (*combiner, error) {
	name, _, err := c.node(ctx, key)
	if err != nil {
		return nil, err
	}
	c.combiners.mu.Lock()
	defer c.combiners.mu.Unlock()
	b := c.combiners.byNode[name]
	if b == nil {
		b = &combiner{rdb: c.rdb}
		c.combiners.byNode[name] = b
	}
	return b, nil
}

// runCombined is runSingle in a pipeline with what others send.
func (c *Client) runCombined(ctx context.Context, s script, keys []string, args ...any) (any, error) {
	wait := backoff{min: 20 * time.Millisecond, max: 200 * time.Millisecond}
	for try := 1; ; try++ {
		reply, err := c.tryCombined(ctx, s, keys, args)
		if err == nil || try > retries || !unsent(err) || !wait.sleep(ctx) {
			return reply, err
		}
	}
}

func (c *Client) tryCombined(ctx context.Context, s script, keys []string, args []any) (any, error) {
	b, err := c.forKey(ctx, keys[0])
	if err != nil {
		return nil, err
	}
	cmd := s.command(ctx, "evalsha", s.sha, keys, args)
	if err := b.process(ctx, cmd); err != nil {
		if redis.HasErrorPrefix(err, "NOSCRIPT") {
			return c.runSingle(ctx, s, keys, args...)
		}
		return nil, err
	}
	return cmd.Val(), nil
}

// together sends a command that is harmless to repeat in a pipeline with what others
// send, and once more alone when that fails on the way.
func (c *Client) together(ctx context.Context, key string, command func() *redis.Cmd) (any, error) {
	b, err := c.forKey(ctx, key)
	if err == nil {
		cmd := command()
		err = b.process(ctx, cmd)
		var reply redis.Error
		switch {
		case err == nil:
			return cmd.Val(), nil
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case errors.As(err, &reply) && !says(reply, passing):
			return nil, err
		}
	}
	cmd := command()
	err = c.rdb.Process(ctx, cmd)
	return cmd.Val(), err
}

// runTogether is run in a pipeline with what others send.
func (c *Client) runTogether(ctx context.Context, s script, keys []string, args ...any) (any, error) {
	reply, err := c.together(ctx, keys[0], func() *redis.Cmd { return s.command(ctx, "evalsha", s.sha, keys, args) })
	if redis.HasErrorPrefix(err, "NOSCRIPT") {
		return c.run(ctx, s, keys, args...)
	}
	return reply, err
}

// doTogether sends a command whose first argument after its name is its only key.
func (c *Client) doTogether(ctx context.Context, name, key string, args ...string) (any, error) {
	return c.together(ctx, key, func() *redis.Cmd {
		all := []any{name, key}
		for _, a := range args {
			all = append(all, a)
		}
		return redis.NewCmd(ctx, all...)
	})
}
