package redisstore

import (
	"context"
	"errors"

	"github.com/redis/go-redis/v9"
)

// emissionsWaiting is how many messages may wait for their receiver. Beyond them the
// connection is not read, and Redis ends it at its own bound for subscribers: few wait here,
// as whoever may publish decides how large each is.
const emissionsWaiting = 64

// errEmissionsEnded tells that a subscription ended before its time.
var errEmissionsEnded = errors.New("the subscription to a pattern ended")

// Emissions hands what others publish on the channels of a pattern to receive, one after
// the other, until ctx ends. What is published while the connection is broken is missed.
func (c *Client) Emissions(ctx context.Context, pattern string, receive func(payload []byte)) error {
	sub := c.rdb.PSubscribe(ctx, pattern)
	defer func() { _ = sub.Close() }() // nothing waits in it
	messages := sub.Channel(redis.WithChannelSize(emissionsWaiting))
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case m, open := <-messages:
			if !open {
				return errEmissionsEnded
			}
			receive([]byte(m.Payload))
		}
	}
}
