package stream

import (
	"context"
	"time"
)

// Bucket is one budget of an owner, as a token bucket: Events at once, and refilled within
// Per.
type Bucket struct {
	// Key tells the buckets of an owner apart.
	Key    string
	Events int
	// Per is how long an empty bucket takes to be full, at least a millisecond.
	Per time.Duration
}

// Spent is what [Budgets].Spend did.
type Spent struct {
	// Refused is the index of the bucket that had no token, -1 when all had one.
	Refused int
	// RetryAfter is how long until the refusing bucket has a token.
	RetryAfter time.Duration
	// Used is how much of each bucket is spent after the call, 0 to 1.
	Used []float64
}

// Backoff is how failures of one kind are answered: Free of them at once, then a pause of
// Base that doubles with each further failure, up to Most. Nothing is remembered after
// Forget without a failure.
type Backoff struct {
	Free               int
	Base, Most, Forget time.Duration
}

// Try is one attempt that [Budgets].Try counted or refused.
type Try struct {
	// Count is how many attempts are counted, this one included when it is let through.
	Count int
	// RetryAfter is 0 for an attempt that is let through.
	RetryAfter time.Duration
}

// Budgets count what users do, for all pods together. What is counted is lost with the
// store's data, and is not more exact than a token at a failover. The buckets of one owner
// lie on one node of a Redis Cluster.
type Budgets interface {
	// Spend takes a token from each bucket of an owner, or from none when one is empty.
	Spend(ctx context.Context, owner string, buckets ...Bucket) (Spent, error)
	// Return gives the token of a Spend back to each bucket.
	Return(ctx context.Context, owner string, buckets ...Bucket) error
	// Try counts an attempt before its outcome is known, so that attempts at the same
	// time count too, or refuses it.
	Try(ctx context.Context, owner, key string, b Backoff) (Try, error)
	// Untry takes back one counted attempt, or with all every attempt.
	Untry(ctx context.Context, owner, key string, all bool) error
}
