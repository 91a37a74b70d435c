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
	combineRounds = 4    // concurrent pipelines
	combineBatch  = 64   // commands in one pipeline
	combineQueue  = 8192 // waiting commands; more are refused
)

var errBusy = errors.New("too many commands are waiting for Redis")

// combiner sends the commands of many callers to one node in pipelines. While combineRounds
// pipelines are in flight, further commands wait and share the next pipeline. A caller
// without competition does not wait.
type combiner struct {
	rdb redis.UniversalClient

	mu     sync.Mutex
	queue  []*call
	rounds int
}

// call is a waiting command.
type call struct {
	ctx  context.Context
	cmd  *redis.Cmd
	done chan struct{}
}

// process sends a command that must not be repeated, and waits for its reply until ctx
// ends. The command may still run after that.
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

// goOn ends the round of a caller that sent its command alone, or starts a goroutine for
// the commands that have arrived since.
func (b *combiner) goOn(ctx context.Context) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.queue) == 0 {
		b.rounds--
		return
	}
	// The round serves other callers, so it must not end with this caller.
	go b.run(context.WithoutCancel(ctx))
}

// run sends batches until no command waits.
func (b *combiner) run(ctx context.Context) {
	for {
		batch := b.next()
		if len(batch) == 0 {
			return
		}
		b.send(ctx, batch)
	}
}

// next takes a batch; without waiting commands it ends the round.
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

// send sends a batch without the commands whose callers have given up. The callers'
// deadlines differ, so the pipeline has its own timeout.
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

// exchange sends commands; each command gets its own reply or error.
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

// combiners are one combiner for each node, so that a node that hangs does not delay the
// others.
type combiners struct {
	mu     sync.Mutex
	byNode map[string]*combiner
}

// forKey returns the combiner of the node that holds a key.
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

// runCombined is runSingle in a shared pipeline.
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

// together sends a command that is safe to repeat in a shared pipeline. When that fails
// before a definite reply, it sends the command once more by itself.
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

// runTogether is run in a shared pipeline.
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
