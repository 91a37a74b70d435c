package redisstore

import (
	"context"
	"time"
)

// SetLease shortens the time after which what a dead pod took is taken again.
func (d *Deadlines) SetLease(lease time.Duration) { d.lease = lease }

// Sharded tells which pub/sub streams go over.
func (c *Client) Sharded() bool { return c.sharded }

// Do sends a command as the store would.
func (c *Client) Do(ctx context.Context, args ...any) (any, error) {
	return c.rdb.Do(ctx, args...).Result()
}

// Channel, LogKey and HashKey name what a stream is kept in.
func (c *Client) LogKey(id string) string { return c.keys.tagged(id) + ":l" }
