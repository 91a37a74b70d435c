package rules

import (
	"github.com/anteroom/anteroom/runtime/wire"
)

// changeRole makes a player a spectator, or a spectator a player, where there is room; team is
// the team that a new player requests. It does not change a member with the same role.
func (e *edit) changeRole(actor, id string, role wire.Role, team string) error {
	plays := role != wire.RoleSpectator
	if e.Members[id].Player() == plays {
		return nil
	}
	if err := e.checkRoleChange(actor, e.Members[id], role); err != nil {
		return err
	}
	e.withdrawSwaps(id)
	m := e.Members[id]
	m.Role, m.Slot, m.Team, m.Ready = role, e.freeSlot(role), "", false
	if !plays {
		e.Members[id] = m
		e.dropVotes(id)
		return nil
	}
	asked, err := e.rejoinTeam(id, team, "team")
	if err != nil {
		return err
	}
	if m.Team, err = e.teamFor(m, asked, "team"); err != nil {
		return err
	}
	e.EmptySince = 0
	if e.HostID == "" {
		m.Role, e.HostID = wire.RoleHost, id
	}
	e.Members[id] = m
	return nil
}

// checkRoleChange returns why a member may not change the role.
func (e *edit) checkRoleChange(actor string, m Member, role wire.Role) error {
	switch {
	case !e.Policy.Join.ChangeRole:
		return rolesStay("role")
	case m.Role == wire.RoleHost:
		return hostPlays("role")
	case role != wire.RoleSpectator && e.Status == wire.LobbyLocked && actor != e.HostID:
		return wire.Precondition(wire.ReasonLobbyLocked, "the lobby is locked")
	case !e.allowsLate(role):
		return e.checkNotStarted()
	}
	return e.checkRoom(role, 1)
}

func rolesStay(field string) error {
	return &wire.Error{
		Code: wire.CodePermissionDenied, Field: field, Message: "the policy does not let players and spectators change places",
	}
}

func hostPlays(field string) error {
	return wire.Invalid(field, "the host plays: make another player the host first")
}

// allowsLate reports whether the start and the match permit a user to take a role now.
func (l Lobby) allowsLate(role wire.Role) bool {
	return l.checkNotStarted() == nil || l.Policy.Join.LateJoin || role == wire.RoleSpectator && l.Policy.Join.LateSpectators
}
