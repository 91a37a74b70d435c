package session

import (
	"sync"
	"time"

	"github.com/anteroom/anteroom/runtime/wire"
)

// Limits may change while a server runs; a session reads them at each use. Zero means no bound,
// except for Subscriptions.
type Limits struct {
	// Connections on this server, and those of one user on this server.
	Connections, ConnectionsPerUser int
	// ConnectsPerSecond is how many connects this server takes up; the burst is
	// one second's worth.
	ConnectsPerSecond int
	// EventsPerSecond and Burst are the budget of one connection.
	EventsPerSecond, Burst int
	// Subscriptions is how many streams one connection may follow.
	Subscriptions int
	// OutboundBytes may wait for one client; see [answerBudget] for what follows from it.
	OutboundBytes int64
	// PolicyRevision names the policies that are in force.
	PolicyRevision string
}

// bucket is a token bucket. Its rate and size are given with each call, so that
// they may change; the zero bucket is full.
type bucket struct {
	mu    sync.Mutex
	spent float64
	at    time.Time
}

// take takes one token. When there is none it tells how long until there is.
// A rate of zero means that nothing is counted.
func (b *bucket) take(now time.Time, perSecond, size int) (wait time.Duration) {
	if perSecond <= 0 {
		return 0
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	rate := float64(perSecond)
	if passed := now.Sub(b.at).Seconds(); passed > 0 {
		b.spent = max(0, b.spent-passed*rate)
		b.at = now
	}
	if over := b.spent + 1 - float64(max(size, 1)); over > 0 {
		return time.Duration(over / rate * float64(time.Second))
	}
	b.spent++
	return 0
}

// spend takes tokens that were used already, so that later requests wait for them.
func (b *bucket) spend(now time.Time, tokens float64, perSecond int) {
	if perSecond <= 0 {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if passed := now.Sub(b.at).Seconds(); passed > 0 {
		b.spent = max(0, b.spent-passed*float64(perSecond))
		b.at = now
	}
	b.spent += tokens
}

// rateLimited is the refusal of a request or connect that came too early.
func rateLimited(message string, wait time.Duration) *wire.Error {
	refusal := wire.Refuse(wire.CodeRateLimited, message)
	refusal.RetryAfterMs = max(1, wait.Milliseconds())
	return refusal
}
