package rules

import (
	"time"

	"github.com/anteroom/anteroom/runtime/wire"
)

// Decline declines an invite; see [Lobby.Decline].
func Decline(userID, invite string) Transition {
	return Transition{func(l Lobby, now time.Time) (Lobby, []wire.LobbyPatch, error) { return l.Decline(userID, invite, now) }}
}

// RespondJoin answers a request to join; see [Lobby.RespondJoin].
func RespondJoin(host Actor, userID string, accept bool, nonce string) Transition {
	return Transition{func(l Lobby, now time.Time) (Lobby, []wire.LobbyPatch, error) {
		return l.RespondJoin(host, userID, accept, nonce, now)
	}}
}

// Leave removes the caller; see [Lobby.Leave].
func Leave(user Actor, random uint64) Transition {
	return Transition{func(l Lobby, now time.Time) (Lobby, []wire.LobbyPatch, error) { return l.Leave(user, random, now) }}
}

// Ready sets a player's ready flag; see [Lobby.Ready].
func Ready(userID string, ready bool) Transition {
	return Transition{func(l Lobby, now time.Time) (Lobby, []wire.LobbyPatch, error) { return l.Ready(userID, ready, now) }}
}

// SetMember changes a member; see [Lobby.SetMember].
func SetMember(cmd SetMemberCommand) Transition {
	return Transition{func(l Lobby, now time.Time) (Lobby, []wire.LobbyPatch, error) { return l.SetMember(cmd, now) }}
}

// Update changes the lobby itself; see [Lobby.Update].
func Update(cmd UpdateCommand) Transition {
	return Transition{func(l Lobby, now time.Time) (Lobby, []wire.LobbyPatch, error) { return l.Update(cmd, now) }}
}

// Kick removes a member; see [Lobby.Kick].
func Kick(host, userID, message string) Transition {
	return Transition{func(l Lobby, now time.Time) (Lobby, []wire.LobbyPatch, error) {
		return l.Kick(host, userID, message, now)
	}}
}

// TransferHost makes another player the host; see [Lobby.TransferHost].
func TransferHost(host, userID string) Transition {
	return Transition{func(l Lobby, now time.Time) (Lobby, []wire.LobbyPatch, error) {
		return l.TransferHost(host, userID, now)
	}}
}

// Ban keeps a user out; see [Lobby.Ban].
func Ban(host, userID, message string) Transition {
	return Transition{func(l Lobby, now time.Time) (Lobby, []wire.LobbyPatch, error) {
		return l.Ban(host, userID, message, now)
	}}
}

// Unban ends a ban; see [Lobby.Unban].
func Unban(host, userID string) Transition {
	return Transition{func(l Lobby, now time.Time) (Lobby, []wire.LobbyPatch, error) { return l.Unban(host, userID, now) }}
}

// VoteKick votes for the removal of a player; see [Lobby.VoteKick].
func VoteKick(userID, target string, random uint64) Transition {
	return Transition{func(l Lobby, now time.Time) (Lobby, []wire.LobbyPatch, error) {
		return l.VoteKick(userID, target, random, now)
	}}
}

// Start begins the countdown; see [Lobby.Start].
func Start(host string) Transition {
	return Transition{func(l Lobby, now time.Time) (Lobby, []wire.LobbyPatch, error) { return l.Start(host, now) }}
}

// End ends the running match; see [Lobby.End].
func End(cmd EndCommand) Transition {
	return Transition{func(l Lobby, now time.Time) (Lobby, []wire.LobbyPatch, error) { return l.End(cmd, now) }}
}

// CancelStart cancels the countdown; see [Lobby.CancelStart].
func CancelStart(host string) Transition {
	return Transition{func(l Lobby, now time.Time) (Lobby, []wire.LobbyPatch, error) { return l.CancelStart(host, now) }}
}

// Close closes the lobby; see [Lobby.Close].
func Close(host string) Transition {
	return Transition{func(l Lobby, now time.Time) (Lobby, []wire.LobbyPatch, error) { return l.Close(host, now) }}
}

// CloseByServer closes the lobby for a back end; see [Lobby.Shut].
func CloseByServer(reason string) Transition {
	return Transition{func(l Lobby, now time.Time) (Lobby, []wire.LobbyPatch, error) { return l.CloseByServer(reason, now) }}
}

// ReportMatch stores a back end's report of the match; see [Lobby.Report].
func ReportMatch(r Report) Transition {
	return Transition{func(l Lobby, now time.Time) (Lobby, []wire.LobbyPatch, error) { return l.Report(r, now) }}
}

// Backfill gives more users their places; see [Lobby.Fill].
func Backfill(cmd BackfillCommand) Transition {
	return Transition{func(l Lobby, now time.Time) (Lobby, []wire.LobbyPatch, error) { return l.Backfill(cmd, now) }}
}

// Reconnect connects a session of a member; see [Lobby.Reconnect].
func Reconnect(userID, session string) Transition {
	return Transition{func(l Lobby, now time.Time) (Lobby, []wire.LobbyPatch, error) {
		return l.Reconnect(userID, session, now)
	}}
}

// Disconnect disconnects a session of a member; see [Lobby.Disconnect].
func Disconnect(userID, session string) Transition {
	return Transition{func(l Lobby, now time.Time) (Lobby, []wire.LobbyPatch, error) {
		return l.Disconnect(userID, session, now)
	}}
}
