package party

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/membership"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/internal/core/userstream"
	"github.com/anteroom/anteroom/runtime/internal/domain/party/rules"
	"github.com/anteroom/anteroom/runtime/wire"
)

// applySideEffects publishes party:removed to departed users and removes their memberships.
// Applying it again has no further effect.
func (s *Service) applySideEffects(ctx context.Context, p rules.Party, departed []rules.Departure) error {
	var errs []error
	for _, d := range departed {
		if message := removedMessage(p, d); message != nil {
			_, err := s.users.Publish(ctx, d.UserID, *message)
			errs = append(errs, err)
		}
		errs = append(errs, s.memberships.Remove(ctx, partiesOf(d.UserID), membership.Membership{Group: p.ID, ID: d.MembershipID}))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("apply the side effects of party %s: %w", p.ID, err)
	}
	return nil
}

// removedMessage returns the party:removed of a departed user, which unsubscribes the user's
// sessions; nil for a user who left by the only session, or who joined again.
func removedMessage(p rules.Party, d rules.Departure) *userstream.Message {
	if d.Silent || p.Has(d.UserID) {
		return nil
	}
	return &userstream.Message{
		Cause:    userstream.ByUsers,
		Event:    wire.EventPartyRemoved,
		Payload:  wire.PartyRemoved{PartyID: p.ID, Reason: d.Reason, Message: d.Message, Version: d.Version},
		Unfollow: []stream.ID{StreamID(p.ID), ChatStream(p.ID)},
		Once:     onceNotified(string(StreamID(p.ID)), fmt.Sprint(d.Version)),
	}
}

// onceNotified keeps a message from being published twice.
func onceNotified(scope, key string) *stream.Once {
	return &stream.Once{Scope: scope, Key: key, TTL: 2 * rules.DepartureMemory}
}

// OnDeadline applies the deadlines of a party, for stream.Deadlines, and returns the next deadline;
// the zero time for none.
func (s *Service) OnDeadline(ctx context.Context, id stream.ID) (time.Time, error) {
	now := s.Now()
	out, err := s.commit(ctx, id.Name(), nil, rules.Tick(now))
	if isNotFound(err) {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, err
	}
	departed := out.State.DepartedSince(out.Seen, false)
	for _, d := range out.State.Departed {
		if !time.UnixMilli(d.At).Add(rules.RetryAfter).After(now) {
			departed = append(departed, d)
		}
	}
	if err := s.applySideEffects(ctx, out.State, departed); err != nil {
		return time.Time{}, err
	}
	next, _ := out.State.NextDeadline(now)
	return next, nil
}
