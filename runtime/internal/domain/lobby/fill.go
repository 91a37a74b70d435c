package lobby

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/anteroom/anteroom/runtime/wire"
)

// Origin is what a lobby was made for, by whoever brought its members together. Clients
// do not see it.
type Origin struct {
	Queue  string `json:"queue"`
	Match  string `json:"match"`
	Region string `json:"region,omitempty"`
	// Brought are the users who came by it. Some may have left.
	Brought map[string]Brought `json:"brought"`
}

// Brought is a user who was brought to a place.
type Brought struct {
	// Team is the place of its team among the match's, from 0.
	Team int `json:"team"`
	// Profile is what the match was found by; this package does not read it.
	Profile json.RawMessage `json:"profile,omitempty"`
}

// FillCommand brings more users into a lobby that was made for others.
type FillCommand struct {
	// Enrolment, a ULID, marks their stay, and tells whether they came by this command.
	Enrolment string
	// Teams are the users of each team, in the order of the policy's teams.
	Teams [][]Actor
	// Brought is kept in the lobby's Origin.
	Brought map[string]Brought
}

// Fill gives users their places among those who are there, as Seat does, also when the
// lobby is locked or its match runs. All come in or none; who is in already stays as it
// is.
func (l Lobby) Fill(cmd FillCommand, now time.Time) (Lobby, []wire.LobbyPatch, error) {
	if err := l.open(); err != nil {
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
			if err := e.mayFill(user.ID, i); err != nil {
				return l, nil, err
			}
			if err := e.seat(user, i, seats{enrolment: cmd.Enrolment, reason: wire.JoinedByMatch}); err != nil {
				return l, nil, err
			}
			came = true
		}
	}
	if !came {
		return l, nil, nil
	}
	e.remember(cmd.Brought)
	e.clearReady()
	e.by(wire.CauseMemberJoined, "", reasonBackfill)
	return e.done()
}

// reasonBackfill is why users joined who were brought later.
const reasonBackfill = "backfill"

// mayFill refuses a user who may not come, or for whom there is no place.
func (e *edit) mayFill(userID string, team int) error {
	if e.bans(userID, e.now) {
		return &wire.Error{Code: wire.CodeBanned, Message: "a user was removed from this lobby and may not come back yet"}
	}
	if teams := e.Policy.Teams; team < teams.Count && teams.full(e.teamSize(teamName(team+1))) {
		return wire.Precondition(wire.ReasonLobbyFull, fmt.Sprintf("team %d is full", team+1))
	}
	return e.room(wire.RoleMember, 1)
}

// remember keeps what is known of those who came, and forgets those who are gone.
func (e *edit) remember(brought map[string]Brought) {
	next := *e.Origin
	next.Brought = map[string]Brought{}
	for _, all := range []map[string]Brought{e.Origin.Brought, brought} {
		for user, b := range all {
			if e.Has(user) {
				next.Brought[user] = b
			}
		}
	}
	e.Origin = &next
}

// Fill brings users into a lobby; the same command gives the lobby again, without a
// second effect.
func (s *Service) Fill(ctx context.Context, lobbyID string, cmd FillCommand) (Lobby, error) {
	l, err := s.load(ctx, lobbyID)
	if err != nil {
		return Lobby{}, err
	}
	if _, _, err := l.Fill(cmd, s.Now()); err != nil {
		return Lobby{}, err
	}
	var users []string
	for _, team := range cmd.Teams {
		for _, user := range team {
			if !l.Has(user.ID) {
				users = append(users, user.ID)
			}
		}
	}
	if err := s.enrollSeats(ctx, l, users, cmd.Enrolment, true); err != nil {
		return Lobby{}, err
	}
	out, err := s.change(ctx, lobbyID, s.once(seatSpace, cmd.Enrolment), func(l Lobby) (Lobby, []wire.LobbyPatch, error) {
		return l.Fill(cmd, s.Now())
	})
	return out.Lobby, err
}
