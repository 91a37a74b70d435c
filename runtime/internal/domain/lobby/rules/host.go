package rules

import (
	"time"

	"github.com/anteroom/anteroom/runtime/wire"
)

// The reasons of departures in lobby:removed.
const (
	ReasonLeft     = "left"
	ReasonKicked   = "kicked"
	ReasonBanned   = "banned"
	ReasonTimedOut = "timed_out"
	ReasonClosed   = "closed"
)

// Why a lobby closed, as the cause of its last patch says it.
const (
	closedByHost       = "closed_by_host"
	closedHostLeft     = "host_left"
	closedHostTimedOut = "host_timed_out"
	closedEmpty        = "empty"
	closedIdle         = "idle"
	closedExpired      = "expired"
)

// hostDisconnected is the reason of a migration after the host's grace.
const hostDisconnected = "disconnected"

// TransferHost makes another player the host, for the host.
func (l Lobby) TransferHost(host, userID string, now time.Time) (Lobby, []wire.LobbyPatch, error) {
	if err := l.checkHost(host); err != nil {
		return l, nil, err
	}
	m, in := l.Members[userID]
	switch {
	case !in:
		return l, nil, noSuchMember()
	case userID == host:
		return l, nil, nil
	case !m.Player():
		return l, nil, wire.Invalid("userId", "a spectator cannot be the host")
	case !m.Connected():
		return l, nil, wire.Invalid("userId", "a member who is not connected cannot be made the host")
	}
	e := l.edit(now)
	e.makeHost(userID)
	e.by(wire.CauseHostTransferred, host, "")
	return e.done()
}

// makeHost makes a player the host instead of the previous host.
func (e *edit) makeHost(userID string) {
	if was, in := e.Members[e.HostID]; in {
		was.Role = wire.RoleMember
		e.Members[e.HostID] = was
	}
	next := e.Members[userID]
	next.Role = wire.RoleHost
	e.Members[userID] = next
	e.HostID = userID
	e.renewRequests()
}

// removeMember removes a member. Before the host leaves, another player becomes the host in a
// separate patch, so that every version has a host. Without a successor by the policy, the
// lobby closes with all members.
func (e *edit) removeMember(userID string, cause wire.CauseType, reason string, random uint64) {
	if userID == e.HostID {
		others := e.Players() > 1
		stays := e.Policy.Host.OnLeave != OnLeaveClose
		if !stays || others && e.Policy.Host.Migration == MigrateNone {
			e.close(userID, closeReason(reason))
			return
		}
		if others {
			e.makeHost(e.successor(random))
			e.patch(wire.CauseHostMigrated, userID, reason)
		}
	}
	e.recordDeparture(userID, reason, "", "")
	e.patch(cause, userID, "")
}

func closeReason(reason string) string {
	if reason == ReasonTimedOut {
		return closedHostTimedOut
	}
	return closedHostLeft
}

// close closes the lobby. The document keeps the members.
func (e *edit) close(actor, reason string) {
	e.Status, e.ClosedAt = wire.LobbyClosed, ms(e.now)
	e.Code, e.CodeUntil = "", 0
	e.StartsAt, e.Match, e.Votes = 0, nil, nil
	e.Invites, e.Requests = nil, nil
	e.patch(wire.CauseClosed, actor, reason)
}

// successor returns the next host: a connected player, or a disconnected player when none is
// connected. The lobby must have another player.
func (l Lobby) successor(random uint64) string {
	heirs := l.hostCandidates()
	if len(heirs) == 0 {
		heirs = l.bySeniority(func(m Member) bool { return m.Role == wire.RoleMember })
	}
	if l.Policy.Host.Migration == MigrateRandom {
		return heirs[random%uint64(len(heirs))]
	}
	return heirs[0]
}

// hostCandidates returns the connected players except the host, the longest member first.
func (l Lobby) hostCandidates() []string {
	return l.bySeniority(func(m Member) bool { return m.Role == wire.RoleMember && m.Connected() })
}

// hostGraceEnds is when a disconnected host loses its role to another; false when
// that is not in sight.
func (l Lobby) hostGraceEnds() (time.Time, bool) {
	host, in := l.Members[l.HostID]
	if !in || host.Connected() || l.Policy.Host.Migration == MigrateNone || len(l.hostCandidates()) == 0 {
		return time.Time{}, false
	}
	return time.UnixMilli(host.DisconnectedAt).Add(l.Policy.Host.Grace), true
}
