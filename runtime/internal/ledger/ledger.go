// Package ledger is what matchmaking needs of a store: books of small records that
// change together. A book is for one queue; all of it lies on one node of the
// database, so that a change of many records is one atomic step.
//
// The rules are not here: whoever changes records says what they must have been, and
// starts over when they were not.
package ledger

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
	// Was is what the record must be now; nil that it must not be there. Any is set
	// for a record that may be anything.
	Was []byte
	Any bool
	// Value is what it becomes; nil that it goes.
	Value []byte
}

// Bound refuses changes that would leave a table with more records than Most.
type Bound struct {
	Table string
	Most  int
}

// Step is one atomic change of a book: all of it happens, or none.
type Step struct {
	Changes []Change
	// Bounds hold after the step; nil for none.
	Bounds []Bound
	// Fence, when not nil, is the lease under which the step is made: it is refused
	// with ErrFenced when another has the lease by now.
	Fence *Fence
	// Once, when not nil, makes the step happen at most once for its user and key; it is
	// refused with ErrMade after that.
	Once *Once
}

// Once is the idempotency of one step, kept in the book itself so that it is as atomic
// as the step.
type Once struct {
	// Scope and Key together identify the request: the user, and the user's key.
	Scope, Key string
	TTL        time.Duration
}

// Fence is a lease on a book. Its token rises with each holder.
type Fence struct {
	Holder string
	Token  int64
}

// Record is one record of a table.
type Record struct {
	Key string
	// Value is nil for a record that is gone.
	Value []byte
}

// Store keeps books. Its methods are safe for concurrent use and return errors that
// wrap stream.ErrUnavailable when the database does not answer.
type Store interface {
	// Apply makes a step. Errors: *ConflictError, *FullError, ErrFenced, ErrMade.
	Apply(ctx context.Context, b Book, s Step) error
	// Made tells whether the step of a request was made, as long as its Once is known.
	Made(ctx context.Context, b Book, scope, key string) (bool, error)
	// Get reads records; those that are not there have no entry.
	Get(ctx context.Context, b Book, table string, keys ...string) (map[string][]byte, error)
	// All reads a table.
	All(ctx context.Context, b Book, table string) ([]Record, error)
	// Count is how many records a table has.
	Count(ctx context.Context, b Book, table string) (int, error)
	// Changed reads which records of a table that the store follows changed after a mark,
	// which a call before gave; 0 gives all. A mark that is too old, or from before the
	// store lost its data, gives all, with Anew set.
	Changed(ctx context.Context, b Book, table string, mark uint64) (Changes, error)
	// Acquire takes or keeps the lease of a book for ttl; false when another has it.
	Acquire(ctx context.Context, b Book, holder string, ttl time.Duration) (Fence, bool, error)
	// Release gives a lease back.
	Release(ctx context.Context, b Book, f Fence) error
	// Holder is who has the lease; "" when nobody.
	Holder(ctx context.Context, b Book) (string, error)
}

// Changes are what Changed found.
type Changes struct {
	Records []Record
	// Mark is what the next call begins after.
	Mark uint64
	// Anew says that Records are the whole table, and all else is gone.
	Anew bool
}

// ErrFenced refuses a step of one who no longer has the lease.
var ErrFenced = errors.New("ledger: another has the lease")

// ErrMade refuses a step that was made before, for the same request.
var ErrMade = errors.New("ledger: the step was made before")

// ConflictError says that a record was not what a step expected.
type ConflictError struct{ Table, Key string }

func (e *ConflictError) Error() string {
	return fmt.Sprintf("ledger: %s %s has changed", e.Table, e.Key)
}

// FullError says that a table has no room left.
type FullError struct{ Table string }

func (e *FullError) Error() string { return "ledger: " + e.Table + " is full" }
