package party

import (
	"fmt"
	"strings"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/liveness"
	"github.com/anteroom/anteroom/runtime/wire"
)

// CreateCommand makes a party.
type CreateCommand struct {
	ID, Code   string
	Leader     Actor
	MaxMembers int
	Attributes wire.Attributes
}

// Create makes a party of its leader alone.
func Create(cmd CreateCommand, now time.Time) (Party, []wire.PartyPatch, error) {
	size := cmd.MaxMembers
	if size == 0 {
		size = DefaultMembers
	}
	if err := checkSize(size, "maxMembers"); err != nil {
		return Party{}, nil, err
	}
	p := Party{ID: cmd.ID, Code: cmd.Code, MaxMembers: size, LeaderID: cmd.Leader.ID, CreatedAt: ms(now)}
	e := p.edit(now)
	e.Members = map[string]Member{}
	if err := e.admit(cmd.Leader, cmd.ID, cmd.Attributes); err != nil {
		return Party{}, nil, err
	}
	e.Version = 1
	e.patches = []wire.PartyPatch{{
		PartyID: e.ID, From: 0, To: 1,
		Ops:   []wire.PatchOp{{Op: "add", Path: "", Value: e.View()}},
		Cause: wire.Cause{Type: wire.CauseCreated, ActorID: cmd.Leader.ID},
	}}
	return e.done()
}

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
		return p, nil, expired()
	case cmd.Invite != "" && !p.invited(cmd.User.ID, cmd.Invite, now):
		return p, nil, expired()
	case cmd.Invite == "" && cmd.Code != p.Code:
		return p, nil, expired()
	case p.bans(cmd.User.ID, now):
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

func expired() error {
	return wire.Refuse(wire.CodeCodeExpired, "this invite or code is no longer good")
}

func (p Party) invited(userID, invite string, now time.Time) bool {
	i, open := p.Invites[userID]
	return open && i.ID == invite && i.ExpiresAt > ms(now)
}

// inviteID is an invite's id, which leads to its party.
func inviteID(partyID, nonce string) string { return partyID + "." + nonce }

// partyOf is the party that an invite is for; "" when it cannot be one.
func partyOf(invite string) string {
	id, _, _ := strings.Cut(invite, ".")
	return id
}

// renewAfter is how long a renewed invite of the same member is not pushed again.
const renewAfter = time.Minute

// Invite asks a user in, on a member's word. The leader's invite lets a user come back who was
// kicked; a user who was banned is invited by nobody. A user who is asked already keeps the
// id of its invite, which is good for longer then, and is pushed it again after renewAfter.
// Nonce is the rest of a new id.
func (p Party) Invite(from Actor, userID, nonce string, now time.Time) (Party, []wire.PartyPatch, error) {
	if _, err := p.member(from.ID); err != nil {
		return p, nil, err
	}
	if p.Has(userID) {
		return p, nil, wire.Already(wire.CodeAlreadyMember, wire.ReasonInParty, "this user is in the party", p.ID).At("userId")
	}
	if err := p.mayBeInvited(from.ID, userID, now); err != nil {
		return p, nil, err
	}
	if len(p.Members) >= p.MaxMembers {
		return p, nil, wire.Precondition(wire.ReasonPartyFull, "the party is full")
	}
	e := p.edit(now)
	e.dropExpired()
	delete(e.Banned, userID)
	invite, asked := e.Invites[userID]
	if !asked {
		if len(e.Invites) >= maxInvites {
			return p, nil, wire.Exhausted("", fmt.Sprintf("at most %d users may be asked in at once", maxInvites))
		}
		invite.ID = inviteID(p.ID, nonce)
	}
	if invite.From != from.ID || ms(now)-invite.ToldAt >= renewAfter.Milliseconds() {
		invite.ToldAt = ms(now)
	}
	invite.From, invite.FromName, invite.ExpiresAt = from.ID, from.Name, ms(now.Add(inviteTTL))
	e.Invites[userID] = invite
	e.patch(wire.CauseInvited, from.ID, "")
	return e.done()
}

func (e *edit) dropExpired() bool {
	some := false
	for id, invite := range e.Invites {
		if invite.ExpiresAt <= ms(e.now) {
			delete(e.Invites, id)
			some = true
		}
	}
	return some
}

// Decline turns an invite down.
func (p Party) Decline(userID, invite string, now time.Time) (Party, []wire.PartyPatch, error) {
	if !p.invited(userID, invite, now) {
		return p, nil, expired()
	}
	e := p.edit(now)
	delete(e.Invites, userID)
	e.patch(wire.CauseInviteDeclined, userID, "")
	return e.done()
}

// Reconnect adds a live session to a member, who is connected from then on. A
// session that is known already, and a user who is not in, change nothing.
func (p Party) Reconnect(userID, session string, now time.Time) (Party, []wire.PartyPatch, error) {
	m, in := p.Members[userID]
	live, added := m.Live.Connect(session)
	if !in || !added {
		return p, nil, nil
	}
	e := p.edit(now)
	cause := wire.CauseMemberUpdated
	if !m.Connected() {
		cause = wire.CauseMemberReconnected
	}
	m.Live = live
	e.Members[userID] = m
	e.patch(cause, userID, "")
	return e.done()
}

// Disconnect takes a session from a member, who stays connected while it has
// another. A session that is not known any more changes nothing.
func (p Party) Disconnect(userID, session string, now time.Time) (Party, []wire.PartyPatch, error) {
	m, in := p.Members[userID]
	live, left := m.Live.Disconnect(session, now)
	if !in || !left {
		return p, nil, nil
	}
	e := p.edit(now)
	cause := wire.CauseMemberUpdated
	if !live.Connected() {
		cause = wire.CauseMemberDisconnected
	}
	m.Live = live
	e.Members[userID] = m
	e.patch(cause, userID, "")
	return e.done()
}
