// Package usertell puts events on the users' own streams, "user:{id}", which every
// session of a user follows from its start: it is how a domain reaches a user on all
// of its devices, also one that is away for a moment.
package usertell

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/stream"
)

// Kind is the kind of the users' streams.
const Kind = "user"

// StreamID is the stream that all sessions of a user follow.
func StreamID(userID string) stream.ID { return stream.ID(Kind + ":" + userID) }

// Teller tells users. It keeps HistorySize events of each, for HistoryTTL.
type Teller struct {
	Store       stream.Store
	HistorySize int
	HistoryTTL  time.Duration
}

// Message is what a user is told.
type Message struct {
	// Event is the wire event; Payload becomes its JSON, an object without "meta".
	Event   string
	Payload any
	// Also are further events of the same commit.
	Also []stream.Event
	// Unfollow names streams that the user has lost; Over says that they have ended for
	// everybody. See [stream.Control].
	Unfollow []stream.ID
	Over     bool
	// Once, when not nil, keeps the message from being told twice.
	Once *stream.Once
	// Order, when not nil, refuses the message with stream.ErrOutdated when the stream has
	// a newer one of the same subject.
	Order *stream.Order
}

// Tell commits a message to a user's stream. The result's Repeated says that Once
// had been told before. Errors: those of the store.
func (t Teller) Tell(ctx context.Context, userID string, m Message) (stream.Result, error) {
	data, err := json.Marshal(m.Payload)
	if err != nil {
		return stream.Result{}, fmt.Errorf("encode %s: %w", m.Event, err)
	}
	first := stream.Event{Name: m.Event, Data: data, Control: stream.Control{Unfollow: m.Unfollow, Over: m.Over}}
	return t.Store.Commit(ctx, stream.Commit{
		Stream: StreamID(userID),
		Events: append([]stream.Event{first}, m.Also...),
		Retain: stream.Retention{LogSize: t.HistorySize, LogTTL: t.HistoryTTL, TTL: max(stream.Lasting, t.HistoryTTL)},
		Once:   m.Once,
		Order:  m.Order,
	})
}
