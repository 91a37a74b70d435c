package stream

import (
	"errors"
	"fmt"
	"time"
)

// ErrNotFound says that the stream or the name does not exist.
var ErrNotFound = errors.New("stream not found")

// ErrUnavailable is wrapped by every error that means the store did not answer, or cannot
// write now. The operation may or may not have happened; it is safe to repeat it with the
// same Once.
var ErrUnavailable = errors.New("stream store unavailable")

// ErrConflict is wrapped by *ConflictError. Update returns it when its retries are used up.
var ErrConflict = errors.New("stream is at another seq")

// ConflictError says that a stream is not at the seq that a commit expected. Current is the
// stream's snapshot, so that a retry needs no read.
type ConflictError struct{ Current Snapshot }

func (e *ConflictError) Error() string {
	return fmt.Sprintf("%v: %d", ErrConflict, e.Current.Seq)
}

// Unwrap makes errors.Is(err, ErrConflict) true.
func (e *ConflictError) Unwrap() error { return ErrConflict }

// BarredError says that the commit's Unless is barred in the stream. For is the time until
// the bar ends.
type BarredError struct{ For time.Duration }

func (e *BarredError) Error() string { return fmt.Sprintf("barred for %v", e.For) }

// ErrOutdated refuses a commit whose Order is not newer than the order the stream
// remembers.
var ErrOutdated = errors.New("stream has newer events of this subject")

// RateError says that the commit's Rate is exhausted for RetryAfter.
type RateError struct{ RetryAfter time.Duration }

func (e *RateError) Error() string {
	return fmt.Sprintf("rate limit reached, next in %v", e.RetryAfter)
}
