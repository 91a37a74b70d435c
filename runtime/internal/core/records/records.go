// Package records is matchmaking's interface to a store: partitions of small records that change
// together. A partition belongs to one queue. All of it is on one node of the database, so that
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

// Partition names a group of records: letters, digits, '-' and '.', at most 253.
type Partition string

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

// Txn is one atomic change of a partition: either all of it happens or nothing.
type Txn struct {
	Changes []Change
	// Bounds must hold after the step.
	Bounds []Bound
	// Fence, when not nil, is the lease under which the step runs. The step fails with
	// ErrFenced when the lease has expired or another server holds it.
	Fence *Fence
	// Once, when not nil, makes the step happen at most once for its scope and key. A
	// repeated step fails with ErrCommitted.
	Once *Once
}

// Once makes a step idempotent. The partition itself keeps the key, so that it is written
// atomically with the step.
type Once struct {
	// Scope and Key together identify the request: the user, and the user's key.
	Scope, Key string
	TTL        time.Duration
}

// Fence is a lease on a partition. Its token increases with each new lease.
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

// Store keeps partitions. Its methods are safe for concurrent use. Their errors wrap
// stream.ErrUnavailable when the database does not answer.
type Store interface {
	// Apply executes a step. Errors: *ConflictError, *FullError, ErrFenced, ErrCommitted.
	Apply(ctx context.Context, b Partition, s Txn) error
	// Committed reports whether a step with this Once was executed and its TTL has not passed.
	Committed(ctx context.Context, b Partition, scope, key string) (bool, error)
	// Get reads records; a missing record has no entry.
	Get(ctx context.Context, b Partition, table string, keys ...string) (map[string][]byte, error)
	// All reads a table.
	All(ctx context.Context, b Partition, table string) ([]Record, error)
	// Count returns the number of records of a table.
	Count(ctx context.Context, b Partition, table string) (int, error)
	// Changed reads the records of a table that changed after a mark, which an earlier call
	// returned; 0 reads all. It reads all with Full set when the mark is too old, or from before
	// the store lost its data. The store supports only some tables.
	Changed(ctx context.Context, b Partition, table string, mark uint64) (Changes, error)
	// Acquire acquires or renews the lease of a partition for ttl; false when another holder has
	// it.
	Acquire(ctx context.Context, b Partition, holder string, ttl time.Duration) (Fence, bool, error)
	// Release ends a lease.
	Release(ctx context.Context, b Partition, f Fence) error
	// Holder returns the lease's holder; "" when there is none.
	Holder(ctx context.Context, b Partition) (string, error)
}

// Changes is the result of Changed.
type Changes struct {
	Records []Record
	// Mark is the mark for the next call.
	Mark uint64
	// Full means that Records are the whole table: every other record is deleted.
	Full bool
}

// ErrFenced refuses a step whose lease has ended.
var ErrFenced = errors.New("records: the lease has ended")

// ErrCommitted refuses a step that the same request has already executed.
var ErrCommitted = errors.New("records: the step was already executed")

// ConflictError says that a record was not what a step expected.
type ConflictError struct{ Table, Key string }

func (e *ConflictError) Error() string {
	return fmt.Sprintf("records: %s %s has changed", e.Table, e.Key)
}

// FullError says that a step would exceed a table's bound.
type FullError struct{ Table string }

func (e *FullError) Error() string { return "records: " + e.Table + " is full" }
