package session

import (
	"context"
	"errors"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/wire"
)

// Refusal converts an error into the form that clients receive. An error without a remedy for the
// client becomes internal, without its text.
func Refusal(err error) *wire.Error {
	var (
		told     *wire.Error
		rate     *stream.RateError
		conflict *stream.ConflictError
	)
	switch {
	case errors.As(err, &told):
		return told
	case errors.As(err, &rate):
		return rateLimited("too often; wait before the next try", rate.RetryAfter)
	case errors.As(err, &conflict):
		out := wire.Refuse(wire.CodeVersionConflict, "it has changed in the meantime")
		out.Current = wire.CurrentVersion(conflict.Current.Seq)
		return out
	case errors.Is(err, stream.ErrConflict):
		return wire.Refuse(wire.CodeUnavailable, "too many changes at once; try again")
	case errors.Is(err, stream.ErrNotFound):
		return wire.Refuse(wire.CodeNotFound, "it does not exist")
	case errors.Is(err, stream.ErrFenced):
		return wire.Refuse(wire.CodeUnavailable, "the request took longer than its lease; send it again with the same key")
	case errors.Is(err, context.DeadlineExceeded):
		return wire.Refuse(wire.CodeDeadlineExceeded, "it took too long; it may or may not have happened")
	case errors.Is(err, stream.ErrUnavailable), errors.Is(err, context.Canceled):
		return wire.Refuse(wire.CodeUnavailable, "the server cannot reach its store; try again")
	}
	return wire.Refuse(wire.CodeInternal, "something went wrong on the server")
}

// Certain reports whether a refusal says that the request had no effect.
func Certain(code wire.Code) bool {
	switch code {
	case wire.CodeInternal, wire.CodeUnavailable, wire.CodeDeadlineExceeded:
		return false
	}
	return true
}
