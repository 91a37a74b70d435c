package redisstore

import (
	"context"
	"strings"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/cluster/peer"
)

// Endpoints is peer.Book on Redis: a sorted set of endpoints by the end of their leases. It
// has at most one endpoint for each process of the last ttl.
type Endpoints struct{ c *Client }

// Endpoints returns the client's endpoints.
func (c *Client) Endpoints() *Endpoints { return &Endpoints{c: c} }

var _ peer.Book = (*Endpoints)(nil)

// Announce implements peer.Book.
func (e *Endpoints) Announce(ctx context.Context, self peer.Endpoint, ttl time.Duration) ([]peer.Endpoint, error) {
	reply, err := e.c.run(ctx, announceScript, []string{e.c.keys.endpoints()}, member(self), millis(ttl))
	if err != nil {
		return nil, unavailable("announce "+self.Address, err)
	}
	flat, err := parts(reply, 0)
	if err != nil {
		return nil, err
	}
	all := make([]peer.Endpoint, 0, len(flat))
	for _, m := range flat {
		if fields := strings.Fields(text(m)); len(fields) == 3 {
			all = append(all, peer.Endpoint{Key: fields[0], Address: fields[1], Token: fields[2]})
		}
	}
	return all, nil
}

// Withdraw implements peer.Book.
func (e *Endpoints) Withdraw(ctx context.Context, self peer.Endpoint) error {
	return unavailable("withdraw "+self.Address, e.c.rdb.ZRem(ctx, e.c.keys.endpoints(), member(self)).Err())
}

// member encodes an endpoint for the set; none of its parts contains a space.
func member(e peer.Endpoint) string { return e.Key + " " + e.Address + " " + e.Token }
