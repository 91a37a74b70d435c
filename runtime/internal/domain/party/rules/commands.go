package rules

import (
	"time"

	"github.com/anteroom/anteroom/runtime/wire"
)

// Decline declines an invite; see [Party.Decline].
func Decline(userID, invite string) Transition {
	return Transition{func(p Party, now time.Time) (Party, []wire.PartyPatch, error) { return p.Decline(userID, invite, now) }}
}

// Leave removes the caller; see [Party.Leave].
func Leave(user Actor) Transition {
	return Transition{func(p Party, now time.Time) (Party, []wire.PartyPatch, error) { return p.Leave(user, now) }}
}

// Ready sets a member's ready flag; see [Party.Ready].
func Ready(userID string, ready bool) Transition {
	return Transition{func(p Party, now time.Time) (Party, []wire.PartyPatch, error) { return p.Ready(userID, ready, now) }}
}

// SetMember changes a member's attributes; see [Party.SetMember].
func SetMember(userID string, set wire.Attributes, unset []string) Transition {
	return Transition{func(p Party, now time.Time) (Party, []wire.PartyPatch, error) {
		return p.SetMember(userID, set, unset, now)
	}}
}

// Update changes the party itself; see [Party.Update].
func Update(cmd UpdateCommand) Transition {
	return Transition{func(p Party, now time.Time) (Party, []wire.PartyPatch, error) { return p.Update(cmd, now) }}
}

// Kick removes a member; see [Party.Kick].
func Kick(leader, userID, message string) Transition {
	return Transition{func(p Party, now time.Time) (Party, []wire.PartyPatch, error) {
		return p.Kick(leader, userID, message, now)
	}}
}

// Promote makes another member the leader; see [Party.Promote].
func Promote(leader, userID string) Transition {
	return Transition{func(p Party, now time.Time) (Party, []wire.PartyPatch, error) { return p.Promote(leader, userID, now) }}
}

// Ban keeps a user out; see [Party.Ban].
func Ban(leader, userID, message string) Transition {
	return Transition{func(p Party, now time.Time) (Party, []wire.PartyPatch, error) {
		return p.Ban(leader, userID, message, now)
	}}
}

// Unban ends a ban; see [Party.Unban].
func Unban(leader, userID string) Transition {
	return Transition{func(p Party, now time.Time) (Party, []wire.PartyPatch, error) { return p.Unban(leader, userID, now) }}
}

// Disconnect disconnects a session of a member; see [Party.Disconnect].
func Disconnect(userID, session string) Transition {
	return Transition{func(p Party, now time.Time) (Party, []wire.PartyPatch, error) {
		return p.Disconnect(userID, session, now)
	}}
}
