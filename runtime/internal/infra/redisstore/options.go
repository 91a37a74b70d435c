package redisstore

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// Topology is the layout of a Redis deployment.
type Topology string

// The layouts of a deployment.
const (
	Standalone Topology = "Standalone"
	Sentinel   Topology = "Sentinel"
	Cluster    Topology = "Cluster"
)

// Options are the addresses and credentials of Redis.
type Options struct {
	Topology Topology
	// Addresses are host:port of the server, of the sentinels, or of some nodes of the
	// Cluster.
	Addresses []string
	// MasterName is the sentinels' name of the primary.
	MasterName string
	// Database must be 0 with a Cluster.
	Database int
	Username string
	// Password is called for each new connection, so that the password can change; nil
	// means no password. Its error fails the connection.
	Password func() (string, error)
	// TLS, when not nil, is used for all connections.
	TLS *tls.Config
	// Prefix is the prefix of every key and channel; it must not contain braces.
	Prefix string
	// PoolSize bounds the connections to one server, without the connection of the bus; 0
	// means 16.
	PoolSize int
}

// Timeouts of every exchange with Redis, and the size of the pool.
const (
	dialTimeout     = 2 * time.Second
	ioTimeout       = 2 * time.Second
	poolTimeout     = 2 * time.Second
	idleTimeout     = 5 * time.Minute
	defaultPoolSize = 16
	// retries is how many times the client repeats a command that is safe to repeat.
	retries = 2
)

func (o *Options) validate() error {
	var errs []error
	if len(o.Addresses) == 0 {
		errs = append(errs, errors.New("redis: no addresses"))
	}
	if strings.ContainsAny(o.Prefix, "{}") {
		errs = append(errs, fmt.Errorf("redis: prefix %q contains a brace", o.Prefix))
	}
	switch o.Topology {
	case Standalone:
		if len(o.Addresses) > 1 {
			errs = append(errs, fmt.Errorf("redis: %d addresses for one server", len(o.Addresses)))
		}
	case Sentinel:
		if o.MasterName == "" {
			errs = append(errs, errors.New("redis: Sentinel needs the master's name"))
		}
	case Cluster:
		if o.Database != 0 {
			errs = append(errs, fmt.Errorf("redis: a Cluster has no database %d", o.Database))
		}
	default:
		errs = append(errs, fmt.Errorf("redis: topology %q is unknown", o.Topology))
	}
	return errors.Join(errs...)
}

// universal returns the options for go-redis. It uses RESP2, which is sufficient here and
// which every server, proxy and managed Redis supports.
func (o *Options) universal() *redis.UniversalOptions {
	size := o.PoolSize
	if size == 0 {
		size = defaultPoolSize
	}
	u := &redis.UniversalOptions{
		Addrs: o.Addresses, MasterName: o.MasterName, DB: o.Database, Username: o.Username,
		TLSConfig: o.TLS, Protocol: 2, DisableIdentity: true,
		DialTimeout: dialTimeout, DialerRetries: 1, ReadTimeout: ioTimeout, WriteTimeout: ioTimeout,
		ContextTimeoutEnabled: true, MaxRetries: retries,
		PoolSize: size, MaxActiveConns: size, PoolTimeout: poolTimeout, ConnMaxIdleTime: idleTimeout,
		PipelinePoolSize: -1,
	}
	if o.Password != nil {
		u.CredentialsProviderContext = func(context.Context) (string, string, error) {
			password, err := o.Password()
			return o.Username, password, err
		}
	}
	return u
}

// connect makes the client for the topology, without connecting yet.
func (o *Options) connect() redis.UniversalClient {
	u := o.universal()
	switch o.Topology {
	case Cluster:
		return redis.NewClusterClient(u.Cluster())
	case Sentinel:
		return redis.NewFailoverClient(u.Failover())
	default:
		return redis.NewClient(u.Simple())
	}
}
