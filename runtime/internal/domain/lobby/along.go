package lobby

import (
	"context"
	"errors"
	"slices"

	"github.com/anteroom/anteroom/runtime/internal/core/request"
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
		if err := e.expect(c.Actor, c.Enrolment, as, wire.MemberInit{Team: team}); err != nil {
			return err
		}
		m := e.Members[c.ID]
		m.BroughtBy = &Bringer{By: by.ID, ByName: by.Name, Party: party, Reason: wire.JoinedWithParty, news: e.news()}
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
func (s *Service) along(ctx context.Context, c request.Call, partyID string) (Along, error) {
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

// entrant is one who comes in by a caller's command, and where the command has its
// enrolment.
type entrant struct {
	id        string
	enrolment *string
}

// entrants are all who come in, the caller first.
func entrants(callerID string, enrolment *string, along *Along) []entrant {
	all := []entrant{{callerID, enrolment}}
	for i := range along.With {
		all = append(all, entrant{along.With[i].ID, &along.With[i].Enrolment})
	}
	return all
}

func (cmd *JoinCommand) entrants() []entrant {
	return entrants(cmd.User.ID, &cmd.Enrolment, &cmd.Along)
}

// enrolled tells whether all who come in have their enrolment.
func (cmd *JoinCommand) enrolled(l Lobby) bool {
	return !slices.ContainsFunc(cmd.entrants(), func(e entrant) bool { return !l.Has(e.id) && *e.enrolment == "" })
}

// enrollFor is enroll for a caller, or one whom it brings.
func (s *Service) enrollFor(ctx context.Context, callerID string, e entrant, l Lobby) error {
	err := s.enroll(ctx, e.id, *e.enrolment, l)
	var refusal *wire.Error
	if e.id != callerID && errors.As(err, &refusal) {
		// The lobbies of another user are not the caller's to know.
		return wire.Already(refusal.Code, refusal.Reason, e.id+" is in as many lobbies as it may be").At("partyId")
	}
	return err
}

// enrollAll enrolls all who come into a new lobby, or nobody.
func (s *Service) enrollAll(ctx context.Context, all []entrant, l Lobby) error {
	for i, e := range all {
		*e.enrolment = l.ID
		err := s.enrollFor(ctx, all[0].id, e, l)
		if err == nil {
			continue
		}
		return errors.Join(err, s.strikeAll(ctx, all[:i], l))
	}
	return nil
}

// strikeAll takes back what enrollAll did for a lobby that is not made.
func (s *Service) strikeAll(ctx context.Context, all []entrant, l Lobby) error {
	var failures []error
	for _, entered := range all {
		failures = append(failures, s.strike(ctx, entered.id, l.ID, l))
	}
	return errors.Join(failures...)
}
