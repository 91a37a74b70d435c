package rules

import (
	"github.com/anteroom/anteroom/runtime/wire"
)

// Along are the users whom a user brings, who leads a party. They have their places
// from then on, and are connected as soon as they ask for the lobby; those who do not
// within the policy's grace leave.
type PartyJoin struct {
	// Party is the party's id; "" when the user comes alone.
	Party      string
	Companions []Companion
}

// Companion is a user who is brought. Enrolment marks its stay, as in [JoinCommand].
type Companion struct {
	Actor
	MembershipID string
}

// fresh are those who are not in yet.
func (l Lobby) newCompanions(with []Companion) []Companion {
	var fresh []Companion
	for _, c := range with {
		if !l.Has(c.ID) {
			fresh = append(fresh, c)
		}
	}
	return fresh
}

// bring lets companions in.
func (e *edit) addCompanions(by Actor, party string, with []Companion, as wire.Role, team string) error {
	for _, c := range with {
		if err := e.addAbsent(c.Actor, c.MembershipID, as, wire.MemberInit{Team: team}); err != nil {
			return err
		}
		m := e.Members[c.ID]
		m.Reserved = &Reservation{By: by.ID, ByName: by.Name, Party: party, Reason: wire.JoinedWithParty, Stamp: e.stamp()}
		e.Members[c.ID] = m
		delete(e.Invites, c.ID)
		delete(e.Requests, c.ID)
	}
	return nil
}

// teamTogether is the team that so many heads ask for; when they name none and the
// policy balances the teams, the smallest that has room for all of them; "" when there
// is none: each goes where there is room then.
func (l Lobby) partyTeam(asked string, as wire.Role, heads int) string {
	teams := l.Policy.Teams
	if asked != "" || heads < 2 || !teams.AutoBalance || as == wire.RoleSpectator {
		return asked
	}
	return l.smallestTeam(heads)
}
