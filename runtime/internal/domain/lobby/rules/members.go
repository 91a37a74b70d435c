package rules

import (
	"time"

	"github.com/anteroom/anteroom/runtime/wire"
)

// Ready sets a player's ready flag.
func (l Lobby) Ready(userID string, ready bool, now time.Time) (Lobby, []wire.LobbyPatch, error) {
	m, err := l.ActiveMember(userID)
	switch {
	case err != nil:
		return l, nil, err
	case !m.Player():
		return l, nil, wire.Refuse(wire.CodePermissionDenied, "spectators are not asked whether they are ready")
	case l.Status == wire.LobbyInMatch:
		return l, nil, wire.Precondition(wire.ReasonLobbyStarted, "the match has started")
	case m.Ready == ready:
		return l, nil, nil
	}
	e := l.edit(now)
	m.Ready = ready
	e.Members[userID] = m
	e.by(wire.CauseMemberReady, userID, "")
	return e.done()
}

// SetMemberCommand changes a member.
type SetMemberCommand struct {
	Actor string
	// UserID is the member to change; "" means the actor.
	UserID string
	// Team, when not nil, is the new team; "" is no team.
	Team *string
	// Role, when not "", is member or spectator.
	Role wire.Role
	// SwapWith, when not nil, is the member to change places with; "" takes an offer back.
	SwapWith *string
	Set      wire.Attributes
	Unset    []string
}

// SetMember changes the actor's own team, role and attributes, or, for the host, another's
// team and role; or two members change places.
func (l Lobby) SetMember(cmd SetMemberCommand, now time.Time) (Lobby, []wire.LobbyPatch, error) {
	id := cmd.UserID
	if id == "" {
		id = cmd.Actor
	}
	if err := l.checkSetMember(cmd, id); err != nil {
		return l, nil, err
	}
	if cmd.SwapWith != nil {
		if cmd.Team != nil || cmd.Role != "" || len(cmd.Set) > 0 || len(cmd.Unset) > 0 {
			return l, nil, wire.Invalid("swapWith", "ask for nothing else with it")
		}
		return l.swap(cmd.Actor, id, *cmd.SwapWith, now)
	}
	e := l.edit(now)
	if err := e.setMember(id, cmd); err != nil {
		return l, nil, err
	}
	m, changed := l.Members[id], e.Members[id]
	if m.Role == changed.Role && m.Team == changed.Team && equal(m.Attributes, changed.Attributes) {
		return l, nil, nil
	}
	if changed.Team != m.Team || changed.Role != m.Role {
		e.withdrawSwaps(id)
		e.clearReady()
	}
	e.by(wire.CauseMemberUpdated, cmd.Actor, "")
	return e.done()
}

func (l Lobby) checkSetMember(cmd SetMemberCommand, id string) error {
	if id == cmd.Actor {
		_, err := l.ActiveMember(id)
		return err
	}
	if err := l.checkHost(cmd.Actor); err != nil {
		return err
	}
	if !l.Has(id) {
		return noSuchMember()
	}
	if len(cmd.Set) > 0 || len(cmd.Unset) > 0 {
		return &wire.Error{Code: wire.CodePermissionDenied, Field: "attributes", Message: "a member's attributes are its own"}
	}
	return nil
}

func noSuchMember() error { return wire.Refuse(wire.CodeNotFound, "there is no such member") }

// setMember changes a member: first the role, which gives a new player the requested team.
func (e *edit) setMember(id string, cmd SetMemberCommand) error {
	asked := ""
	if cmd.Team != nil {
		asked = *cmd.Team
	}
	played := e.Members[id].Player()
	if cmd.Role != "" {
		if err := e.changeRole(cmd.Actor, id, cmd.Role, asked); err != nil {
			return err
		}
	}
	if m := e.Members[id]; cmd.Team != nil && m.Player() == played {
		if err := e.setTeam(id, asked); err != nil {
			return err
		}
	}
	m := e.Members[id]
	var err error
	m.Attributes, err = e.Policy.write(m.Attributes, ofMember, cmd.Set, cmd.Unset, "attributes")
	e.Members[id] = m
	return err
}

func (e *edit) setTeam(id, team string) (err error) {
	m := e.Members[id]
	if err := e.checkTeamFixed(m.Team, team, "team"); err != nil {
		return err
	}
	if team != "" {
		team, err = e.teamFor(m, team, "team")
	}
	m.Team = team
	e.Members[id] = m
	return err
}

// Leave removes a member. When the host leaves, another player becomes the host or the lobby closes,
// by the policy; random selects the next host where the policy says so.
func (l Lobby) Leave(user Actor, random uint64, now time.Time) (Lobby, []wire.LobbyPatch, error) {
	if _, err := l.ActiveMember(user.ID); err != nil {
		return l, nil, err
	}
	e := l.edit(now)
	e.ActiveAt, e.leaving = ms(now), user.Session
	e.removeMember(user.ID, wire.CauseMemberLeft, ReasonLeft, random)
	return e.done()
}
