package redisstore

import (
	"context"
	"errors"
	"strings"

	"github.com/redis/go-redis/v9"
)

// Login tells whether a single server takes a password: nil when it does, an error of
// which [Refused] is true when the password is wrong, another when the server cannot be
// asked. With other topologies, where only a client finds the server, it is nil.
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

// Refused tells whether a server said that a password is wrong.
func Refused(err error) bool { return err != nil && strings.Contains(err.Error(), "WRONGPASS") }
