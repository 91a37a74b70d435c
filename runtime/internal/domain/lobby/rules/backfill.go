package rules

import (
	"fmt"
	"time"

	"github.com/anteroom/anteroom/runtime/wire"
)

// FillCommand brings more users into a lobby that was made for others.
type BackfillCommand struct {
	// Enrolment, a ULID, marks their stay, and tells whether they came by this command.
	MembershipID string
	// Teams are the users of each team, in the order of the policy's teams.
	Teams [][]Actor
	// Brought is kept in the lobby's Origin.
	Players map[string]OriginPlayer
}

// Fill gives users their places among those who are there, as Seat does, also when the
// lobby is locked or its match runs. All come in or none; who is in already stays as it
// is.
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

// reasonBackfill is why users joined who were brought later.
const reasonBackfill = "backfill"

// mayFill refuses a user who may not come, or for whom there is no place.
func (e *edit) checkBackfill(userID string, team int) error {
	if e.isBanned(userID, e.now) {
		return &wire.Error{Code: wire.CodeBanned, Message: "a user was removed from this lobby and may not come back yet"}
	}
	if teams := e.Policy.Teams; team < teams.Count && teams.full(e.teamSize(teamName(team+1))) {
		return wire.Precondition(wire.ReasonLobbyFull, fmt.Sprintf("team %d is full", team+1))
	}
	return e.checkRoom(wire.RoleMember, 1)
}

// remember keeps what is known of those who came, and forgets those who are gone.
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
