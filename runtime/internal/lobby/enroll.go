package lobby

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/anteroom/anteroom/runtime/wire"
)

// maxLobbies is in how many lobbies of all types together a user may be.
const maxLobbies = 32

// allOf is the set of all lobbies that a user is in; typeOf, of those of a type.
// Their entries are stays: a lobby's id and an enrolment, which is a ULID. An entry
// is made before the join is committed and struck off after the departure is, so
// that there is one for every stay; when a process dies in between there may be
// one without a stay, which add finds out.
// A user's id may hold colons; a type's name does not.
func allOf(userID string) string { return "lobbies:all:" + userID }

func typeOf(lobbyType, userID string) string { return "lobbies:of:" + lobbyType + ":" + userID }

const entrySeparator = "/"

func entry(lobbyID, enrolment string) string { return lobbyID + entrySeparator + enrolment }

// enroll counts a stay in a lobby among the user's, unless the user is in as many
// lobbies as it may be.
func (s *Service) enroll(ctx context.Context, userID, enrolment string, l Lobby) error {
	ofType, stay := typeOf(l.Policy.Type, userID), entry(l.ID, enrolment)
	in, err := s.add(ctx, ofType, stay, l.Policy.maxPerUser(), userID)
	if err != nil {
		return err
	}
	if !in {
		return tooMany(l.Policy.maxPerUser(), "lobbies of this type")
	}
	if in, err = s.add(ctx, allOf(userID), stay, maxLobbies, userID); err != nil || in {
		return err
	}
	return errors.Join(tooMany(maxLobbies, "lobbies"), s.Sets.Remove(ctx, ofType, stay))
}

func tooMany(bound int, what string) error {
	return wire.Refuse(wire.CodeResourceExhausted, fmt.Sprintf("you may be in %d %s at once", bound, what))
}

// add puts a stay into a set. When the set is full, what does not belong there is
// taken out first.
func (s *Service) add(ctx context.Context, set, stay string, bound int, userID string) (bool, error) {
	in, err := s.Sets.Add(ctx, set, stay, bound, unboundedTTL)
	if err != nil || in {
		return in, enrolling(err)
	}
	stays, err := s.Sets.List(ctx, set)
	if err != nil {
		return false, enrolling(err)
	}
	for _, other := range stays {
		if err := s.dropStale(ctx, set, other, userID); err != nil {
			return false, err
		}
	}
	in, err = s.Sets.Add(ctx, set, stay, bound, unboundedTTL)
	return in, enrolling(err)
}

func enrolling(err error) error {
	if err != nil {
		return fmt.Errorf("enroll in a lobby: %w", err)
	}
	return nil
}

// newborn is how long a stay that cannot be found may still be about to begin.
const newborn = 15 * time.Second

// dropStale takes a stay out of a set if there is no such stay.
func (s *Service) dropStale(ctx context.Context, set, stay, userID string) error {
	lobbyID, enrolment, _ := strings.Cut(stay, entrySeparator)
	id, err := ulid.ParseStrict(enrolment)
	if err == nil && s.Now().Sub(id.Timestamp()) < newborn {
		return nil
	}
	l, err := s.load(ctx, lobbyID)
	if err != nil && !isNotFound(err) {
		return err
	}
	if err == nil && !l.Closed() && l.Members[userID].Enrolment == enrolment {
		return nil
	}
	return enrolling(s.Sets.Remove(ctx, set, stay))
}

// strike takes a stay off the user's.
func (s *Service) strike(ctx context.Context, userID, enrolment string, l Lobby) error {
	stay := entry(l.ID, enrolment)
	return errors.Join(
		s.Sets.Remove(ctx, typeOf(l.Policy.Type, userID), stay),
		s.Sets.Remove(ctx, allOf(userID), stay),
	)
}
