package policystatus

import (
	"maps"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

// pace remembers when statuses were written, for as long as that keeps others waiting.
type pace struct {
	mu    sync.Mutex
	times map[types.UID]time.Time
}

// wait is how long the next write of an object has to wait so that they are every apart.
func (p *pace) wait(uid types.UID, now time.Time, every time.Duration) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	maps.DeleteFunc(p.times, func(_ types.UID, at time.Time) bool { return now.Sub(at) >= every })
	at, lately := p.times[uid]
	if !lately {
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
