package redisstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
)

// Names is stream.Names on Redis.
type Names struct{ c *Client }

// Names returns the client's names.
func (c *Client) Names() *Names { return &Names{c: c} }

// Claim implements stream.Names.
func (n *Names) Claim(ctx context.Context, space, name, owner string, ttl time.Duration) (bool, error) {
	reply, err := n.c.runTogether(ctx, claimScript, []string{n.c.keys.name(space, name)}, owner, millis(ttl), stream.FencedAt(ctx))
	if reply == late {
		return false, stream.ErrFenced
	}
	return reply == int64(1), unavailable("claim "+space, err)
}

// Owner implements stream.Names.
func (n *Names) Owner(ctx context.Context, space, name string) (string, error) {
	owner, err := n.c.rdb.Get(ctx, n.c.keys.name(space, name)).Result()
	if errors.Is(err, redis.Nil) {
		return "", fmt.Errorf("%s %s: %w", space, name, stream.ErrNotFound)
	}
	return owner, unavailable("owner in "+space, err)
}

// Release implements stream.Names.
func (n *Names) Release(ctx context.Context, space, name, owner string) error {
	_, err := n.c.runTogether(ctx, releaseScript, []string{n.c.keys.name(space, name)}, owner)
	return unavailable("release in "+space, err)
}
