package redisstore

import (
	"context"
	"strconv"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
)

// Replies is stream.Replies on Redis. All keys of a user are on one node.
type Replies struct{ c *Client }

// Replies returns the client's replies.
func (c *Client) Replies() *Replies { return &Replies{c: c} }

// Begin implements stream.Replies.
func (r *Replies) Begin(ctx context.Context, a stream.Attempt, lease, ttl time.Duration) (stream.Reply, error) {
	reply, err := r.c.runTogether(ctx, beginScript, []string{r.c.keys.reply(a.Scope, a.Key)},
		a.Hash[:], millis(ttl), a.Token, millis(lease), millis(stream.LeaseSkew))
	if err != nil {
		return stream.Reply{}, unavailable("begin a request", err)
	}
	p, err := parts(reply, 1)
	if err != nil {
		return stream.Reply{}, err
	}
	value := text(p[len(p)-1])
	switch text(p[0]) {
	case "known":
		return stream.Reply{Known: true, Answer: []byte(value)}, nil
	case "mismatch":
		return stream.Reply{Mismatch: true}, nil
	}
	ms, err := strconv.ParseInt(value, 10, 64)
	if text(p[0]) == "held" {
		return stream.Reply{Held: max(time.Duration(ms), 1) * time.Millisecond}, err
	}
	return stream.Reply{Until: ms}, err
}

// Extend implements stream.Replies.
func (r *Replies) Extend(ctx context.Context, a stream.Attempt, lease time.Duration) (int64, error) {
	ends, err := r.hold(ctx, a, "extend", lease, nil)
	if err != nil {
		return 0, err
	}
	return strconv.ParseInt(ends, 10, 64)
}

// Save implements stream.Replies.
func (r *Replies) Save(ctx context.Context, a stream.Attempt, answer []byte, ttl time.Duration) error {
	_, err := r.hold(ctx, a, "save", ttl, answer)
	return err
}

// Abandon implements stream.Replies.
func (r *Replies) Abandon(ctx context.Context, a stream.Attempt) error {
	return r.end(ctx, a, "abandon")
}

// Forget implements stream.Replies.
func (r *Replies) Forget(ctx context.Context, a stream.Attempt) error {
	return r.end(ctx, a, "forget")
}

func (r *Replies) end(ctx context.Context, a stream.Attempt, how string) error {
	_, err := r.hold(ctx, a, how, 0, nil)
	if err == stream.ErrFenced { //nolint:errorlint // hold returns it unwrapped
		return nil
	}
	return err
}

// hold changes an attempt's lease of its key, and returns the new end of the lease, if any.
func (r *Replies) hold(ctx context.Context, a stream.Attempt, how string, d time.Duration, answer []byte) (string, error) {
	reply, err := r.c.runTogether(ctx, holdScript, []string{r.c.keys.reply(a.Scope, a.Key)},
		a.Hash[:], a.Token, how, millis(d), answer)
	switch {
	case err != nil:
		return "", unavailable(how+" a request", err)
	case reply == "lost":
		return "", stream.ErrFenced
	}
	return text(reply), nil
}
