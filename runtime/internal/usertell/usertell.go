// Package usertell puts events on the users' own streams, "user:{id}", which every
// session of a user follows from its start: it is how a domain reaches a user on all
// of its devices, also one that is away for a moment.
package usertell

import (
	"context"
	"encoding/json"
	"errors"
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

// Cause is who causes a message.
type Cause int

const (
	// ByUsers is another user. Such messages have a share of the stream of their own. What
	// exceeds it reaches the devices that are connected, and is not kept: it has no place in
	// the stream.
	ByUsers Cause = iota + 1
	// ByServer is a back end, the server, or the user itself.
	ByServer
)

// errCause is a mistake of the program.
var errCause = errors.New("usertell: a message without a cause")

// share is what other users may put on a stream: at most half of HistorySize within any
// HistoryTTL, a quarter at once and a quarter that comes back in this time. So what back
// ends put there is still in the log for a client that was away for less.
func (t Teller) share() *stream.Rate {
	return &stream.Rate{Key: "users", Events: max(1, t.HistorySize/4), Per: t.HistoryTTL}
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
	// Cause says who had the user told; it is required.
	Cause Cause
	// Once, when not nil, keeps the message from being told twice.
	Once *stream.Once
	// Order, when not nil, refuses the message with stream.ErrOutdated when the stream has
	// a newer one of the same subject.
	Order *stream.Order
}

// Tell commits a message to a user's stream. The result's Repeated says that Once
// had been told before. Messages of other users beyond their share are cast, maybe twice,
// and the result is zero. A message that takes streams away, or has an Order, is always
// kept, because clients depend on it; its number is bounded by what the user has joined.
// Errors: those of the store.
func (t Teller) Tell(ctx context.Context, userID string, m Message) (stream.Result, error) {
	if m.Cause == 0 {
		return stream.Result{}, errCause
	}
	data, err := json.Marshal(m.Payload)
	if err != nil {
		return stream.Result{}, fmt.Errorf("encode %s: %w", m.Event, err)
	}
	first := stream.Event{Name: m.Event, Data: data, Control: stream.Control{Unfollow: m.Unfollow, Over: m.Over}}
	c := stream.Commit{
		Stream: StreamID(userID),
		Events: append([]stream.Event{first}, m.Also...),
		Retain: stream.Retention{LogSize: t.HistorySize, LogTTL: t.HistoryTTL, TTL: max(stream.Lasting, t.HistoryTTL)},
		Once:   m.Once,
		Order:  m.Order,
	}
	if m.Cause == ByUsers && len(m.Unfollow) == 0 && m.Order == nil {
		c.Rate = t.share()
	}
	result, err := t.Store.Commit(ctx, c)
	var spent *stream.RateError
	if errors.As(err, &spent) {
		return stream.Result{}, t.cast(ctx, c)
	}
	return result, err
}

// cast publishes what exceeds the share, where the store can.
func (t Teller) cast(ctx context.Context, c stream.Commit) error {
	caster, can := t.Store.(stream.Caster)
	for i := 0; can && i < len(c.Events); i++ {
		if err := caster.Cast(ctx, c.Stream, c.Events[i]); err != nil {
			return err
		}
	}
	overflows.Inc()
	return nil
}
