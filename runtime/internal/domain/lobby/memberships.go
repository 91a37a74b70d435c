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

// lobbiesOf is the set of a user's memberships in lobbies of all types; lobbiesOfType has those
// of one type. A user id may contain colons; the name of a type does not.
func lobbiesOf(userID string) string { return "lobbies:all:" + userID }

func lobbiesOfType(lobbyType, userID string) string { return "lobbies:of:" + lobbyType + ":" + userID }

// addMembership adds a user's membership of a lobby, or returns a refusal at the user's limit.
func (s *Service) addMembership(ctx context.Context, userID, membershipID string, l rules.Lobby) error {
	ofType, m := lobbiesOfType(l.Policy.Type, userID), membership.Membership{Group: l.ID, ID: membershipID}
	in, err := s.memberships.Add(ctx, ofType, m, l.Policy.LobbiesPerUser(), userID)
	if err != nil {
		return err
	}
	if !in {
		return s.limitReached(ctx, ofType, fmt.Sprintf("you may be in %d lobbies of this type at once", l.Policy.LobbiesPerUser()))
	}
	if in, err = s.memberships.Add(ctx, lobbiesOf(userID), m, maxLobbies, userID); err != nil || in {
		return err
	}
	return errors.Join(s.totalLimitReached(ctx, userID), s.memberships.Remove(ctx, ofType, m))
}

// totalLimitReached returns the refusal of a user with maxLobbies memberships.
func (s *Service) totalLimitReached(ctx context.Context, userID string) error {
	return s.limitReached(ctx, lobbiesOf(userID), fmt.Sprintf("you may be in %d lobbies at once", maxLobbies))
}

// limitReached refuses a user with a full set, and names the lobbies in it. The caller has just
// removed stale entries from the set.
func (s *Service) limitReached(ctx context.Context, set, message string) error {
	ids, err := s.memberships.Groups(ctx, set)
	if err != nil {
		return err
	}
	return wire.Already(wire.CodeResourceExhausted, wire.ReasonLobbyLimit, message, ids...)
}

// isMembership reports whether the lobby's document has the membership.
func (s *Service) isMembership(ctx context.Context, userID string, m membership.Membership) (bool, error) {
	l, err := s.load(ctx, m.Group)
	if isNotFound(err) {
		return false, nil
	}
	return err == nil && !l.Closed() && l.Members[userID].MembershipID == m.ID, err
}

// removeMembership removes a membership from the user's sets.
func (s *Service) removeMembership(ctx context.Context, userID, membershipID string, l rules.Lobby) error {
	m := membership.Membership{Group: l.ID, ID: membershipID}
	return errors.Join(
		s.memberships.Remove(ctx, lobbiesOfType(l.Policy.Type, userID), m),
		s.memberships.Remove(ctx, lobbiesOf(userID), m),
	)
}
