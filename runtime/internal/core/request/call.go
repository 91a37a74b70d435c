package request

import (
	"context"
	"encoding/json"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/wire"
)

// Call is a request without its payload: the caller, the idempotency key and the caller's
// connection.
type Call struct {
	Caller
	// Key is the request's idempotency key, at most 64 bytes; "" when it has none.
	// A domain puts it into the Once of its commit, with the user's id as scope.
	Key string
	// Streams lets the handler subscribe the connection that asks. What it follows
	// is pushed only after the request's acknowledgement is written.
	Streams stream.Follower
	// Push sends an event that belongs to no stream to the connection that asks, also
	// after the request; payload is a JSON value. It does not block, and does nothing
	// once the connection is closed.
	Push func(event string, payload json.RawMessage)
	// Gone is closed when the connection that asks is closed. What is expensive and only
	// for the answer does not begin after that. Nil is never closed.
	Gone <-chan struct{}
}

// Reply is the answer to a request that succeeded.
type Reply struct {
	// Data is the payload of the acknowledgement; nil when there is nothing to say.
	Data any
	// Meta is the position of the state in Data, or of the change that was made;
	// nil when the answer has no place in a stream.
	Meta *wire.Meta
}

// Handler carries out one kind of request. Errors that are, or wrap, a
// *wire.Error reach the client as they are; stream.ErrUnavailable and an expired
// context become their codes; any other error is answered with
// [wire.CodeInternal] and logged without its payload.
type Handler[Req any] func(ctx context.Context, c Call, req *Req) (Reply, error)
