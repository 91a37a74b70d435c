package app

import (
	"sync/atomic"

	"github.com/anteroom/anteroom/runtime/internal/domain/matchmaking"
)

// claimNames are the token claims that queues in force use as attributes. A session keeps only
// these claims of its token.
type claimNames struct {
	names atomic.Pointer[map[string]bool]
}

func (c *claimNames) set(queues map[string]matchmaking.Queue) {
	names := map[string]bool{}
	for _, q := range queues {
		for _, a := range q.Attributes {
			if a.FromToken {
				names[a.Name] = true
			}
		}
	}
	c.names.Store(&names)
}

func (c *claimNames) has(name string) bool {
	names := c.names.Load()
	return names != nil && (*names)[name]
}
