package stream

import (
	"errors"
	"fmt"
	"time"
)

// ErrNotFound is returned when a stream, or the name looked for, does not exist.
var ErrNotFound = errors.New("stream not found")

// ErrUnavailable is wrapped by every error that means the store did not answer,
// or answered that it cannot write now. The operation may or may not have
// happened; it is safe to repeat with the same Once.
var ErrUnavailable = errors.New("stream store unavailable")

// ErrConflict is wrapped by *ConflictError, and returned when the retries of
// an optimistic change are used up.
var ErrConflict = errors.New("stream moved on")

// ConflictError says that a stream is not at the seq that a commit expected.
// Current saves the caller a read before its next try.
type ConflictError struct{ Current Snapshot }

func (e *ConflictError) Error() string {
	return fmt.Sprintf("%v: it is at seq %d", ErrConflict, e.Current.Seq)
}

// Unwrap makes errors.Is(err, ErrConflict) true.
func (e *ConflictError) Unwrap() error { return ErrConflict }

// BarredError says that a commit's Unless is barred, and for how long.
type BarredError struct{ For time.Duration }

func (e *BarredError) Error() string { return fmt.Sprintf("barred for %v", e.For) }

// ErrOutdated refuses a commit whose Order is not newer than the stream's.
var ErrOutdated = errors.New("stream has newer events of this subject")

// RateError says that a commit's budget is spent for now.
type RateError struct{ RetryAfter time.Duration }

func (e *RateError) Error() string {
	return fmt.Sprintf("rate limit reached, next in %v", e.RetryAfter)
}
