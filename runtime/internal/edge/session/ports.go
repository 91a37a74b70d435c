package session

import (
	"context"
	"encoding/json"

	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/wire"
)

// Conn is the connection of a session, as the socket layer gives it. Its methods
// are safe for concurrent use, do not block, and do nothing once the connection
// is closed. What is sent from one goroutine arrives in that order.
type Conn interface {
	// ID is the connection's public id, unique in the cluster.
	ID() string
	// Emit sends an event; payload is a JSON value.
	Emit(event string, payload json.RawMessage)
	// Push sends a frame that the Encoder of the same socket layer made.
	Push(frame any)
	// Close ends the transport, after what was sent before if that can be had soon,
	// so that a stock client connects again by itself.
	Close(reason wire.CloseReason)
	// Lagging reports whether the client is slow to read what is sent: much waits for
	// it. Session.CaughtUp is to be called when that is over.
	Lagging() bool
	RemoteAddr() string
	// Transport is "websocket" or "polling"; it changes when a connection upgrades.
	Transport() string
}

// Encoder makes frames that can be pushed to any number of connections.
type Encoder interface {
	Encode(event string, payload json.RawMessage) any
}

// Request is one event that a client sent. Args alias the received message.
type Request struct {
	Event string
	Args  []json.RawMessage
	// Size is how many bytes the arguments take, and Held how many the request keeps alive
	// while it waits, if more.
	Size, Held int
	// Ack sends the answer, a JSON value, and is called once; nil when the client
	// did not ask for one.
	Ack func(answer json.RawMessage)
}

// Authenticator says whose token it is. Refusals are *wire.Error with
// unauthenticated, token_expired, banned or unavailable; any other error is
// taken for internal.
type Authenticator interface {
	Authenticate(ctx context.Context, token string) (request.User, error)
}

// Hub delivers streams; *stream.Hub is the one there is.
type Hub interface {
	Attach(ctx context.Context, id stream.ID, from stream.Position, sink stream.Sink) (*stream.Attachment, error)
}

// Snapshotter gives a kind of streams to clients that ask for them by name.
type Snapshotter interface {
	// Authorize reports whether the caller may have the stream: nil, or *wire.Error.
	Authorize(ctx context.Context, caller request.Caller, id stream.ID) error
	// Snapshot converts the state of now into the event that brings a client to that state; its
	// payload is a JSON object without "meta". An empty event means that streams of this kind
	// have no document. A *wire.Error means that the caller has lost the right to the stream; an
	// event returned with the error is the last push of the subscription.
	Snapshot(ctx context.Context, caller request.Caller, id stream.ID, now stream.Snapshot) (
		event string, payload json.RawMessage, err error)
}

// Listener is called when sessions start and end. The calls for a user are in order; the context
// ends after ten seconds, and with the manager.
type Listener interface {
	SessionOpened(ctx context.Context, caller request.Caller)
	// SessionClosed gets the streams the session followed to the end.
	SessionClosed(ctx context.Context, caller request.Caller, followed []stream.ID)
}
