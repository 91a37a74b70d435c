package stream

import (
	"context"
	"time"
)

// Bucket is one token bucket of an owner: it holds Events tokens and refills within Per.
type Bucket struct {
	// Key identifies the bucket among those of its owner.
	Key    string
	Events int
	// Per is the time in which an empty bucket becomes full, at least a millisecond.
	Per time.Duration
}

// Spent is the result of [Budgets].Spend.
type Spent struct {
	// Refused is the index of the first bucket without a token; -1 when every bucket had a
	// token.
	Refused int
	// RetryAfter is the time until the refusing bucket has a token.
	RetryAfter time.Duration
	// Used is the spent part of each bucket after the call, 0 to 1.
	Used []float64
}

// Backoff limits attempts of one kind: the first Free attempts have no pause. Each later
// attempt starts a pause of Base, which doubles up to Most. The count expires after Forget
// without an attempt.
type Backoff struct {
	Free               int
	Base, Most, Forget time.Duration
}

// Try is the result of [Budgets].Try for one attempt, counted or refused.
type Try struct {
	// Count is the number of counted attempts; it includes this attempt unless it is
	// refused.
	Count int
	// RetryAfter is the rest of the pause of a refused attempt; 0 for a counted attempt.
	RetryAfter time.Duration
}

// Budgets count users' actions across all pods. The counts are lost with the store's data,
// and a failover may lose the last tokens. The buckets of one owner are on one node of a
// Redis Cluster.
type Budgets interface {
	// Spend takes a token from each bucket of an owner, or from none when one is empty.
	Spend(ctx context.Context, owner string, buckets ...Bucket) (Spent, error)
	// Return gives the token of a Spend back to each bucket.
	Return(ctx context.Context, owner string, buckets ...Bucket) error
	// Try counts an attempt before its outcome is known, so that concurrent attempts count
	// too; or refuses it.
	Try(ctx context.Context, owner, key string, b Backoff) (Try, error)
	// Untry takes back one counted attempt; with all, it clears the count.
	Untry(ctx context.Context, owner, key string, all bool) error
}
