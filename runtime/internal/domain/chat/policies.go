package chat

import (
	"sync"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/request"
)

const (
	// policyTTL is for how long a channel's policy is believed. A connection that
	// follows a channel is checked again after that, so that a membership that ended
	// without the connection hearing of it counts within it.
	policyTTL = 30 * time.Second
	// maxPolicies is how many channels are remembered. When there are more, all are
	// forgotten, and each costs one look at its lobby again.
	maxPolicies = 20_000
)

// policyCache remembers by what policy a channel is open to a user with certain rights: what
// a message would otherwise have to ask the store for. The key holds all that decided, and
// the revision of the policies is compared, so that a session with fewer rights and a
// change of policies count at once. The right to moderate is never remembered.
type policyCache struct {
	mu    sync.Mutex
	known map[policyKey]cachedPolicy
}

type policyKey struct {
	rights  request.Rights
	channel string
}

type cachedPolicy struct {
	policy   Policy
	revision string
	until    time.Time
}

func newPolicyCache() *policyCache { return &policyCache{known: map[policyKey]cachedPolicy{}} }

func (p *policyCache) get(of policyKey, revision string, now time.Time) (Policy, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	r, ok := p.known[of]
	return r.policy, ok && r.revision == revision && now.Before(r.until)
}

// put remembers a policy without the right to moderate: what a moderator alone may do is
// always asked, as the right may have gone to another user since.
func (p *policyCache) put(of policyKey, policy Policy, revision string, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if policy.Moderator {
		policy.Moderator, policy.SlowMode = false, 0
	}
	if len(p.known) >= maxPolicies {
		clear(p.known)
	}
	p.known[of] = cachedPolicy{policy: policy, revision: revision, until: now.Add(policyTTL)}
}

func (p *policyCache) forget(of policyKey) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.known, of)
}
