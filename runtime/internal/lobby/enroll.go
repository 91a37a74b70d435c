package lobby

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/anteroom/anteroom/runtime/wire"
)

// maxLobbies is in how many lobbies of all types together a user may be.
const maxLobbies = 32

// allOf is the set of all lobbies that a user is in; typeOf, of those of a type.
// Either may for a while have a lobby that the user is not in, when a process died
// between two steps; enroll and SessionOpened put that right.
func allOf(userID string) string { return "lobbies:" + userID }

func typeOf(lobbyType, userID string) string { return "lobbies:" + lobbyType + ":" + userID }

// enroll counts a lobby among those the user is in, unless the user is in as many
// as it may be.
func (s *Service) enroll(ctx context.Context, userID string, l Lobby) error {
	ofType := typeOf(l.Policy.Type, userID)
	in, err := s.add(ctx, ofType, l.Policy.maxPerUser(), userID, l)
	if err != nil {
		return err
	}
	if !in {
		return tooMany(l.Policy.maxPerUser(), "lobbies of this type")
	}
	if in, err = s.add(ctx, allOf(userID), maxLobbies, userID, l); err != nil || in {
		return err
	}
	return errors.Join(tooMany(maxLobbies, "lobbies"), s.Sets.Remove(ctx, ofType, l.ID))
}

func tooMany(bound int, what string) error {
	return wire.Refuse(wire.CodeResourceExhausted, fmt.Sprintf("you may be in %d %s at once", bound, what))
}

// add puts a lobby into a set. When the set is full, what does not belong there
// is taken out first.
func (s *Service) add(ctx context.Context, set string, bound int, userID string, l Lobby) (bool, error) {
	in, err := s.Sets.Add(ctx, set, l.ID, bound, s.keep(l))
	if err != nil || in {
		return in, enrolling(err)
	}
	ids, err := s.Sets.List(ctx, set)
	if err != nil {
		return false, enrolling(err)
	}
	for _, id := range ids {
		if err := s.dropStale(ctx, set, id, userID); err != nil {
			return false, err
		}
	}
	in, err = s.Sets.Add(ctx, set, l.ID, bound, s.keep(l))
	return in, enrolling(err)
}

func enrolling(err error) error {
	if err != nil {
		return fmt.Errorf("enroll in a lobby: %w", err)
	}
	return nil
}

// newborn is how long a lobby that cannot be found may still be about to be made.
const newborn = 15 * time.Second

// dropStale takes a lobby out of a set if the user is not in it. When one user
// joins two lobbies over two connections in the same milliseconds, this may take
// the first join for stale and let the second one pass its bound.
func (s *Service) dropStale(ctx context.Context, set, lobbyID, userID string) error {
	l, _, err := s.load(ctx, lobbyID)
	if err != nil && !isNotFound(err) {
		return err
	}
	if err == nil && l.Has(userID) && !l.Closed() || err != nil && s.isNewborn(lobbyID) {
		return nil
	}
	return enrolling(s.Sets.Remove(ctx, set, lobbyID))
}

func (s *Service) isNewborn(lobbyID string) bool {
	id, err := ulid.ParseStrict(lobbyID)
	return err == nil && s.Now().Sub(id.Timestamp()) < newborn
}

// strike takes a lobby off those the user is in.
func (s *Service) strike(ctx context.Context, userID string, l Lobby) error {
	return errors.Join(
		s.Sets.Remove(ctx, typeOf(l.Policy.Type, userID), l.ID),
		s.Sets.Remove(ctx, allOf(userID), l.ID),
	)
}
