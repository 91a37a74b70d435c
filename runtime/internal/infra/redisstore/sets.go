package redisstore

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
)

// late is a script's reply to a write after its fence.
const late = "late"

// Sets is stream.Sets on Redis.
type Sets struct{ c *Client }

// Sets returns the client's sets.
func (c *Client) Sets() *Sets { return &Sets{c: c} }

// Add implements stream.Sets.
func (s *Sets) Add(ctx context.Context, set, member string, bound int, ttl time.Duration) (bool, error) {
	reply, err := s.c.runTogether(ctx, addScript, []string{s.c.keys.set(set)}, member, bound, millis(ttl), stream.FencedAt(ctx))
	if reply == late {
		return false, stream.ErrFenced
	}
	return reply == int64(1), unavailable("add to "+set, err)
}

// Remove implements stream.Sets.
func (s *Sets) Remove(ctx context.Context, set, member string) error {
	reply, err := s.c.runTogether(ctx, removeScript, []string{s.c.keys.set(set)}, member, stream.FencedAt(ctx))
	if reply == late {
		return stream.ErrFenced
	}
	return unavailable("remove from "+set, err)
}

// List implements stream.Sets; the members are sorted. Concurrent calls share a round trip.
func (s *Sets) List(ctx context.Context, set string) ([]string, error) {
	reply, err := s.c.doTogether(ctx, "smembers", s.c.keys.set(set))
	if err != nil {
		return nil, unavailable("list "+set, err)
	}
	items, ok := reply.([]any)
	members := make([]string, 0, len(items))
	for _, item := range items {
		member, text := item.(string)
		ok = ok && text
		members = append(members, member)
	}
	if !ok {
		return nil, fmt.Errorf("list %s: unexpected reply of type %T", set, reply)
	}
	slices.Sort(members)
	return members, nil
}
