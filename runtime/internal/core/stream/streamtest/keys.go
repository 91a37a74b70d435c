package streamtest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
)

// claim is a reserved name.
type claim struct {
	owner string
	ends  time.Time
}

// Claim implements stream.Names.
func (m *Memory) Claim(ctx context.Context, space, name, owner string, ttl time.Duration) (bool, error) {
	if err := m.lockToWrite(ctx); err != nil {
		return false, err
	}
	defer m.mu.Unlock()
	key := [2]string{space, name}
	if c, ok := m.names[key]; ok && c.owner != owner && m.now().Before(c.ends) {
		return false, nil
	}
	m.names[key] = claim{owner: owner, ends: m.now().Add(ttl)}
	return true, nil
}

// Owner implements stream.Names.
func (m *Memory) Owner(ctx context.Context, space, name string) (string, error) {
	if err := m.lock(ctx); err != nil {
		return "", err
	}
	defer m.mu.Unlock()
	c, ok := m.names[[2]string{space, name}]
	if !ok || !m.now().Before(c.ends) {
		return "", fmt.Errorf("%s %s: %w", space, name, stream.ErrNotFound)
	}
	return c.owner, nil
}

// Release implements stream.Names.
func (m *Memory) Release(ctx context.Context, space, name, owner string) error {
	if err := m.lock(ctx); err != nil {
		return err
	}
	defer m.mu.Unlock()
	key := [2]string{space, name}
	if m.names[key].owner == owner {
		delete(m.names, key)
	}
	return nil
}

// set is a bounded set with an expiry.
type set struct {
	members map[string]struct{}
	ends    time.Time
}

// Add implements stream.Sets.
func (m *Memory) Add(ctx context.Context, name, member string, bound int, ttl time.Duration) (bool, error) {
	if err := m.lockToWrite(ctx); err != nil {
		return false, err
	}
	defer m.mu.Unlock()
	s := m.set(name)
	if s == nil {
		s = &set{members: map[string]struct{}{}}
	}
	if _, in := s.members[member]; !in && len(s.members) >= bound {
		return false, nil
	}
	s.members[member] = struct{}{}
	s.ends = m.now().Add(ttl)
	m.sets[name] = s
	return true, nil
}

// set returns a set that has not expired; nil otherwise.
func (m *Memory) set(name string) *set {
	s := m.sets[name]
	if s != nil && !m.now().Before(s.ends) {
		delete(m.sets, name)
		return nil
	}
	return s
}

// Remove implements stream.Sets.
func (m *Memory) Remove(ctx context.Context, name, member string) error {
	if err := m.lockToWrite(ctx); err != nil {
		return err
	}
	defer m.mu.Unlock()
	if s := m.set(name); s != nil {
		delete(s.members, member)
	}
	return nil
}

// List implements stream.Sets.
func (m *Memory) List(ctx context.Context, name string) ([]string, error) {
	if err := m.lock(ctx); err != nil {
		return nil, err
	}
	defer m.mu.Unlock()
	s := m.set(name)
	if s == nil {
		return nil, nil
	}
	return slices.Sorted(maps.Keys(s.members)), nil
}
