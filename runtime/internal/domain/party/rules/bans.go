package rules

import (
	"time"

	"github.com/anteroom/anteroom/runtime/wire"
)

// forever is a moment that no party sees, and that every client can read.
const forever = 1 << 52

// Ban bans a user for the life of the party, for the leader, and removes a member.
func (p Party) Ban(leader, userID, message string, now time.Time) (Party, []wire.PartyPatch, error) {
	switch err := p.CheckLeader(leader); {
	case err != nil:
		return p, nil, err
	case userID == leader:
		return p, nil, wire.Invalid("userId", "you cannot ban yourself")
	}
	e := p.edit(now)
	if !e.ban(userID, forever) {
		return p, nil, wire.Exhausted("", "too many users are banned: take a ban back first")
	}
	delete(e.Invites, userID)
	if p.Has(userID) {
		e.removeMember(userID, wire.CauseMemberBanned, leader, ReasonBanned, message)
	} else {
		e.patch(wire.CauseMemberBanned, leader, message)
	}
	return e.done()
}

// Unban permits a banned or kicked user to join again, on behalf of the leader.
func (p Party) Unban(leader, userID string, now time.Time) (Party, []wire.PartyPatch, error) {
	if err := p.CheckLeader(leader); err != nil {
		return p, nil, err
	}
	if !p.IsBanned(userID, now) {
		return p, nil, &wire.Error{Code: wire.CodeNotFound, Field: "userId", Message: "this user is not banned"}
	}
	e := p.edit(now)
	delete(e.Banned, userID)
	e.patch(wire.CauseUnbanned, leader, "")
	return e.done()
}

// IsBanned reports whether a user is banned now.
func (p Party) IsBanned(userID string, now time.Time) bool { return ms(now) < p.Banned[userID] }

func banned(field, message string) error {
	return &wire.Error{Code: wire.CodeBanned, Field: field, Message: message}
}

// checkInvitee refuses an invite of a banned user.
func (p Party) checkInvitee(from, userID string, now time.Time) error {
	switch {
	case !p.IsBanned(userID, now):
		return nil
	case p.Banned[userID] == forever:
		return banned("userId", "this user is banned from the party")
	case from != p.LeaderID:
		return banned("userId", "this user was kicked: only the leader may invite it now")
	}
	return nil
}

// ban keeps a user out until a moment; false where maxBans leave no room.
func (e *edit) ban(userID string, until int64) bool {
	for id, end := range e.Banned {
		if end <= ms(e.now) {
			delete(e.Banned, id)
		}
	}
	if e.Banned == nil {
		e.Banned = map[string]int64{}
	}
	if _, already := e.Banned[userID]; !already && len(e.Banned) >= MaxBans {
		first := soonest(e.Banned)
		if e.Banned[first] == forever {
			return false
		}
		delete(e.Banned, first)
	}
	e.Banned[userID] = max(until, e.Banned[userID])
	return true
}

// soonest is the user whose ban ends first.
func soonest(bans map[string]int64) string {
	first := ""
	for id, until := range bans {
		if first == "" || until < bans[first] || until == bans[first] && id < first {
			first = id
		}
	}
	return first
}
