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
	// stopSettle is how long servers drain on Ctrl-C before they are told to cut it
	// short, since nobody else serves the clients then, and stopGrace how long they
	// may take in all.
	stopSettle = 500 * time.Millisecond
	stopGrace  = 5 * time.Second
	// startTimeout is how long the servers may take before the banner tells which
	// are not ready.
	startTimeout = 30 * time.Second
)

// local is a running RealtimeCluster on this machine.
type local struct {
	options options
	log     *console
	source  source
	front   *front
	fleet   *fleet
	redis   *redis
	url     string

	// writing lets one write the state file at a time, and sealed ends that.
	writing sync.Mutex
	sealed  bool
	// mu guards what the state file says.
	mu     sync.Mutex
	now    rendered
	tokens []devToken
	why    string
}

// run keeps the cluster running until ctx ends, and stops it then; when hurry is
// closed, what still runs is killed.
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

// listen opens the front's port, and says what to do when it is taken.
func listen(ctx context.Context, address string) (net.Listener, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("port in use: something else listens on %s; choose another address, as in LISTEN=127.0.0.1:8081 make run", address)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot listen on LISTEN=%s (host:port): %w", address, err)
	}
	return l, nil
}

// clientURL is where clients on this machine find a listener.
func clientURL(address net.Addr) string {
	host, port, err := net.SplitHostPort(address.String())
	if ip := net.ParseIP(host); err == nil && ip.IsUnspecified() {
		return "http://" + net.JoinHostPort("127.0.0.1", port)
	}
	return "http://" + address.String()
}

// serve starts the servers and the front, applies edits, and stops all of it.
func (l *local) serve(ctx context.Context, listener net.Listener, first rendered, hurry <-chan struct{}) error {
	l.url = clientURL(listener.Addr())
	l.front = newFront(cookieName(first.cluster), first.runtime.Engine.Path, devUsersHandler(l.devTokens))
	l.fleet = newFleet(l.log, l.front, l.options.program("server"), l.options.dir, l.writeState, hurry)
	if err := l.begin(ctx, first); err != nil {
		return err
	}
	server := &http.Server{Handler: l.front, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(listener) }()
	defer func() { _ = server.Close() }()
	defer l.removeState()

	watched := make(chan error, 1)
	go func() { watched <- watch(ctx, l.options.file, func() { l.edited(ctx) }) }()
	l.welcome(ctx)
	err := <-watched
	l.log.say("stopping; Ctrl-C again kills what is left")
	l.fleet.stop(stopSettle, stopGrace)
	return err
}

// begin brings up what the first rendering asks for.
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

// welcome prints the banner, unless it is to be quiet, once the servers are ready.
func (l *local) welcome(ctx context.Context) {
	late := l.fleet.waitReady(ctx, startTimeout)
	if ctx.Err() != nil {
		return
	}
	for _, p := range late {
		l.log.say("%s is not ready after %s: %s; its lines above say more", p.Name, startTimeout, p.Reason)
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

// state is what runs now.
func (l *local) state() runState {
	servers, tokenFile := l.fleet.processes(), l.fleet.current().API.TokenFile
	l.mu.Lock()
	defer l.mu.Unlock()
	return runState{
		PID:          os.Getpid(),
		File:         l.options.file,
		Front:        frontState{URL: l.url, Path: l.now.runtime.Engine.Path, CookieName: cookieName(l.now.cluster)},
		Redis:        l.redis.state(),
		Servers:      servers,
		Tokens:       l.tokens,
		APITokenFile: tokenFile,
		Revision:     l.now.revision,
	}
}

// devTokens are the tokens that are good now.
func (l *local) devTokens() []devToken {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.tokens
}

// writeState brings the state file up to date.
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

// removeState takes the state file away for good: nothing of it is true any more.
func (l *local) removeState() {
	l.writing.Lock()
	defer l.writing.Unlock()
	l.sealed = true
	_ = os.Remove(l.options.state)
}
