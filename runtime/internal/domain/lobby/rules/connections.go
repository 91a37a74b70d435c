package rules

import (
	"time"

	"github.com/anteroom/anteroom/runtime/wire"
)

// Reconnect connects a session of a member. A known session, and a user who is not a member,
// change nothing.
func (l Lobby) Reconnect(userID, session string, now time.Time) (Lobby, []wire.LobbyPatch, error) {
	m, in := l.Members[userID]
	if _, added := m.Live.Connect(session); !in || l.Closed() || !added {
		return l, nil, nil
	}
	e := l.edit(now)
	e.connectSession(userID, session)
	cause := wire.CauseMemberUpdated
	if !m.Connected() {
		cause = wire.CauseMemberReconnected
	}
	e.by(cause, userID, "")
	return e.done()
}

// connectSession connects a session of a member, which also ends the reservation of the place.
func (e *edit) connectSession(userID, session string) {
	m := e.Members[userID]
	m.Reserved = nil
	if live, added := m.Live.Connect(session); added {
		m.Live = live
	}
	e.Members[userID] = m
}

// Disconnect disconnects a session of a member. The member stays connected by other sessions.
// An unknown session changes nothing, because its end may be reported late.
func (l Lobby) Disconnect(userID, session string, now time.Time) (Lobby, []wire.LobbyPatch, error) {
	m, in := l.Members[userID]
	live, left := m.Live.Disconnect(session, now)
	if !in || l.Closed() || !left {
		return l, nil, nil
	}
	e := l.edit(now)
	cause := wire.CauseMemberUpdated
	if !live.Connected() {
		cause = wire.CauseMemberDisconnected
	}
	m.Live = live
	e.Members[userID] = m
	e.patch(cause, userID, "")
	return e.done()
}
