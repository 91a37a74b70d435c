package rules

import (
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/liveness"
	"github.com/anteroom/anteroom/runtime/wire"
)

func (e *edit) addMember(user Actor, membershipID string, attributes wire.Attributes) error {
	checked, err := mergeAttributes(nil, attributes, nil)
	if err != nil {
		return err
	}
	e.Members[user.ID] = Member{
		Name: user.Name, JoinedAt: ms(e.now), Attributes: checked, Claims: user.Claims, MembershipID: membershipID, Live: liveness.Through(user.Session),
	}
	return nil
}

// JoinCommand adds a user by a code or by an invite.
type JoinCommand struct {
	User Actor
	// MembershipID identifies the membership that begins with this command.
	MembershipID string
	// Code and Invite are alternatives; the command has one of them.
	Code, Invite string
	Attributes   wire.Attributes
}

// Join adds a user. A member keeps its place, and the session is connected.
func (p Party) Join(cmd JoinCommand, now time.Time) (Party, []wire.PartyPatch, error) {
	if p.Has(cmd.User.ID) {
		return p.Reconnect(cmd.User.ID, cmd.User.Session, now)
	}
	e, err := p.admit(cmd, now)
	if err != nil {
		return p, nil, err
	}
	e.clearAllReady()
	e.patch(wire.CauseMemberJoined, cmd.User.ID, "")
	return e.done()
}

// admit adds a user, or returns why the party refuses the user. It computes no patch.
func (p Party) admit(cmd JoinCommand, now time.Time) (*edit, error) {
	if err := p.checkAdmission(cmd, now); err != nil {
		return nil, err
	}
	e := p.edit(now)
	delete(e.Invites, cmd.User.ID)
	return e, e.addMember(cmd.User, cmd.MembershipID, cmd.Attributes)
}

// NeedsMembership reports whether a join needs a reserved membership and has none, or returns
// why the party refuses the user.
func (p Party) NeedsMembership(cmd JoinCommand, now time.Time) (bool, error) {
	if p.Has(cmd.User.ID) {
		return false, nil
	}
	_, err := p.admit(cmd, now)
	return err == nil && cmd.MembershipID == "", err
}

// checkAdmission returns why the party refuses a user who is not a member.
func (p Party) checkAdmission(cmd JoinCommand, now time.Time) error {
	switch {
	case p.Closed():
		return CodeExpired()
	case cmd.Invite != "" && !p.isInvited(cmd.User.ID, cmd.Invite, now):
		return CodeExpired()
	case cmd.Invite == "" && cmd.Code != p.Code:
		return CodeExpired()
	case p.IsBanned(cmd.User.ID, now):
		return banned("", "you were removed from this party and may not come back yet")
	case cmd.Invite == "" && p.Locked:
		return wire.Precondition(wire.ReasonPartyLocked, "the leader has closed the party: ask a member for an invite")
	case len(p.Members) >= p.MaxMembers:
		return wire.Precondition(wire.ReasonPartyFull, "the party is full")
	}
	return nil
}

// CodeExpired is the refusal of an invalid code or invite.
func CodeExpired() error {
	return wire.Refuse(wire.CodeCodeExpired, "this invite or code is no longer good")
}
