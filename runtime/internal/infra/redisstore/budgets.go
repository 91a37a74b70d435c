package redisstore

import (
	"context"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
)

// Budgets is stream.Budgets on Redis: a key for each bucket and each count of attempts. It
// expires when the bucket is full again or the attempts are forgotten.
type Budgets struct{ c *Client }

// Budgets returns the client's budgets.
func (c *Client) Budgets() *Budgets { return &Budgets{c: c} }

// Spend implements stream.Budgets with a single script.
func (b *Budgets) Spend(ctx context.Context, owner string, buckets ...stream.Bucket) (stream.Spent, error) {
	reply, err := b.run(ctx, owner, 1, buckets)
	if err != nil {
		return stream.Spent{}, unavailable("spend of "+owner, err)
	}
	p, err := parts(reply, 2+len(buckets))
	if err != nil {
		return stream.Spent{}, err
	}
	figures := make([]uint64, len(p))
	for i := range p {
		if figures[i], err = number(p[i]); err != nil {
			return stream.Spent{}, err
		}
	}
	spent := stream.Spent{Refused: int(figures[0]) - 1, RetryAfter: time.Duration(figures[1]) * time.Microsecond}
	for i, bucket := range buckets {
		spent.Used = append(spent.Used, min(1, float64(figures[i+2])/float64(bucket.Per.Microseconds())))
	}
	return spent, nil
}

// Return implements stream.Budgets.
func (b *Budgets) Return(ctx context.Context, owner string, buckets ...stream.Bucket) error {
	_, err := b.run(ctx, owner, -1, buckets)
	return unavailable("return to "+owner, err)
}

func (b *Budgets) run(ctx context.Context, owner string, tokens int, buckets []stream.Bucket) (any, error) {
	keys, args := make([]string, len(buckets)), []any{tokens}
	for i, bucket := range buckets {
		keys[i] = b.c.keys.bucket(owner, bucket.Key)
		args = append(args, (bucket.Per / time.Duration(bucket.Events)).Microseconds(), bucket.Per.Microseconds())
	}
	return b.c.runTogether(ctx, spendScript, keys, args...)
}

// Try implements stream.Budgets.
func (b *Budgets) Try(ctx context.Context, owner, key string, back stream.Backoff) (stream.Try, error) {
	reply, err := b.c.runTogether(ctx, tryScript, []string{b.c.keys.tries(owner, key)},
		"try", back.Free, back.Base.Milliseconds(), back.Most.Milliseconds(), (back.Forget + back.Most).Milliseconds())
	if err != nil {
		return stream.Try{}, unavailable("count an attempt of "+owner, err)
	}
	p, err := parts(reply, 2)
	if err != nil {
		return stream.Try{}, err
	}
	count, err := number(p[0])
	if err != nil {
		return stream.Try{}, err
	}
	wait, err := number(p[1])
	return stream.Try{Count: int(count), RetryAfter: time.Duration(wait) * time.Millisecond}, err
}

// Untry implements stream.Budgets.
func (b *Budgets) Untry(ctx context.Context, owner, key string, all bool) error {
	name := b.c.keys.tries(owner, key)
	var err error
	if all {
		_, err = b.c.doTogether(ctx, "del", name)
	} else {
		_, err = b.c.runTogether(ctx, tryScript, []string{name}, "untry")
	}
	return unavailable("take back an attempt of "+owner, err)
}
