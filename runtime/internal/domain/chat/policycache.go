package chat

import (
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"github.com/anteroom/anteroom/runtime/internal/core/request"
)

const (
	// policyTTL is how long a cached policy is valid. A subscribed session is authorized
	// again after that, so a membership that ended without a control on the user stream
	// counts within policyTTL.
	policyTTL = 30 * time.Second
	// maxPolicies bounds the cached policies. Beyond it the least recently used policy is
	// evicted, and its next message reads the lobby or party again.
	maxPolicies = 20_000
)

// policyCache caches the policy of a channel for callers with certain rights, so that a
// message does not read the lobby or party. The key holds all rights that decide, and an
// entry is valid for one policy revision: a session with fewer rights and a change of the
// PolicySet count at once. The right to moderate is never cached.
type policyCache struct {
	mu     sync.Mutex
	recent *simplelru.LRU[policyKey, cachedPolicy]
}

type policyKey struct {
	rights  request.Rights
	channel string
}

type cachedPolicy struct {
	policy    Policy
	revision  string
	expiresAt time.Time
}

func newPolicyCache() *policyCache {
	return &policyCache{recent: newLRU[policyKey, cachedPolicy](maxPolicies)}
}

func (p *policyCache) get(key policyKey, revision string, now time.Time) (Policy, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c, cached := p.recent.Get(key)
	return c.policy, cached && c.revision == revision && now.Before(c.expiresAt)
}

// put caches a policy without the right to moderate. A request that needs that right
// authorizes again, because the right may have moved to another user since.
func (p *policyCache) put(key policyKey, policy Policy, revision string, now time.Time) {
	if policy.Moderator {
		policy.Moderator, policy.SlowMode = false, 0
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.recent.Add(key, cachedPolicy{policy: policy, revision: revision, expiresAt: now.Add(policyTTL)})
}

func (p *policyCache) forget(key policyKey) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.recent.Remove(key)
}

// newLRU returns an LRU of a positive size, which its owner guards.
func newLRU[K comparable, V any](size int) *simplelru.LRU[K, V] {
	lru, err := simplelru.NewLRU[K, V](size, nil)
	if err != nil {
		panic(err) // the size is not positive
	}
	return lru
}
