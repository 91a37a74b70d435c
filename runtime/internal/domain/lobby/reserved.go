package lobby

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/anteroom/anteroom/runtime/internal/core/membership"
	"github.com/anteroom/anteroom/runtime/internal/domain/lobby/rules"
	"github.com/anteroom/anteroom/runtime/wire"
)

// reserveSpace is the space of the ids of lobbies with reserved places.
const reserveSpace = "lobby-seat"

// CreateReserved creates a lobby in which users have reserved places. A repeated key returns
// the same lobby, unless the key is empty. Only WithinLimit enforces the users' limits.
func (s *Service) CreateReserved(ctx context.Context, lobbyType, key string, cmd rules.ReserveCommand) (rules.Lobby, error) {
	policy, known := s.Policies.Policy(lobbyType)
	if !known {
		return rules.Lobby{}, wire.Invalid("type", "there is no such type of lobby")
	}
	var err error
	if cmd.ID, err = s.ids.ID(ctx, reserveSpace, "", key); err != nil {
		return rules.Lobby{}, err
	}
	l, _, err := rules.Reserve(policy, cmd, s.Now())
	if err != nil {
		return rules.Lobby{}, err
	}
	if there, err := s.load(ctx, cmd.ID); err == nil || !isNotFound(err) {
		return there, err
	}
	if err := s.reservePlaces(ctx, l, slices.Sorted(maps.Keys(l.Members)), cmd.ID, cmd.WithinLimit); err != nil {
		return rules.Lobby{}, err
	}
	if cmd.Code, err = s.claimCode(ctx, l); err != nil {
		return rules.Lobby{}, err
	}
	l, patches, err := rules.Reserve(policy, cmd, s.Now())
	if err != nil {
		return rules.Lobby{}, err
	}
	out, err := s.commitNew(ctx, l, patches, s.once(reserveSpace, key))
	return out.Lobby, err
}

// reservePlaces adds the memberships of users with reserved places. With within, it adds all of
// them or none, and enforces the users' limits.
func (s *Service) reservePlaces(ctx context.Context, l rules.Lobby, users []string, membershipID string, within bool) error {
	var over rules.OverLimitError
	for _, user := range users {
		if within {
			m := membership.Membership{Group: l.ID, ID: membershipID}
			in, err := s.memberships.Add(ctx, lobbiesOfType(l.Policy.Type, user), m, l.Policy.LobbiesPerUser(), user)
			if err != nil {
				return fmt.Errorf("seat a user in a lobby: %w", err)
			}
			if !in {
				over.Users = append(over.Users, user)
				continue
			}
		}
		if err := s.reservePlace(ctx, l, user, membershipID); err != nil {
			return err
		}
	}
	if len(over.Users) == 0 {
		return nil
	}
	errs := []error{&over}
	for _, user := range users {
		errs = append(errs, s.removeMembership(ctx, user, membershipID, l))
	}
	return errors.Join(errs...)
}

// CheckLobbyLimit refuses a user with as many lobbies of a type as the policy allows, and names
// these lobbies.
func (s *Service) CheckLobbyLimit(ctx context.Context, lobbyType, userID string) error {
	policy, known := s.Policies.Policy(lobbyType)
	if !known {
		return nil
	}
	groups, err := s.memberships.Groups(ctx, lobbiesOfType(lobbyType, userID))
	if err != nil || len(groups) < policy.LobbiesPerUser() {
		return err
	}
	var in []string
	for _, id := range groups {
		l, err := s.load(ctx, id)
		if err != nil && !isNotFound(err) {
			return err
		}
		if err == nil && !l.Closed() && l.Has(userID) {
			in = append(in, id)
		}
	}
	if len(in) < policy.LobbiesPerUser() {
		return nil
	}
	return wire.Already(wire.CodeFailedPrecondition, wire.ReasonLobbyLimit,
		fmt.Sprintf("a match of this queue is a lobby, and you may be in %d lobbies of its type at once: leave one first", policy.LobbiesPerUser()), in...)
}

// reservePlace adds a membership for a reserved place, regardless of the limit of the type.
func (s *Service) reservePlace(ctx context.Context, l rules.Lobby, user, membershipID string) error {
	m := membership.Membership{Group: l.ID, ID: membershipID}
	for _, set := range []string{lobbiesOfType(l.Policy.Type, user), lobbiesOf(user)} {
		if in, err := s.memberships.Add(ctx, set, m, maxLobbies, user); err != nil || !in {
			if err == nil {
				err = s.totalLimitReached(ctx, user)
			}
			return fmt.Errorf("seat a user in a lobby: %w", err)
		}
	}
	return nil
}
