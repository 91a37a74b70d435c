package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/anteroom/anteroom/api/config/v1alpha1"
)

// prober is what is asked how Redis is; *redisstore.Probe is one.
type prober interface {
	// LastError is what went wrong in the last round; Since is when rounds began to
	// go well, or when one last did.
	LastError() error
	Since() time.Time
}

// redisHealth is what the server knows of Redis, from its start on.
type redisHealth struct {
	// unreadyAfter is how long the probe may fail before the server is not ready.
	unreadyAfter time.Duration
	log          *slog.Logger

	mu    sync.Mutex
	probe prober // nil until there is a connection
	fault error  // why there is none
	ever  bool   // the probe has gone well once
	told  string // the fault that was logged last
}

var errConnecting = errors.New("not connected yet")

func newRedisHealth(unreadyAfter time.Duration, log *slog.Logger) *redisHealth {
	return &redisHealth{unreadyAfter: unreadyAfter, log: log, fault: errConnecting}
}

// unreachable notes why there is no connection.
func (h *redisHealth) unreachable(err error) {
	h.mu.Lock()
	h.fault = err
	h.mu.Unlock()
	h.tell(err)
}

// connected has the probe asked from now on.
func (h *redisHealth) connected(p prober) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.probe = p
}

// last is what is wrong now.
func (h *redisHealth) last() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.probe == nil {
		return h.fault
	}
	err := h.probe.LastError()
	h.ever = h.ever || err == nil
	return err
}

func (h *redisHealth) healthy() bool { return h.last() == nil }

// check is the readiness check: what is wrong for longer than it may be, or from
// the start.
func (h *redisHealth) check() error {
	err := h.last()
	if err == nil {
		return nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.probe == nil || !h.ever {
		return err
	}
	if failing := time.Since(h.probe.Since()); failing > h.unreadyAfter {
		return fmt.Errorf("failing for %s: %w", failing.Round(time.Second), err)
	}
	return nil
}

func (h *redisHealth) status() v1alpha1.RedisStatus {
	err := h.last()
	if err == nil {
		return v1alpha1.RedisStatus{Healthy: true}
	}
	return v1alpha1.RedisStatus{Error: err.Error()}
}

// watchEvery is how soon a change of Redis' health is logged.
const watchEvery = time.Second

// watch logs when Redis goes and comes, once each, until ctx ends.
func (h *redisHealth) watch(ctx context.Context) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			h.tell(h.last())
		}
	}
}

// tell logs a change between well and not well.
func (h *redisHealth) tell(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case err != nil && h.told == "":
		h.told = err.Error()
		h.log.Warn("Redis does not serve; it is tried again without end", "error", err)
	case err == nil && h.told != "":
		h.told = ""
		h.log.Info("Redis serves again")
	}
}
