package rules

import (
	"fmt"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/liveness"
	"github.com/anteroom/anteroom/runtime/wire"
)

// ReserveCommand creates a lobby in which users have reserved places.
type ReserveCommand struct {
	ID, Code, Name string
	// Teams are the users of each team, in the order of the policy's teams. The first
	// of all is the host.
	Teams [][]Actor
	// Origin is kept with the lobby; nil for none.
	Origin *Origin
	// WithinLimit enforces the policy's limit of lobbies for each user. If a user exceeds the
	// limit, no place is reserved, and the error is an *OverLimitError.
	WithinLimit bool
	// Reason is published to the users.
	Reason wire.JoinedReason
	// ArriveWithin is how long a place is reserved; 0 means the policy's disconnectGrace.
	ArriveWithin time.Duration
}

// OverLimitError says which users are in as many lobbies of a type as they may be.
type OverLimitError struct{ Users []string }

func (e *OverLimitError) Error() string {
	return fmt.Sprintf("%d users are in as many lobbies of this type as they may be", len(e.Users))
}

// reserveTerms are the common terms of a command's reserved places.
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

// Reserve creates a lobby in which every user is a disconnected member. A user who does not
// connect within cmd.ArriveWithin is removed. The lobby is locked, so that other users join
// only if the host unlocks it.
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

// reservePlace adds a user to the i-th team, with a reserved place.
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

// addAbsent adds a disconnected user, who has the policy's grace to connect.
func (e *edit) addAbsent(user Actor, membershipID string, as wire.Role, init wire.MemberInit) error {
	if err := e.addMember(user, membershipID, as, init); err != nil {
		return err
	}
	m := e.Members[user.ID]
	m.Live = liveness.Away(e.now)
	e.Members[user.ID] = m
	return nil
}
