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

// settle does what follows from departures: the users' sessions are told and stop
// hearing the party, and it no longer counts as theirs. It may be done any number
// of times.
func (s *Service) applySideEffects(ctx context.Context, p rules.Party, departed []rules.Departure) error {
	var errs []error
	for _, d := range departed {
		// One who has come back in the meantime is not told of the old stay.
		if !p.Has(d.UserID) && !d.Silent {
			errs = append(errs, s.notifyRemoved(ctx, p.ID, d))
		}
		errs = append(errs, s.stays.Strike(ctx, partiesOf(d.UserID), membership.Stay{Group: p.ID, Enrolment: d.MembershipID}))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("settle party %s: %w", p.ID, err)
	}
	return nil
}

// tellRemoved tells a user of its departure, once, and its sessions stop following
// the party.
func (s *Service) notifyRemoved(ctx context.Context, partyID string, d rules.Departure) error {
	_, err := s.users.Tell(ctx, d.UserID, userstream.Message{
		Cause:    userstream.ByUsers,
		Event:    wire.EventPartyRemoved,
		Payload:  wire.PartyRemoved{PartyID: partyID, Reason: d.Reason, Message: d.Message, Version: d.Version},
		Unfollow: []stream.ID{StreamID(partyID), ChatStream(partyID)},
		Once:     onceNotified(string(StreamID(partyID)), fmt.Sprint(d.Version)),
	})
	return err
}

// once keeps what a user is told of from being told twice.
func onceNotified(scope, key string) *stream.Once {
	return &stream.Once{Scope: scope, Key: key, TTL: 2 * rules.DepartureMemory}
}

// Look does what is due in a party, for stream.Deadlines: it tells when to look
// again, the zero time for never.
func (s *Service) Look(ctx context.Context, id stream.ID) (time.Time, error) {
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
