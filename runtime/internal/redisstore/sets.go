package redisstore

import (
	"context"
	"slices"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/stream"
)

// late is a script's reply to a write after its fence.
const late = "late"

// Sets is stream.Sets on Redis.
type Sets struct{ c *Client }

// Sets gives the client's sets.
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

// List implements stream.Sets, in the order of the alphabet.
func (s *Sets) List(ctx context.Context, set string) ([]string, error) {
	members, err := s.c.rdb.SMembers(ctx, s.c.keys.set(set)).Result()
	slices.Sort(members)
	return members, unavailable("list "+set, err)
}
