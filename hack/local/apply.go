package main

import (
	"context"
	"fmt"
	"time"

	configv1 "github.com/anteroom/anteroom/api/config/v1alpha1"
)

// prepare adapts a rendering to this machine, makes its keys and tokens, and
// takes it as what is to run.
func (l *local) prepare(next rendered) (configv1.RuntimeConfig, error) {
	config, remarks, err := adapt(next, l.redis.address, l.options.dir, secretsOf(l.options.file))
	if err != nil {
		return config, err
	}
	tokens, why, err := devTokens(config.Auth, time.Now())
	if err != nil {
		return config, err
	}
	for _, text := range remarks {
		l.remark(text)
	}
	l.mu.Lock()
	l.now, l.tokens, l.why = next, tokens, why
	l.mu.Unlock()
	return config, nil
}

// render renders the file, and takes a hash of the keys that it brings along.
func (l *local) render(ctx context.Context) (rendered, error) {
	next, err := l.source.render(ctx)
	if err != nil {
		return next, err
	}
	next.keys, err = keysDigest(next.cluster, secretsOf(l.options.file))
	return next, err
}

// edited renders the file anew and applies what changed. When the file is not
// good, its problems are shown and everything stays as it is.
func (l *local) edited(ctx context.Context) {
	next, err := l.render(ctx)
	if ctx.Err() != nil {
		return
	}
	if err == nil {
		err = l.apply(ctx, next)
	}
	if err != nil {
		l.log.say("%s was not applied, what ran before goes on:\n%v", l.options.file, err)
	}
	l.writeState()
}

// apply brings what runs to what is wanted. Policies go first: the servers take
// them at once, without a restart.
func (l *local) apply(ctx context.Context, next rendered) error {
	p := decide(l.now, next)
	if p.nothing() {
		l.log.say("%s changed in nothing that matters here", l.options.file)
		return nil
	}
	before := l.now
	config, err := l.prepare(next)
	if err != nil {
		return err
	}
	if p.policies {
		if err := writeFile(l.fleet.policies, next.policies, 0o644); err != nil {
			return err
		}
		l.log.say("policies are now at revision %s; no server restarts for that", next.revision)
	}
	if p.redis {
		l.log.say("redis.managed.storage.type changed: start make run again for Redis to follow")
	}
	if p.cookie {
		l.front.configure(cookieName(next.cluster), next.runtime.Engine.Path)
	}
	if p.servers > 0 {
		l.resize(ctx, p.servers, next)
	}
	if !p.roll {
		l.fleet.configure(config)
		return nil
	}
	if err := l.fleet.roll(ctx, config); err != nil {
		l.keepRuntime(before)
		return err
	}
	l.log.say("all servers run with the new configuration")
	return nil
}

func (l *local) resize(ctx context.Context, n int, next rendered) {
	_, remark := servers(next.cluster)
	l.remark(remark)
	l.log.say("%s", fmt.Sprintf("%d servers run from now on", n))
	l.fleet.scale(ctx, n)
}

// keepRuntime remembers that the servers still run with the configuration from
// before, so that the next edit tries again.
func (l *local) keepRuntime(before rendered) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.now.runtime = before.runtime
}
