package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/anteroom/anteroom/runtime/internal/edge/adminui"
	"github.com/anteroom/anteroom/runtime/internal/edge/admission"
	"github.com/anteroom/anteroom/runtime/internal/infra/observe"
	"github.com/anteroom/anteroom/runtime/internal/infra/redisstore"
)

// openFor is how long one try to reach Redis lasts.
const openFor = 5 * time.Second

// App is one server.
type App struct {
	settings *Settings
	log      *slog.Logger
	pod      string
	started  time.Time
	registry *prometheus.Registry
	checks   *observe.Checks
	rules    *policies
	redis    *redisHealth
	gate     *admission.Gate
	memory   *admission.Memory
	tracing  *observe.Tracing
	fleet    fleet
	// looking is nil when nobody may sign in to the Admin UI.
	looking *adminui.UI

	client, admin net.Listener
	peers         *peers
	// api is nil when the server API is not served.
	api    net.Listener
	others *http.Server
	core   atomic.Pointer[core]
	drain  *drainer
	// revised wakes the recheck of subscriptions after a change of policies.
	revised chan struct{}
}

// New makes a server and opens its ports; it fails when a port is in use.
func New(ctx context.Context, s *Settings) (*App, error) {
	pod := newPod()
	a := &App{
		settings: s, log: s.log.With("pod", pod), pod: pod, started: time.Now(), revised: make(chan struct{}, 1),
		registry: observe.NewRegistry(s.version), checks: &observe.Checks{}, rules: newPolicies(s.policies.Current(), s.config.PolicySecretsDir, s.hooks, &s.claims, s.log),
	}
	a.drain = &drainer{times: s.config.Drain, log: a.log}
	a.redis = newRedisHealth(s.config.Redis.Probe.UnreadyAfter.Duration, a.log)
	a.checks.Add("redis", a.redis.check)
	a.checks.Add("draining", a.checkDraining)
	ready := func() bool { return len(a.checks.Failing()) == 0 }
	m := newMetrics(a.registry, ready, a.redis.healthy, a.drain.on, a.rules.revision)
	a.memory = admission.NewMemory(a.log)
	a.registry.MustRegister(a.memory)
	if s.hooks != nil {
		a.registry.MustRegister(s.hooks.refused)
	}
	a.gate = admission.NewGate(func() int { return a.rules.limits().ConnectsPerSecond },
		func(reason string) { m.turnedAway.WithLabelValues(reason).Inc() },
		admission.Bound{Reason: "memory", Text: "this server is short of memory", Reached: a.memory.Short},
		admission.Bound{Reason: "full", Text: "this server is full", Reached: a.full})

	var err error
	if a.tracing, err = observe.NewTracing(ctx, s.config.Observability.Tracing, s.config.Cluster, s.version, pod, a.log); err != nil {
		return nil, err
	}
	if a.looking, err = a.newAdminUI(); err != nil {
		return nil, err
	}
	var ports net.ListenConfig
	if a.client, err = ports.Listen(ctx, "tcp", s.config.Listen.Client); err != nil {
		return nil, fmt.Errorf("listen for clients: %w", err)
	}
	if a.admin, err = ports.Listen(ctx, "tcp", s.config.Listen.Admin); err != nil {
		return nil, errors.Join(fmt.Errorf("listen for admin requests: %w", err), a.client.Close())
	}
	if a.peers, err = listenPeers(ctx, s.config.Listen.Peer); err != nil {
		return nil, errors.Join(err, a.client.Close(), a.admin.Close())
	}
	if s.config.Listen.API == "" {
		return a, nil
	}
	if a.api, err = ports.Listen(ctx, "tcp", s.config.Listen.API); err != nil {
		a.peers.end()
		return nil, errors.Join(fmt.Errorf("listen for other back ends: %w", err), a.client.Close(), a.admin.Close())
	}
	return a, nil
}

// newPod makes a name that no process had before.
func newPod() string {
	host, err := os.Hostname()
	if err != nil {
		host = "server"
	}
	return host + "-" + ulid.Make().String()
}

// Addresses are where the server listens for clients and for admin requests.
func (a *App) Addresses() (client, admin net.Addr) { return a.client.Addr(), a.admin.Addr() }

// APIAddress is where the server listens for other back ends; nil when it does not.
func (a *App) APIAddress() net.Addr {
	if a.api == nil {
		return nil
	}
	return a.api.Addr()
}

// full reports whether there are as many connections as there may be, those included
// that are not authenticated.
func (a *App) full() bool {
	k, most := a.core.Load(), a.rules.limits().Connections
	return k != nil && most > 0 && k.sockets.Waiting() >= most
}

func (a *App) checkDraining() error {
	if a.drain.on() {
		return errors.New("the server was told to drain or to stop")
	}
	return nil
}

// Run serves until ctx ends, then stops in order: the server is unready at once and still serves
// for drain.settle; then sessions are informed and their transports closed over drain.window; the
// rest has drain.flushTimeout. Closing hurry skips the remaining waits. It is called once. The
// error is nil after an orderly stop.
func (a *App) Run(ctx context.Context, hurry <-chan struct{}) error {
	broken := make(chan error, 3)
	var all admission.Limits
	clients := all.Add("client", a.clientConns).Guard(newHTTPServer(a.clientHandler(), a.log), admission.Failed)
	admins := all.Add("admin", admission.Fixed(admission.AdminConns)).Guard(newHTTPServer(a.adminHandler(), a.log), admission.Unauthorized)
	if a.peers != nil {
		a.peers.conns = all.Add("peer", admission.Fixed(admission.PeerConns))
	}
	go serve(clients, a.client, "client", broken)
	go serve(admins, a.admin, "admin", broken)
	if a.api != nil {
		a.others = all.Add("api", admission.Fixed(admission.APIConns)).Guard(newHTTPServer(a.apiHandler(), a.log), admission.Unauthorized)
		a.others.WriteTimeout = requestTimeout
		go serve(a.others, a.api, "api", broken)
		defer func() { _ = a.others.Close() }()
	}
	defer func() { _ = admins.Close() }() // only now: it answers to the end
	defer func() { _ = clients.Close() }()
	defer a.peers.end()
	a.registry.MustRegister(all)
	a.log.Info("server starts", "version", a.settings.version, "client", a.client.Addr().String(),
		"admin", a.admin.Addr().String(), "policies", a.rules.revision())

	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel()
	running.Go(func() { a.settings.auth.Run(work) })
	if a.looking != nil {
		running.Go(func() { a.looking.Run(work) })
	}
	running.Go(func() { a.settings.policies.Watch(work, a.newRules) })

	client := a.connect(ctx)
	if client == nil {
		a.log.Info("server stopped before Redis was reached")
		return nil
	}
	defer func() { _ = client.Close() }() // nothing waits in it
	k, err := a.assemble(client)
	if err != nil {
		return err
	}
	a.open(k, clients)
	a.peers.serve(k, http.HandlerFunc(a.ownReport), a.log, broken)
	for _, run := range a.background(k) {
		running.Go(func() { a.attend(work, run) })
	}
	select {
	case err = <-broken:
		a.log.Error("server breaks off", "error", err)
	case <-ctx.Done():
	}
	a.stop(context.WithoutCancel(ctx), k, clients, hurry)
	// The lease is given back, and all else ends, before the connections close.
	cancel()
	running.Wait()
	a.log.Info("server stopped")
	return err
}

// clientConns is how many connections of clients there may be that are no WebSockets.
func (a *App) clientConns() int {
	if k := a.core.Load(); k != nil {
		return admission.ClientConns(k.sockets.Polling())
	}
	return admission.ClientConns(0)
}

// open begins to serve clients.
func (a *App) open(k *core, clients *http.Server) {
	a.core.Store(k)
	a.redis.connected(k.probe)
	k.sockets.Attach(clients)
	a.gate.Open(k.entrance)
}

// attend runs a part of the server again should it end before its time.
func (a *App) attend(ctx context.Context, run func(context.Context) error) {
	for {
		err := run(ctx)
		if ctx.Err() != nil {
			return
		}
		a.log.Error("a part of the server ended and is started again", "error", err)
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Second):
		}
	}
}

// connect reaches Redis, however long it takes; nil when ctx ended before that.
func (a *App) connect(ctx context.Context) *redisstore.Client {
	for ctx.Err() == nil {
		try, cancel := context.WithTimeout(ctx, openFor)
		client, err := redisstore.Open(try, a.settings.redis)
		cancel()
		if err == nil {
			return client
		}
		if ctx.Err() == nil {
			a.redis.unreachable(err)
		}
	}
	return nil
}
