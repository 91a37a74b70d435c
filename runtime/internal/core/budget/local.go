package budget

import (
	"sync"
	"time"
)

// maxLocal is how many users' paces a pod keeps. Beyond it the store counts for the others.
const maxLocal = 1 << 16

// local counts paces on this pod.
type local struct {
	now func() time.Time
	mu  sync.Mutex
	// whole is when a user's bucket would be full again.
	whole map[string]time.Time
}

func newLocal(now func() time.Time) *local { return &local{now: now, whole: map[string]time.Time{}} }

// take takes a token of a user's bucket, or reports that there is none.
func (l *local) take(user string, limit Limit) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	whole, known := l.whole[user]
	if !known && len(l.whole) >= maxLocal && !l.tidy(now) {
		return false
	}
	if whole.Before(now) {
		whole = now
	}
	if whole = whole.Add(limit.Per / time.Duration(limit.Events)); whole.Add(-limit.Per).After(now) {
		return false
	}
	l.whole[user] = whole
	return true
}

// tidy drops full buckets; false when all are in use.
func (l *local) tidy(now time.Time) bool {
	for user, whole := range l.whole {
		if !whole.After(now) {
			delete(l.whole, user)
		}
	}
	return len(l.whole) < maxLocal
}
