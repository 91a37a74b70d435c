package notify

import (
	"context"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
)

// deaf is a store whose commits fail.
type deaf struct{ stream.Store }

func (deaf) Commit(context.Context, stream.Commit) (stream.Result, error) {
	return stream.Result{}, stream.ErrUnavailable
}
