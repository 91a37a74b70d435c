package redisstore

import (
	"context"
	"math/rand/v2"
	"time"
)

// backoff paces retries: each pause is a random part, at least half, of a limit that
// doubles from min to max.
type backoff struct {
	min, max time.Duration
	next     time.Duration
}

// pause returns the length of the next pause.
func (b *backoff) pause() time.Duration {
	limit := max(b.next, b.min)
	b.next = min(limit*2, b.max)
	return limit/2 + rand.N(limit/2+1)
}

// reset starts over at min, after a success.
func (b *backoff) reset() { b.next = 0 }

// sleep waits for the next pause; it returns false when ctx ends first.
func (b *backoff) sleep(ctx context.Context) bool {
	timer := time.NewTimer(b.pause())
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
