package redisstore

import "time"

// SetLease shortens the time after which what a dead pod took is taken again.
func (d *Deadlines) SetLease(lease time.Duration) { d.lease = lease }

// Sharded tells which pub/sub streams go over.
func (c *Client) Sharded() bool { return c.sharded }
