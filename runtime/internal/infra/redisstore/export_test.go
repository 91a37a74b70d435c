package redisstore

import (
	"context"
	"io"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

// SetLease sets the time after which another pod takes a dead pod's deadlines.
func (d *Deadlines) SetLease(lease time.Duration) { d.lease = lease }

// Sharded reports whether streams use sharded pub/sub.
func (c *Client) Sharded() bool { return c.sharded }

// LoseReply drops the reply to the next command, as if the connection broke after Redis ran
// the command.
func (c *Client) LoseReply() {
	h := &loser{}
	h.armed.Store(true)
	c.rdb.AddHook(h)
}

type loser struct{ armed atomic.Bool }

func (*loser) DialHook(next redis.DialHook) redis.DialHook { return next }

func (h *loser) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		return h.lose(next(ctx, cmd), cmd)
	}
}

func (h *loser) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		return h.lose(next(ctx, cmds), cmds...)
	}
}

func (h *loser) lose(err error, cmds ...redis.Cmder) error {
	if !h.armed.CompareAndSwap(true, false) {
		return err
	}
	for _, cmd := range cmds {
		cmd.SetErr(io.ErrUnexpectedEOF)
	}
	return io.ErrUnexpectedEOF
}
