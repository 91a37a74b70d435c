package rules

import (
	"fmt"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/liveness"
	"github.com/anteroom/anteroom/runtime/wire"
)

// SeatCommand makes a lobby for users who are to meet in it: each has its place
// before anybody comes.
type ReserveCommand struct {
	ID, Code, Name string
	// Teams are the users of each team, in the order of the policy's teams. The first
	// of all is the host.
	Teams [][]Actor
	// Origin is kept with the lobby; nil for none.
	Origin *Origin
	// WithinLimit keeps out users who would be in more lobbies of the type than the policy
	// allows: nobody is seated then, and the error is an *OverLimitError.
	WithinLimit bool
	// Reason is told to the users.
	Reason wire.JoinedReason
	// ArriveWithin is how long a user who does not come keeps its place; 0 means the
	// policy's disconnectGrace.
	ArriveWithin time.Duration
}

// OverLimitError says which users are in as many lobbies of a type as they may be.
type OverLimitError struct{ Users []string }

func (e *OverLimitError) Error() string {
	return fmt.Sprintf("%d users are in as many lobbies of this type as they may be", len(e.Users))
}

// seats are the terms on which a command gives users their places.
type reserveTerms struct {
	membershipID string
	reason       wire.JoinedReason
	keptUntil    int64
}

func (cmd ReserveCommand) terms(now time.Time) reserveTerms {
	s := reserveTerms{membershipID: cmd.ID, reason: cmd.Reason}
	if cmd.ArriveWithin > 0 {
		s.keptUntil = ms(now.Add(cmd.ArriveWithin))
	}
	return s
}

// Seat makes a lobby in which everybody is a member who is not connected yet: users
// who do not come within cmd.ArriveWithin lose their place. It is locked, so that
// nobody else comes in unless the host wants it.
func Reserve(p Policy, cmd ReserveCommand, now time.Time) (Lobby, []wire.LobbyPatch, error) {
	name, err := cleanName(cmd.Name, "name")
	if err != nil {
		return Lobby{}, nil, err
	}
	e := &edit{now: now, Lobby: Lobby{
		ID: cmd.ID, Name: name, Status: wire.LobbyLocked, Visibility: p.Visibility.Default,
		MaxMembers: p.Size.Max, Attributes: p.defaults(ofLobby),
		Members: map[string]Member{}, Policy: p, CreatedAt: ms(now), ActiveAt: ms(now), Origin: cmd.Origin,
	}}
	e.setCode(cmd.Code)
	if p.Lifecycle.MaxLifetime > 0 {
		e.ExpiresAt = ms(now.Add(p.Lifecycle.MaxLifetime))
	}
	host := ""
	for i, team := range cmd.Teams {
		for _, user := range team {
			if host == "" {
				host = user.ID
			}
			if err := e.reservePlace(user, i, cmd.terms(now)); err != nil {
				return Lobby{}, nil, err
			}
		}
	}
	if host == "" || e.Players() > p.Size.Max {
		return Lobby{}, nil, wire.Invalid("teams", fmt.Sprintf("the policy allows 1 to %d players, not %d", p.Size.Max, e.Players()))
	}
	e.publishCreated(host)
	return e.done()
}

// seat gives a user its place in the i-th team.
func (e *edit) reservePlace(user Actor, i int, on reserveTerms) error {
	if err := e.addAbsent(user, on.membershipID, wire.RoleMember, wire.MemberInit{}); err != nil {
		return err
	}
	m := e.Members[user.ID]
	m.Reserved = &Reservation{Reason: on.reason, KeptUntil: on.keptUntil, Stamp: e.stamp()}
	m.Team = ""
	if i < e.Policy.Teams.Count {
		m.Team = teamName(i + 1)
	}
	e.Members[user.ID] = m
	return nil
}

// expect admits a user who is not there: it has its place, and the policy's grace to come.
func (e *edit) addAbsent(user Actor, enrolment string, as wire.Role, init wire.MemberInit) error {
	if err := e.addMember(user, enrolment, as, init); err != nil {
		return err
	}
	m := e.Members[user.ID]
	m.Live = liveness.Away(e.now)
	e.Members[user.ID] = m
	return nil
}
