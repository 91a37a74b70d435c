package notify

import (
	"context"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
)

// deaf is a store that nothing reaches.
type deaf struct{ stream.Store }

func (deaf) Commit(context.Context, stream.Commit) (stream.Result, error) {
	return stream.Result{}, stream.ErrUnavailable
}
