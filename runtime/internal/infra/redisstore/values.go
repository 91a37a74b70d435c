package redisstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
)

// Values is stream.Values on Redis.
type Values struct{ c *Client }

// Values returns the client's values.
func (c *Client) Values() *Values { return &Values{c: c} }

// Put implements stream.Values.
func (v *Values) Put(ctx context.Context, space, name string, value []byte, ttl time.Duration) error {
	err := v.c.rdb.Set(ctx, v.c.keys.value(space, name), value, time.Duration(millis(ttl))*time.Millisecond).Err()
	return unavailable("put in "+space, err)
}

// Get implements stream.Values.
func (v *Values) Get(ctx context.Context, space, name string) ([]byte, error) {
	value, err := v.c.rdb.Get(ctx, v.c.keys.value(space, name)).Bytes()
	if errors.Is(err, redis.Nil) {
		return nil, fmt.Errorf("%s %s: %w", space, name, stream.ErrNotFound)
	}
	return value, unavailable("get in "+space, err)
}

// Delete implements stream.Values.
func (v *Values) Delete(ctx context.Context, space, name string) error {
	return unavailable("delete in "+space, v.c.rdb.Del(ctx, v.c.keys.value(space, name)).Err())
}
