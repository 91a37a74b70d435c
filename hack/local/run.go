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
	// stopGrace is how long servers may take to end on Ctrl-C. It is shorter than
	// a drain in a cluster: nobody else serves the clients then.
	stopGrace = 5 * time.Second
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

	// apply runs one at a time; mu guards what the state file says.
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
	next, err := l.source.render(ctx)
	if err != nil {
		return fmt.Errorf("%s cannot be used:\n%w", o.file, err)
	}
	listener, err := listen(o.listen)
	if err != nil {
		return err
	}
	defer func() { _ = listener.Close() }()
	if l.redis, err = startRedis(log, filepath.Join(o.dir, "redis"), persistent(next.cluster)); err != nil {
		return err
	}
	defer l.redis.stop()
	return l.serve(ctx, listener, next, hurry)
}

// listen opens the front's port, and says what to do when it is taken.
func listen(address string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("port in use: something else listens on %s; choose another address, as in LISTEN=127.0.0.1:8081 make run", address)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot listen on LISTEN=%s (host:port): %w", address, err)
	}
	return l, nil
}

// serve starts the servers and the front, applies edits, and stops all of it.
func (l *local) serve(ctx context.Context, listener net.Listener, first rendered, hurry <-chan struct{}) error {
	l.url = "http://" + listener.Addr().String()
	l.front = newFront(cookieName(first.cluster), first.runtime.Engine.Path, l.log)
	l.fleet = &fleet{
		log: l.log, front: l.front, hurry: hurry, changed: l.writeState,
		program: l.options.program("server"), dir: l.options.dir,
		policies: filepath.Join(l.options.dir, "policies.yaml"),
	}
	if err := l.begin(first); err != nil {
		return err
	}
	server := &http.Server{Handler: l.front, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(listener) }()
	defer func() { _ = server.Close() }()

	watched := make(chan error, 1)
	go func() { watched <- watch(ctx, l.options.file, func() { l.edited(ctx) }) }()
	l.welcome(ctx)
	err := <-watched
	l.log.say("stopping; Ctrl-C again kills what is left")
	l.fleet.stop(stopGrace)
	return err
}

// begin brings up what the first rendering asks for.
func (l *local) begin(first rendered) error {
	config, err := l.prepare(first)
	if err != nil {
		return err
	}
	if err := writeFile(l.fleet.policies, first.policies, 0o644); err != nil {
		return err
	}
	l.remarkNotes(first)
	l.fleet.configure(config)
	n, remark := servers(first.cluster)
	l.remark(remark)
	l.fleet.scale(n)
	return nil
}

// welcome prints the banner once the servers are ready.
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
	l.log.block(banner(l.state(), why, lobbyType))
}

func (l *local) remark(text string) {
	if text != "" {
		l.log.say("%s", text)
	}
}

// remarkNotes shows what the manager remarked, unless it did so last time.
func (l *local) remarkNotes(r rendered) {
	if r.notes != "" {
		l.log.say("%s", r.notes)
	}
}

// state is what runs now.
func (l *local) state() runState {
	servers := l.fleet.processes()
	l.mu.Lock()
	defer l.mu.Unlock()
	return runState{
		PID:      os.Getpid(),
		File:     l.options.file,
		Front:    frontState{URL: l.url, Path: l.now.runtime.Engine.Path, CookieName: cookieName(l.now.cluster)},
		Redis:    l.redis.state(),
		Servers:  servers,
		Tokens:   l.tokens,
		Revision: l.now.revision,
	}
}

// writeState brings the state file up to date.
func (l *local) writeState() {
	if err := l.state().write(l.options.state); err != nil {
		l.log.say("%v", err)
	}
}
