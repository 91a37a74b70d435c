package rules

import (
	"github.com/anteroom/anteroom/runtime/wire"
)

// PartyJoin lists the companions of a party leader's request. Their places are reserved until
// they connect. A companion who does not connect within the policy's grace is removed.
type PartyJoin struct {
	// Party is the party's id; "" when the user comes alone.
	Party      string
	Companions []Companion
}

// Companion is a member of the caller's party. MembershipID is as in [JoinCommand].
type Companion struct {
	Actor
	MembershipID string
}

// newCompanions returns the companions who are not members.
func (l Lobby) newCompanions(with []Companion) []Companion {
	var fresh []Companion
	for _, c := range with {
		if !l.Has(c.ID) {
			fresh = append(fresh, c)
		}
	}
	return fresh
}

// addCompanions adds companions with reserved places.
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

// partyTeam returns the requested team of a party. Without a request and with balanced teams,
// it returns the smallest team with room for the party; "" without such a team, and each user
// then gets a team with room.
func (l Lobby) partyTeam(asked string, as wire.Role, heads int) string {
	teams := l.Policy.Teams
	if asked != "" || heads < 2 || !teams.AutoBalance || as == wire.RoleSpectator {
		return asked
	}
	return l.smallestTeam(heads)
}
