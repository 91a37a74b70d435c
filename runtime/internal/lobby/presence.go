package lobby

import (
	"slices"
	"time"

	"github.com/anteroom/anteroom/runtime/wire"
)

// Reconnect adds a live session to a member, who is connected from then on. A
// session that is known already, and a user who is not in, change nothing.
func (l Lobby) Reconnect(userID, session string, now time.Time) (Lobby, []wire.LobbyPatch, error) {
	m, in := l.Members[userID]
	if !in || l.Closed() || slices.Contains(m.Sessions, session) {
		return l, nil, nil
	}
	e := l.edit(now)
	cause := wire.CauseMemberUpdated
	if !m.Connected() {
		cause = wire.CauseMemberReconnected
	}
	m.Sessions = append(slices.Clone(m.Sessions), session)
	if over := len(m.Sessions) - maxSessions; over > 0 {
		m.Sessions = m.Sessions[over:]
	}
	m.DisconnectedAt = 0
	e.Members[userID] = m
	e.by(cause, userID, "")
	return e.done()
}

// Disconnect takes a session from a member, who stays connected while it has
// another. A session that is not known any more changes nothing, however late
// the news of its end.
func (l Lobby) Disconnect(userID, session string, now time.Time) (Lobby, []wire.LobbyPatch, error) {
	m, in := l.Members[userID]
	at := slices.Index(m.Sessions, session)
	if !in || l.Closed() || at < 0 {
		return l, nil, nil
	}
	e := l.edit(now)
	m.Sessions = slices.Delete(slices.Clone(m.Sessions), at, at+1)
	cause := wire.CauseMemberUpdated
	if len(m.Sessions) == 0 {
		m.DisconnectedAt = ms(now)
		cause = wire.CauseMemberDisconnected
	}
	e.Members[userID] = m
	e.patch(cause, userID, "")
	return e.done()
}
