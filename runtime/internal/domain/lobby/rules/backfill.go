package rules

import (
	"fmt"
	"time"

	"github.com/anteroom/anteroom/runtime/wire"
)

// BackfillCommand gives more users their places in a lobby of a match.
type BackfillCommand struct {
	// MembershipID, a ULID, identifies the memberships that this command creates.
	MembershipID string
	// Teams are the users of each team, in the order of the policy's teams.
	Teams [][]Actor
	// Brought is kept in the lobby's Origin.
	Players map[string]OriginPlayer
}

// Backfill gives users reserved places, as Reserve does, also in a locked lobby and during the
// match. Either all users get a place or none. A member keeps the membership.
func (l Lobby) Backfill(cmd BackfillCommand, now time.Time) (Lobby, []wire.LobbyPatch, error) {
	if err := l.CheckOpen(); err != nil {
		return l, nil, err
	}
	if l.Origin == nil {
		return l, nil, wire.Refuse(wire.CodePermissionDenied, "this lobby was made for nobody else")
	}
	e := l.edit(now)
	came := false
	for i, team := range cmd.Teams {
		for _, user := range team {
			if e.Has(user.ID) {
				continue
			}
			if err := e.checkBackfill(user.ID, i); err != nil {
				return l, nil, err
			}
			if err := e.reservePlace(user, i, reserveTerms{membershipID: cmd.MembershipID, reason: wire.JoinedByMatch}); err != nil {
				return l, nil, err
			}
			came = true
		}
	}
	if !came {
		return l, nil, nil
	}
	e.setOriginPlayers(cmd.Players)
	e.clearReady()
	e.by(wire.CauseMemberJoined, "", reasonBackfill)
	return e.done()
}

// reasonBackfill is the reason of a join by backfill.
const reasonBackfill = "backfill"

// checkBackfill refuses a banned user, and a user for whom there is no place.
func (e *edit) checkBackfill(userID string, team int) error {
	if e.isBanned(userID, e.now) {
		return &wire.Error{Code: wire.CodeBanned, Message: "a user was removed from this lobby and may not come back yet"}
	}
	if teams := e.Policy.Teams; team < teams.Count && teams.full(e.teamSize(teamName(team+1))) {
		return wire.Precondition(wire.ReasonLobbyFull, fmt.Sprintf("team %d is full", team+1))
	}
	return e.checkRoom(wire.RoleMember, 1)
}

// setOriginPlayers adds the new players to the origin, and removes the players who left.
func (e *edit) setOriginPlayers(brought map[string]OriginPlayer) {
	next := *e.Origin
	next.Players = map[string]OriginPlayer{}
	for _, all := range []map[string]OriginPlayer{e.Origin.Players, brought} {
		for user, b := range all {
			if e.Has(user) {
				next.Players[user] = b
			}
		}
	}
	e.Origin = &next
}
