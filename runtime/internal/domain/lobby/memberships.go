package lobby

import (
	"context"
	"errors"
	"fmt"

	"github.com/anteroom/anteroom/runtime/internal/core/membership"
	"github.com/anteroom/anteroom/runtime/internal/domain/lobby/rules"
	"github.com/anteroom/anteroom/runtime/wire"
)

// maxLobbies is in how many lobbies of all types together a user may be.
const maxLobbies = 32

// allOf is the set of all lobbies that a user is in; typeOf, of those of a type.
// Their entries are stays.
// A user's id may hold colons; a type's name does not.
func lobbiesOf(userID string) string { return "lobbies:all:" + userID }

func lobbiesOfType(lobbyType, userID string) string { return "lobbies:of:" + lobbyType + ":" + userID }

// enroll counts a stay in a lobby among the user's, unless the user is in as many
// lobbies as it may be.
func (s *Service) addMembership(ctx context.Context, userID, enrolment string, l rules.Lobby) error {
	ofType, stay := lobbiesOfType(l.Policy.Type, userID), membership.Stay{Group: l.ID, Enrolment: enrolment}
	in, err := s.stays.Enter(ctx, ofType, stay, l.Policy.LobbiesPerUser(), userID)
	if err != nil {
		return err
	}
	if !in {
		return s.limitReached(ctx, ofType, fmt.Sprintf("you may be in %d lobbies of this type at once", l.Policy.LobbiesPerUser()))
	}
	if in, err = s.stays.Enter(ctx, lobbiesOf(userID), stay, maxLobbies, userID); err != nil || in {
		return err
	}
	return errors.Join(s.totalLimitReached(ctx, userID), s.stays.Strike(ctx, ofType, stay))
}

// inTooMany is the refusal of a user who is in maxLobbies.
func (s *Service) totalLimitReached(ctx context.Context, userID string) error {
	return s.limitReached(ctx, lobbiesOf(userID), fmt.Sprintf("you may be in %d lobbies at once", maxLobbies))
}

// tooMany refuses a user whose set of lobbies is full, and names the lobbies in it. The
// set was tidied just before: what it has counts.
func (s *Service) limitReached(ctx context.Context, set, message string) error {
	ids, err := s.stays.Groups(ctx, set)
	if err != nil {
		return err
	}
	return wire.Already(wire.CodeResourceExhausted, wire.ReasonLobbyLimit, message, ids...)
}

// stands tells whether there is such a stay.
func (s *Service) isMembership(ctx context.Context, userID string, stay membership.Stay) (bool, error) {
	l, err := s.load(ctx, stay.Group)
	if isNotFound(err) {
		return false, nil
	}
	return err == nil && !l.Closed() && l.Members[userID].MembershipID == stay.Enrolment, err
}

// strike takes a stay off the user's.
func (s *Service) removeMembership(ctx context.Context, userID, enrolment string, l rules.Lobby) error {
	stay := membership.Stay{Group: l.ID, Enrolment: enrolment}
	return errors.Join(
		s.stays.Strike(ctx, lobbiesOfType(l.Policy.Type, userID), stay),
		s.stays.Strike(ctx, lobbiesOf(userID), stay),
	)
}
