package lobby

import (
	"context"
	"errors"
	"fmt"

	"github.com/anteroom/anteroom/runtime/internal/command"
	"github.com/anteroom/anteroom/runtime/internal/stays"
	"github.com/anteroom/anteroom/runtime/wire"
)

// Along are the users whom a user brings, who leads a party. They have their places
// from then on, and are connected as soon as they ask for the lobby; those who do not
// within the policy's grace leave.
type Along struct {
	// Party is the party's id; "" when the user comes alone.
	Party string
	With  []Companion
}

// Companion is a user who is brought. Enrolment marks its stay, as in [JoinCommand].
type Companion struct {
	Actor
	Enrolment string
}

// fresh are those who are not in yet.
func (l Lobby) fresh(with []Companion) []Companion {
	var fresh []Companion
	for _, c := range with {
		if !l.Has(c.ID) {
			fresh = append(fresh, c)
		}
	}
	return fresh
}

// bring lets companions in.
func (e *edit) bring(by Actor, party string, with []Companion, as wire.Role, team string) error {
	for _, c := range with {
		if err := e.admit(c.Actor, c.Enrolment, as, wire.MemberInit{Team: team}); err != nil {
			return err
		}
		m := e.Members[c.ID]
		m.Live, m.BroughtBy = stays.Away(e.now), &Bringer{By: by.ID, ByName: by.Name, Party: party, news: e.news()}
		e.Members[c.ID] = m
		delete(e.Invites, c.ID)
		delete(e.Requests, c.ID)
	}
	return nil
}

// teamTogether is the team that so many heads ask for; when they name none and the
// policy balances the teams, the smallest that has room for all of them; "" when there
// is none: each goes where there is room then.
func (l Lobby) teamTogether(asked string, as wire.Role, heads int) string {
	teams := l.Policy.Teams
	if asked != "" || heads < 2 || !teams.AutoBalance || as == wire.RoleSpectator {
		return asked
	}
	return l.smallestTeam(heads)
}

// along finds those whom a request brings.
func (s *Service) along(ctx context.Context, c command.Call, partyID string) (Along, error) {
	if partyID == "" {
		return Along{}, nil
	}
	others, err := s.Companions(ctx, c.ID, partyID)
	if err != nil {
		return Along{}, err
	}
	all := Along{Party: partyID}
	for _, user := range others {
		all.With = append(all.With, Companion{Actor: user})
	}
	return all, nil
}

// enrollCompanion is enroll for one who is brought.
func (s *Service) enrollCompanion(ctx context.Context, userID, enrolment string, l Lobby) error {
	err := s.enroll(ctx, userID, enrolment, l)
	var refusal *wire.Error
	if errors.As(err, &refusal) {
		refusal.Field, refusal.Message = "partyId", fmt.Sprintf("%s is in as many lobbies as it may be", userID)
	}
	return err
}

// enrollAlong enrolls all who come along to a new lobby, or nobody: the host neither.
func (s *Service) enrollAlong(ctx context.Context, hostID string, with []Companion, l Lobby) error {
	entered := []string{hostID}
	for i := range with {
		with[i].Enrolment = l.ID
		entered = append(entered, with[i].ID)
		err := s.enrollCompanion(ctx, with[i].ID, l.ID, l)
		if err == nil {
			continue
		}
		failures := []error{err}
		for _, user := range entered {
			failures = append(failures, s.strike(ctx, user, l.ID, l))
		}
		return errors.Join(failures...)
	}
	return nil
}
