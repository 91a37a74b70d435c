package rules

import (
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/liveness"
	"github.com/anteroom/anteroom/runtime/wire"
)

func (e *edit) admit(user Actor, enrolment string, attributes wire.Attributes) error {
	checked, err := write(nil, attributes, nil)
	if err != nil {
		return err
	}
	e.Members[user.ID] = Member{
		Name: user.Name, JoinedAt: ms(e.now), Attributes: checked, Claims: user.Claims, Enrolment: enrolment, Live: liveness.Through(user.Session),
	}
	return nil
}

// JoinCommand brings a user in, by a code or by an invite.
type JoinCommand struct {
	User Actor
	// Enrolment marks the stay that begins with this command.
	Enrolment string
	// Code and Invite are what the user comes with; one of them is set.
	Code, Invite string
	Attributes   wire.Attributes
}

// Join brings a user in. A user who is in already keeps its place; its session
// counts as connected from then on.
func (p Party) Join(cmd JoinCommand, now time.Time) (Party, []wire.PartyPatch, error) {
	if p.Has(cmd.User.ID) {
		return p.Reconnect(cmd.User.ID, cmd.User.Session, now)
	}
	switch {
	case p.Closed():
		return p, nil, CodeExpired()
	case cmd.Invite != "" && !p.invited(cmd.User.ID, cmd.Invite, now):
		return p, nil, CodeExpired()
	case cmd.Invite == "" && cmd.Code != p.Code:
		return p, nil, CodeExpired()
	case p.IsBanned(cmd.User.ID, now):
		return p, nil, banned("", "you were removed from this party and may not come back yet")
	case cmd.Invite == "" && p.Locked:
		return p, nil, wire.Precondition(wire.ReasonPartyLocked, "the leader has closed the party: ask a member for an invite")
	case len(p.Members) >= p.MaxMembers:
		return p, nil, wire.Precondition(wire.ReasonPartyFull, "the party is full")
	}
	e := p.edit(now)
	if err := e.admit(cmd.User, cmd.Enrolment, cmd.Attributes); err != nil {
		return p, nil, err
	}
	delete(e.Invites, cmd.User.ID)
	e.unready()
	e.patch(wire.CauseMemberJoined, cmd.User.ID, "")
	return e.done()
}

func CodeExpired() error {
	return wire.Refuse(wire.CodeCodeExpired, "this invite or code is no longer good")
}
