package redisstore

import (
	"context"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/stream"
)

// Replies is stream.Replies on Redis. A user's keys lie on one node.
type Replies struct{ c *Client }

// Replies gives the client's replies.
func (c *Client) Replies() *Replies { return &Replies{c: c} }

// Begin implements stream.Replies.
func (r *Replies) Begin(ctx context.Context, user, key string, hash [16]byte, ttl time.Duration) (stream.Reply, error) {
	reply, err := r.c.runTogether(ctx, beginScript, []string{r.c.keys.reply(user, key)}, hash[:], millis(ttl))
	if err != nil {
		return stream.Reply{}, unavailable("begin a request", err)
	}
	p, err := parts(reply, 1)
	if err != nil {
		return stream.Reply{}, err
	}
	switch text(p[0]) {
	case "known":
		return stream.Reply{Known: true, Answer: []byte(text(p[len(p)-1]))}, nil
	case "mismatch":
		return stream.Reply{Mismatch: true}, nil
	default:
		return stream.Reply{}, nil
	}
}

// Save implements stream.Replies.
func (r *Replies) Save(ctx context.Context, user, key string, hash [16]byte, answer []byte, ttl time.Duration) error {
	value := append(append([]byte{'d'}, hash[:]...), answer...)
	err := r.c.rdb.Set(ctx, r.c.keys.reply(user, key), value, time.Duration(millis(ttl))*time.Millisecond).Err()
	return unavailable("save an answer", err)
}

// Forget implements stream.Replies.
func (r *Replies) Forget(ctx context.Context, user, key string, hash [16]byte) error {
	_, err := r.c.runTogether(ctx, forgetScript, []string{r.c.keys.reply(user, key)}, hash[:])
	return unavailable("forget a request", err)
}
