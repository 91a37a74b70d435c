package redisstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

// Client holds the connections to Redis that all parts of the store share.
type Client struct {
	rdb  redis.UniversalClient
	keys keys
	// sharded says that streams use sharded pub/sub.
	sharded bool

	combiners combiners
}

// Open connects to Redis and detects whether it has sharded pub/sub. It retries until ctx
// ends, and then returns an error that wraps stream.ErrUnavailable.
func Open(ctx context.Context, o Options) (*Client, error) {
	if err := o.validate(); err != nil {
		return nil, err
	}
	c := &Client{rdb: o.connect(), keys: keys{prefix: o.Prefix, db: o.Database}}
	c.combiners.byNode = map[string]*combiner{}
	wait := backoff{min: 50 * time.Millisecond, max: time.Second}
	for {
		err := c.agree(ctx)
		if err == nil {
			return c, nil
		}
		if !wait.sleep(ctx) {
			return nil, errors.Join(unavailable("open", err), c.rdb.Close())
		}
	}
}

// Close closes all connections.
func (c *Client) Close() error { return c.rdb.Close() }

// agree decides whether streams use sharded pub/sub. All servers of a deployment must
// decide the same, even while Redis is being upgraded. The first server therefore writes
// its decision into Redis, and the others follow it.
func (c *Client) agree(ctx context.Context) error {
	found := "plain"
	if ok, err := c.hasSharded(ctx); err != nil {
		return err
	} else if ok {
		found = "sharded"
	}
	key := c.keys.busMode()
	if err := c.rdb.SetNX(ctx, key, found, 0).Err(); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	mode, err := c.rdb.Get(ctx, key).Result()
	if err != nil {
		return fmt.Errorf("read: %w", err)
	}
	if mode == "sharded" && found == "plain" {
		return errors.New("the deployment uses sharded pub/sub, which this Redis lacks")
	}
	c.sharded = mode == "sharded"
	return nil
}

// hasSharded tries sharded pub/sub. Redis 7 and Valkey have it, Redis 6 and miniredis do
// not, and ACLs may forbid it.
func (c *Client) hasSharded(ctx context.Context) (bool, error) {
	err := c.rdb.SPublish(ctx, c.keys.busMode(), "").Err()
	var refused redis.Error
	if errors.As(err, &refused) && !temporary(err) {
		return false, nil
	}
	return err == nil, err
}

// publishCommand returns the command with which commit.lua publishes.
func (c *Client) publishCommand() string {
	if c.sharded {
		return "SPUBLISH"
	}
	return "PUBLISH"
}
