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

// Topology says how Redis is laid out.
type Topology string

// The topologies.
const (
	Standalone Topology = "Standalone"
	Sentinel   Topology = "Sentinel"
	Cluster    Topology = "Cluster"
)

// Options say where Redis is and how to log in.
type Options struct {
	Topology Topology
	// Addresses are host:port: of the server, the sentinels, or some nodes of the
	// Cluster.
	Addresses []string
	// MasterName is what the sentinels call the primary.
	MasterName string
	// Database must be 0 with a Cluster.
	Database int
	Username string
	// Password is asked for each new connection, so that it can change; nil means
	// none. Its error fails the connection.
	Password func() (string, error)
	// TLS is used for all connections when it is not nil.
	TLS *tls.Config
	// Prefix begins every key and channel; it must not hold braces.
	Prefix string
	// PoolSize bounds the connections to one server, beside one for the bus; 0 means 16.
	PoolSize int
}

// Times that bound every exchange with Redis, and sizes of the pool.
const (
	dialTimeout     = 2 * time.Second
	ioTimeout       = 2 * time.Second
	poolTimeout     = 2 * time.Second
	idleTimeout     = 5 * time.Minute
	defaultPoolSize = 16
	// retries is how often the client repeats what is harmless to repeat.
	retries = 2
)

func (o *Options) validate() error {
	var errs []error
	if len(o.Addresses) == 0 {
		errs = append(errs, errors.New("redis: no addresses"))
	}
	if strings.ContainsAny(o.Prefix, "{}") {
		errs = append(errs, fmt.Errorf("redis: prefix %q holds a brace", o.Prefix))
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

// universal gives go-redis's form of the options. RESP2 is enough for all that is
// done here, and every server, proxy and managed Redis speaks it.
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

// connect makes the client for the topology, without asking Redis yet.
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
