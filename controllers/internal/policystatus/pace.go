package policystatus

import (
	"maps"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

// pace records when statuses were written, for as long as a write delays the next.
type pace struct {
	mu    sync.Mutex
	times map[types.UID]time.Time
}

// wait returns the delay before the next write of an object, so that writes are at least every apart.
func (p *pace) wait(uid types.UID, now time.Time, every time.Duration) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	maps.DeleteFunc(p.times, func(_ types.UID, at time.Time) bool { return now.Sub(at) >= every })
	at, recent := p.times[uid]
	if !recent {
		return 0
	}
	return every - now.Sub(at)
}

func (p *pace) wrote(uid types.UID, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.times == nil {
		p.times = map[types.UID]time.Time{}
	}
	p.times[uid] = now
}
