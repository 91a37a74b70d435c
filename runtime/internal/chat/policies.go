package chat

import (
	"sync"
	"time"
)

const (
	// policyTTL is for how long a channel's policy is believed. A connection that
	// follows a channel is checked anew after that, so that a change of policy, and a
	// membership that ended without the connection hearing of it, count within it.
	policyTTL = 30 * time.Second
	// maxPolicies is how many channels are remembered. When there are more, all are
	// forgotten, and each costs one look at its lobby again.
	maxPolicies = 20_000
)

// policies remembers which user may use which channel, and by what policy: what a
// message would otherwise have to ask the store for.
type policies struct {
	mu    sync.Mutex
	known map[access]remembered
}

type access struct{ user, channel string }

type remembered struct {
	policy   Policy
	revision string
	until    time.Time
}

func newPolicies() *policies { return &policies{known: map[access]remembered{}} }

func (p *policies) get(user, channel, revision string, now time.Time) (Policy, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	r, ok := p.known[access{user, channel}]
	return r.policy, ok && r.revision == revision && now.Before(r.until)
}

func (p *policies) put(user, channel string, policy Policy, revision string, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.known) >= maxPolicies {
		clear(p.known)
	}
	p.known[access{user, channel}] = remembered{policy: policy, revision: revision, until: now.Add(policyTTL)}
}

func (p *policies) forget(user, channel string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.known, access{user, channel})
}
