package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

const (
	// stopSettle is how long servers drain after Ctrl-C before their drain is cut short,
	// because no other server takes their clients. stopGrace bounds the whole stop.
	stopSettle = 500 * time.Millisecond
	stopGrace  = 5 * time.Second
	// startTimeout is the time after which the banner lists the servers that are not
	// ready.
	startTimeout = 30 * time.Second
)

// local is a running RealtimeCluster on this machine.
type local struct {
	options options
	log     *console
	source  source
	proxy   *proxy
	fleet   *fleet
	redis   *redis
	url     string

	// writing serializes writes of the state file; sealed ends them.
	writing sync.Mutex
	sealed  bool
	// mu guards the values of the state file.
	mu     sync.Mutex
	now    rendered
	tokens []devToken
	why    string
}

// run keeps the cluster running until ctx ends, and then stops it; when hurry is closed,
// the remaining processes are killed.
func run(ctx context.Context, o options, log *console, hurry <-chan struct{}) error {
	held, err := lock(o.dir)
	if err != nil {
		return err
	}
	defer func() { _ = held.Close() }()
	l := &local{options: o, log: log, source: source{manager: o.program("manager"), file: o.file, cluster: o.cluster}}
	next, err := l.render(ctx)
	if err != nil {
		return fmt.Errorf("%s cannot be used:\n%w", o.file, err)
	}
	listener, err := listen(ctx, o.listen)
	if err != nil {
		return err
	}
	defer func() { _ = listener.Close() }()
	if l.redis, err = startRedis(ctx, log, filepath.Join(o.dir, "redis"), persistent(next.cluster)); err != nil {
		return err
	}
	defer l.redis.stop()
	return l.serve(ctx, listener, next, hurry)
}

// listen opens the proxy's port; the error for a used port names the remedy.
func listen(ctx context.Context, address string) (net.Listener, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("port in use: another process listens on %s; choose another address, as in LISTEN=127.0.0.1:8081 make run", address)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot listen on LISTEN=%s (host:port): %w", address, err)
	}
	return l, nil
}

// clientURL returns the URL of a listener for clients on this machine.
func clientURL(address net.Addr) string {
	host, port, err := net.SplitHostPort(address.String())
	if ip := net.ParseIP(host); err == nil && ip.IsUnspecified() {
		return "http://" + net.JoinHostPort("127.0.0.1", port)
	}
	return "http://" + address.String()
}

// serve starts the servers and the proxy, applies edits, and stops all processes.
func (l *local) serve(ctx context.Context, listener net.Listener, first rendered, hurry <-chan struct{}) error {
	l.url = clientURL(listener.Addr())
	l.proxy = newProxy(cookieName(first.cluster), first.runtime.Engine.Path, devUsersHandler(l.devTokens))
	l.fleet = newFleet(l.log, l.proxy, l.options.program("server"), l.options.dir, l.writeState, hurry)
	if err := l.begin(ctx, first); err != nil {
		return err
	}
	server := &http.Server{Handler: l.proxy, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(listener) }()
	defer func() { _ = server.Close() }()
	defer l.removeState()

	watched := make(chan error, 1)
	go func() { watched <- watch(ctx, l.options.file, func() { l.edited(ctx) }) }()
	l.welcome(ctx)
	err := <-watched
	l.log.say("stopping; Ctrl-C again kills the remaining processes")
	l.fleet.stop(stopSettle, stopGrace)
	return err
}

// begin starts the processes of the first rendering.
func (l *local) begin(ctx context.Context, first rendered) error {
	config, err := l.prepare(first)
	if err != nil {
		return err
	}
	if err := writeFile(l.fleet.policies, first.policies, 0o644); err != nil {
		return err
	}
	l.remark(first.notes)
	l.fleet.configure(config)
	n, remark := servers(first.cluster)
	l.remark(remark)
	l.fleet.scale(ctx, n)
	return nil
}

// welcome prints the banner, unless quiet, once the servers are ready.
func (l *local) welcome(ctx context.Context) {
	late := l.fleet.waitReady(ctx, startTimeout)
	if ctx.Err() != nil {
		return
	}
	for _, p := range late {
		l.log.say("%s is not ready after %s: %s; see its lines above", p.Name, startTimeout, p.Reason)
	}
	l.mu.Lock()
	why, lobbyType := l.why, l.now.lobbyType
	l.mu.Unlock()
	if !l.options.quiet {
		l.log.block(banner(l.state(), why, lobbyType))
	}
}

func (l *local) remark(text string) {
	if text != "" {
		l.log.say("%s", text)
	}
}

// state returns the current state.
func (l *local) state() runState {
	servers, tokenFile := l.fleet.processes(), l.fleet.current().API.TokenFile
	l.mu.Lock()
	defer l.mu.Unlock()
	return runState{
		PID:          os.Getpid(),
		File:         l.options.file,
		Proxy:        proxyState{URL: l.url, Path: l.now.runtime.Engine.Path, CookieName: cookieName(l.now.cluster)},
		Redis:        l.redis.state(),
		Servers:      servers,
		Tokens:       l.tokens,
		APITokenFile: tokenFile,
		Revision:     l.now.revision,
	}
}

// devTokens returns the valid tokens.
func (l *local) devTokens() []devToken {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.tokens
}

// writeState updates the state file.
func (l *local) writeState() {
	l.writing.Lock()
	defer l.writing.Unlock()
	if l.sealed {
		return
	}
	if err := l.state().write(l.options.state); err != nil {
		l.log.say("%v", err)
	}
}

// removeState removes the state file permanently, because its content is outdated.
func (l *local) removeState() {
	l.writing.Lock()
	defer l.writing.Unlock()
	l.sealed = true
	_ = os.Remove(l.options.state)
}
