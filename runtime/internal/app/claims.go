package app

import (
	"sync/atomic"

	"github.com/anteroom/anteroom/runtime/internal/domain/matchmaking"
)

// claimNames are the claims of tokens that the queues in force take attributes from: of
// those, and no others, a session keeps what its token says.
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
