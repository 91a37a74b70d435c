package rules

import (
	"fmt"
	"strings"
	"time"

	"github.com/anteroom/anteroom/runtime/wire"
)

func (p Party) isInvited(userID, invite string, now time.Time) bool {
	i, open := p.Invites[userID]
	return open && i.ID == invite && i.ExpiresAt > ms(now)
}

// InviteID returns the id of an invite, which contains the id of its party.
func InviteID(partyID, nonce string) string { return partyID + "." + nonce }

// PartyOfInvite returns the party of an invite; "" for an invalid id.
func PartyOfInvite(invite string) string {
	id, _, _ := strings.Cut(invite, ".")
	return id
}

// renewAfter is how long a renewed invite of the same member is not pushed again.
const renewAfter = time.Minute

// Invite invites a user on behalf of a member. Only the leader can invite a kicked user, and
// nobody a banned user. An invited user keeps the id of the invite with a new expiry, and gets
// the invite again after renewAfter. nonce is the second part of a new id.
func (p Party) Invite(from Actor, userID, nonce string, now time.Time) (Party, []wire.PartyPatch, error) {
	if _, err := p.ActiveMember(from.ID); err != nil {
		return p, nil, err
	}
	if p.Has(userID) {
		return p, nil, wire.Already(wire.CodeAlreadyMember, wire.ReasonInParty, "this user is in the party", p.ID).At("userId")
	}
	if err := p.checkInvitee(from.ID, userID, now); err != nil {
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
		if len(e.Invites) >= MaxInvites {
			return p, nil, wire.Exhausted("", fmt.Sprintf("at most %d users may be asked in at once", MaxInvites))
		}
		invite.ID = InviteID(p.ID, nonce)
	}
	if invite.From != from.ID || ms(now)-invite.PushedAt >= renewAfter.Milliseconds() {
		invite.PushedAt = ms(now)
	}
	invite.From, invite.FromName, invite.ExpiresAt = from.ID, from.Name, ms(now.Add(InviteTTL))
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

// Decline declines an invite.
func (p Party) Decline(userID, invite string, now time.Time) (Party, []wire.PartyPatch, error) {
	if !p.isInvited(userID, invite, now) {
		return p, nil, CodeExpired()
	}
	e := p.edit(now)
	delete(e.Invites, userID)
	e.patch(wire.CauseInviteDeclined, userID, "")
	return e.done()
}
