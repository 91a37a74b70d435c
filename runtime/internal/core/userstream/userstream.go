// Package userstream publishes events on the user streams, "user:{id}". Every session of a
// user is subscribed to that stream from its start, so an event reaches the user on all
// devices, including a device that was offline for a short time.
package userstream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
)

// Kind is the kind of user streams.
const Kind = "user"

// StreamID returns the user stream of a user.
func StreamID(userID string) stream.ID { return stream.ID(Kind + ":" + userID) }

// Publisher publishes messages to users. A user stream keeps HistorySize events for
// HistoryTTL.
type Publisher struct {
	Store       stream.Store
	HistorySize int
	HistoryTTL  time.Duration
}

// Cause is the origin of a message.
type Cause int

const (
	// ByUsers is another user. Such messages share a budget of the user stream. A message
	// beyond the budget is pushed to the connected devices and not kept; it has no seq.
	ByUsers Cause = iota + 1
	// ByServer is a back end, the server, or the user itself.
	ByServer
)

// errCause is a mistake of the calling code.
var errCause = errors.New("userstream: a message without a cause")

// share limits other users' messages on a user stream to half of HistorySize within any
// HistoryTTL: a burst of a quarter, and a quarter that refills in this time. A client that
// was offline for less than HistoryTTL thus still finds the back ends' messages in the log.
func (p Publisher) share() *stream.Rate {
	return &stream.Rate{Key: "users", Events: max(1, p.HistorySize/4), Per: p.HistoryTTL}
}

// Message is an event for a user.
type Message struct {
	// Event is the wire event; Payload becomes its JSON, an object without "meta".
	Event   string
	Payload any
	// Also are further events of the same commit.
	Also []stream.Event
	// Unfollow names streams to which the user has lost access; Over says that they have
	// ended for all users. See [stream.Control].
	Unfollow []stream.ID
	Over     bool
	// Cause is required.
	Cause Cause
	// Once, when not nil, keeps the message from being published twice.
	Once *stream.Once
	// Order, when not nil, refuses the message with stream.ErrOutdated when the stream has
	// an event of the same key with the same or a higher value.
	Order *stream.Order
}

// Publish commits a message to a user stream. The result's Repeated says that Once was already
// committed. Messages of other users beyond their share are cast, possibly twice, and the
// result is zero. A message with Unfollow or Order is always kept, because clients depend
// on it; the user's memberships bound the number of such messages. Errors: those of the
// store.
func (p Publisher) Publish(ctx context.Context, userID string, m Message) (stream.Result, error) {
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
		Retain: stream.Retention{LogSize: p.HistorySize, LogTTL: p.HistoryTTL, TTL: max(stream.Lasting, p.HistoryTTL)},
		Once:   m.Once,
		Order:  m.Order,
	}
	if m.Cause == ByUsers && len(m.Unfollow) == 0 && m.Order == nil {
		c.Rate = p.share()
	}
	result, err := p.Store.Commit(ctx, c)
	var spent *stream.RateError
	if errors.As(err, &spent) {
		return stream.Result{}, p.cast(ctx, c)
	}
	return result, err
}

// cast publishes the events beyond the share without keeping them, if the store is a
// Caster.
func (p Publisher) cast(ctx context.Context, c stream.Commit) error {
	caster, can := p.Store.(stream.Caster)
	for i := 0; can && i < len(c.Events); i++ {
		if err := caster.Cast(ctx, c.Stream, c.Events[i]); err != nil {
			return err
		}
	}
	overflows.Inc()
	return nil
}
