package redisstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

// Client is a connection to Redis that all parts of the store share.
type Client struct {
	rdb  redis.UniversalClient
	keys keys
	// sharded says that streams are published on sharded channels.
	sharded bool

	combiners combiners
}

// Open connects to Redis and finds out what it can do. It tries until ctx ends,
// and then gives an error that wraps stream.ErrUnavailable.
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

// Close ends all connections.
func (c *Client) Close() error { return c.rdb.Close() }

// agree settles whether streams go over sharded channels. All servers of a
// deployment must do the same, also while Redis is being upgraded under them, so
// the first one writes down what it found and the others follow.
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

// hasSharded tries sharded pub/sub: Redis 7 and Valkey have it, Redis 6 and
// miniredis do not, and a user may not be allowed to.
func (c *Client) hasSharded(ctx context.Context) (bool, error) {
	err := c.rdb.SPublish(ctx, c.keys.busMode(), "").Err()
	var refused redis.Error
	if errors.As(err, &refused) && !temporary(err) {
		return false, nil
	}
	return err == nil, err
}

// publishCommand is the command that commits publish with.
func (c *Client) publishCommand() string {
	if c.sharded {
		return "SPUBLISH"
	}
	return "PUBLISH"
}
