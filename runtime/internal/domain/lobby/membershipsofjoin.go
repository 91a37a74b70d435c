package lobby

import (
	"context"
	"errors"

	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/internal/domain/lobby/rules"
	"github.com/anteroom/anteroom/runtime/wire"
)

// partyJoin returns the companions of a request with a party.
func (s *Service) partyJoin(ctx context.Context, c request.Call, partyID string) (rules.PartyJoin, error) {
	if partyID == "" {
		return rules.PartyJoin{}, nil
	}
	others, err := s.Companions(ctx, c.ID, partyID)
	if err != nil {
		return rules.PartyJoin{}, err
	}
	all := rules.PartyJoin{Party: partyID}
	for _, user := range others {
		all.Companions = append(all.Companions, rules.Companion{Actor: user})
	}
	return all, nil
}

// newMember is a user whom a command makes a member. membershipID points into the command.
type newMember struct {
	id           string
	membershipID *string
}

// newMembers returns the caller and then the companions.
func newMembers(callerID string, membershipID *string, party *rules.PartyJoin) []newMember {
	all := []newMember{{callerID, membershipID}}
	for i := range party.Companions {
		all = append(all, newMember{party.Companions[i].ID, &party.Companions[i].MembershipID})
	}
	return all
}

// addMembershipFor is addMembership for the caller or a companion.
func (s *Service) addMembershipFor(ctx context.Context, callerID string, e newMember, l rules.Lobby) error {
	err := s.addMembership(ctx, e.id, *e.membershipID, l)
	var refusal *wire.Error
	if e.id != callerID && errors.As(err, &refusal) {
		// The lobbies of another user are not the caller's to know.
		return wire.Already(refusal.Code, refusal.Reason, e.id+" is in as many lobbies as it may be").At("partyId")
	}
	return err
}

// addMemberships adds the memberships of all members of a new lobby, or none.
func (s *Service) addMemberships(ctx context.Context, all []newMember, l rules.Lobby) error {
	for i, e := range all {
		*e.membershipID = l.ID
		err := s.addMembershipFor(ctx, all[0].id, e, l)
		if err == nil {
			continue
		}
		return errors.Join(err, s.removeMemberships(ctx, all[:i], l))
	}
	return nil
}

// removeMemberships removes the memberships of a lobby that is not created.
func (s *Service) removeMemberships(ctx context.Context, all []newMember, l rules.Lobby) error {
	var failures []error
	for _, entered := range all {
		failures = append(failures, s.removeMembership(ctx, entered.id, l.ID, l))
	}
	return errors.Join(failures...)
}
