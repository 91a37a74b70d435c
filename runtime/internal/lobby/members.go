package lobby

import (
	"time"

	"github.com/anteroom/anteroom/runtime/wire"
)

// Ready says whether a player is ready.
func (l Lobby) Ready(userID string, ready bool, now time.Time) (Lobby, []wire.LobbyPatch, error) {
	m, err := l.member(userID)
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
	Team  *string
	Set   wire.Attributes
	Unset []string
}

// SetMember changes the actor's own team and attributes, or, for the host,
// another's team.
func (l Lobby) SetMember(cmd SetMemberCommand, now time.Time) (Lobby, []wire.LobbyPatch, error) {
	id := cmd.UserID
	if id == "" {
		id = cmd.Actor
	}
	if err := l.maySetMember(cmd, id); err != nil {
		return l, nil, err
	}
	m := l.Members[id]
	changed, err := l.set(m, cmd)
	if err != nil || m.Team == changed.Team && equal(m.Attributes, changed.Attributes) {
		return l, nil, err
	}
	e := l.edit(now)
	e.Members[id] = changed
	if changed.Team != m.Team {
		e.clearReady()
	}
	e.by(wire.CauseMemberUpdated, cmd.Actor, "")
	return e.done()
}

func (l Lobby) maySetMember(cmd SetMemberCommand, id string) error {
	if id == cmd.Actor {
		_, err := l.member(id)
		return err
	}
	if err := l.ledBy(cmd.Actor); err != nil {
		return err
	}
	if !l.Has(id) {
		return absent()
	}
	if len(cmd.Set) > 0 || len(cmd.Unset) > 0 {
		return &wire.Error{Code: wire.CodePermissionDenied, Field: "attributes", Message: "a member's attributes are its own"}
	}
	return nil
}

func absent() error { return wire.Refuse(wire.CodeNotFound, "there is no such member") }

func (l Lobby) set(m Member, cmd SetMemberCommand) (Member, error) {
	var err error
	if m.Attributes, err = l.Policy.write(m.Attributes, ofMember, cmd.Set, cmd.Unset, "attributes"); err != nil {
		return m, err
	}
	switch {
	case cmd.Team == nil:
	case *cmd.Team == "":
		m.Team = ""
	default:
		m.Team, err = l.teamFor(m, *cmd.Team, "team")
	}
	return m, err
}

// Leave takes a member out. When the host leaves, the lobby gets another host in
// the same step or closes, as the policy says; random decides where it says so.
func (l Lobby) Leave(user Actor, random uint64, now time.Time) (Lobby, []wire.LobbyPatch, error) {
	if _, err := l.member(user.ID); err != nil {
		return l, nil, err
	}
	e := l.edit(now)
	e.ActiveAt, e.leaving = ms(now), user.Session
	e.part(user.ID, wire.CauseMemberLeft, ReasonLeft, random)
	return e.done()
}
