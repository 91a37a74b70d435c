package redisstore

import (
	"context"
	"errors"
	"strings"

	"github.com/redis/go-redis/v9"
)

// Login logs in to a standalone server with a password, and returns nil when the server
// accepts it. [Refused] is true for the error when the password is wrong, and false when
// the server did not answer. With other topologies Login returns nil without trying.
func (o *Options) Login(ctx context.Context, password string) error {
	if o.Topology != Standalone {
		return nil
	}
	asked := *o
	asked.Password, asked.PoolSize = nil, 1
	u := asked.universal()
	u.Password, u.MaxRetries = password, -1
	client := redis.NewClient(u.Simple())
	return errors.Join(client.Ping(ctx).Err(), client.Close())
}

// Refused reports whether the server refused a password as wrong.
func Refused(err error) bool { return err != nil && strings.Contains(err.Error(), "WRONGPASS") }
