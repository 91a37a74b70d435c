package main

import (
	"context"
	"time"

	configv1 "github.com/anteroom/anteroom/api/config/v1alpha1"
)

// prepare adapts a rendering to this machine, creates its keys and tokens, and makes it
// the desired state.
func (l *local) prepare(next rendered) (configv1.RuntimeConfig, error) {
	config, remarks, err := adapt(next, l.redis.address, l.options.dir, l.options.webhooksTo, secretsOf(l.options.file))
	if err != nil {
		return config, err
	}
	tokens, why, err := devTokens(config.Auth, l.options.users, l.options.claimsOf, time.Now())
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

// render renders the file, and hashes the keys in the file.
func (l *local) render(ctx context.Context) (rendered, error) {
	next, err := l.source.render(ctx)
	if err != nil {
		return next, err
	}
	next.keys, err = keysDigest(next.cluster, secretsOf(l.options.file))
	return next, err
}

// edited renders the file again and applies the changes. When the file is invalid, it
// prints the problems and changes nothing.
func (l *local) edited(ctx context.Context) {
	next, err := l.render(ctx)
	if ctx.Err() != nil {
		return
	}
	if err == nil {
		err = l.apply(ctx, next)
	}
	if err != nil {
		l.log.say("%s was not applied; the previous state keeps running:\n%v", l.options.file, err)
	}
	l.writeState()
}

// apply brings the running processes to the desired state. Policies come first: the
// servers apply them at once, without a restart. Additional servers come last, so that
// they start with the others' configuration.
func (l *local) apply(ctx context.Context, next rendered) error {
	before := l.now
	if next.notes != before.notes {
		l.remark(next.notes)
	}
	p := decide(before, next)
	if p.nothing() {
		l.log.say("%s changed without an effect on this machine", l.options.file)
		return nil
	}
	config, err := l.prepare(next)
	if err != nil {
		return err
	}
	if err := l.applyLive(p, next); err != nil {
		l.keep(before)
		return err
	}
	if err := l.applyRuntime(ctx, p, config); err != nil {
		l.keepRuntime(before)
		return err
	}
	if p.servers > 0 {
		l.resize(ctx, p.servers, next)
	}
	return nil
}

// applyLive applies the changes that need no restart of servers.
func (l *local) applyLive(p plan, next rendered) error {
	if p.policies {
		if err := writeFile(l.fleet.policies, next.policies, 0o644); err != nil {
			return err
		}
		l.log.say("policies are now at revision %s; no server restarts for that", next.revision)
	}
	if p.redis {
		l.log.say("redis.managed.storage.type changed: restart make run to apply it to Redis")
	}
	if p.cookie {
		l.proxy.configure(cookieName(next.cluster), next.runtime.Engine.Path)
	}
	return nil
}

// applyRuntime restarts the servers when their configuration changed.
func (l *local) applyRuntime(ctx context.Context, p plan, config configv1.RuntimeConfig) error {
	if !p.roll {
		l.fleet.configure(config)
		return nil
	}
	if err := l.fleet.roll(ctx, config); err != nil {
		return err
	}
	l.log.say("all servers run with the new configuration")
	return nil
}

func (l *local) resize(ctx context.Context, n int, next rendered) {
	_, remark := servers(next.cluster)
	l.remark(remark)
	l.log.say("scaling to %d servers", n)
	l.fleet.scale(ctx, n)
}

// keep records that everything runs as before, so that the next edit tries again.
func (l *local) keep(before rendered) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.now = before
}

// keepRuntime records that the servers still run as before, so that the next edit tries
// again.
func (l *local) keepRuntime(before rendered) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.now.runtime, l.now.keys, l.now.cluster.Spec.Replicas = before.runtime, before.keys, before.cluster.Spec.Replicas
}
