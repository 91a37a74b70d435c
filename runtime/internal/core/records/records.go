// Package records is matchmaking's interface to a store: books of small records that change
// together. A book belongs to one queue. All of it is on one node of the database, so that
// a change of many records is one atomic step.
//
// The package has no rules: a caller states the expected values of the records that it
// changes, and starts over after a conflict.
package records

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Book names a ledger: letters, digits, '-' and '.', at most 253.
type Book string

// Change replaces one record.
type Change struct {
	// Table and Key name the record. Tables are few and named by the domain.
	Table, Key string
	// Was is the expected value; nil means that the record must not exist. Any disables the
	// check.
	Was []byte
	Any bool
	// Value is the new value; nil deletes the record.
	Value []byte
}

// Bound refuses a step that would leave a table with more than Most records.
type Bound struct {
	Table string
	Most  int
}

// Step is one atomic change of a book: either all of it happens or nothing.
type Step struct {
	Changes []Change
	// Bounds must hold after the step.
	Bounds []Bound
	// Fence, when not nil, is the lease under which the step runs. The step fails with
	// ErrFenced when the lease has expired or another server holds it.
	Fence *Fence
	// Once, when not nil, makes the step happen at most once for its scope and key. A
	// repeated step fails with ErrMade.
	Once *Once
}

// Once makes a step idempotent. The book itself keeps the key, so that it is written
// atomically with the step.
type Once struct {
	// Scope and Key together identify the request: the user, and the user's key.
	Scope, Key string
	TTL        time.Duration
}

// Fence is a lease on a book. Its token increases with each new lease.
type Fence struct {
	Holder string
	Token  int64
}

// Record is one record of a table.
type Record struct {
	Key string
	// Value is nil for a deleted record.
	Value []byte
}

// Store keeps books. Its methods are safe for concurrent use. Their errors wrap
// stream.ErrUnavailable when the database does not answer.
type Store interface {
	// Apply executes a step. Errors: *ConflictError, *FullError, ErrFenced, ErrMade.
	Apply(ctx context.Context, b Book, s Step) error
	// Made reports whether a step with this Once was executed and its TTL has not passed.
	Made(ctx context.Context, b Book, scope, key string) (bool, error)
	// Get reads records; a missing record has no entry.
	Get(ctx context.Context, b Book, table string, keys ...string) (map[string][]byte, error)
	// All reads a table.
	All(ctx context.Context, b Book, table string) ([]Record, error)
	// Count returns the number of records of a table.
	Count(ctx context.Context, b Book, table string) (int, error)
	// Changed reads the records of a table that changed after a mark, which an earlier call
	// returned; 0 reads all. It reads all with Anew set when the mark is too old, or from before
	// the store lost its data. The store supports only some tables.
	Changed(ctx context.Context, b Book, table string, mark uint64) (Changes, error)
	// Acquire acquires or renews the lease of a book for ttl; false when another holder has
	// it.
	Acquire(ctx context.Context, b Book, holder string, ttl time.Duration) (Fence, bool, error)
	// Release ends a lease.
	Release(ctx context.Context, b Book, f Fence) error
	// Holder returns the lease's holder; "" when there is none.
	Holder(ctx context.Context, b Book) (string, error)
}

// Changes is the result of Changed.
type Changes struct {
	Records []Record
	// Mark is the mark for the next call.
	Mark uint64
	// Anew means that Records are the whole table: every other record is deleted.
	Anew bool
}

// ErrFenced refuses a step whose lease has ended.
var ErrFenced = errors.New("ledger: the lease has ended")

// ErrMade refuses a step that the same request has already executed.
var ErrMade = errors.New("ledger: the step was already executed")

// ConflictError says that a record was not what a step expected.
type ConflictError struct{ Table, Key string }

func (e *ConflictError) Error() string {
	return fmt.Sprintf("ledger: %s %s has changed", e.Table, e.Key)
}

// FullError says that a step would exceed a table's bound.
type FullError struct{ Table string }

func (e *FullError) Error() string { return "ledger: " + e.Table + " is full" }
