package redisstore

import (
	"context"
	"errors"

	"github.com/redis/go-redis/v9"
)

// emissionsWaiting bounds the messages that wait for receive; it is small because
// publishers choose the size of a message. Beyond it the connection is not read. Redis
// closes it at its output buffer limit, and go-redis drops a message that waits for a
// minute.
const emissionsWaiting = 64

// errEmissionsEnded says that the subscription ended before ctx did.
var errEmissionsEnded = errors.New("the pattern subscription ended")

// Emissions passes the messages that other programs publish on the channels of a pattern to
// receive, sequentially, until ctx ends. Messages are lost while the connection is broken.
func (c *Client) Emissions(ctx context.Context, pattern string, receive func(payload []byte)) error {
	sub := c.rdb.PSubscribe(ctx, pattern)
	defer func() { _ = sub.Close() }() // the subscription holds nothing else
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
