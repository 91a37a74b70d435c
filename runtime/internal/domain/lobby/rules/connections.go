package rules

import (
	"time"

	"github.com/anteroom/anteroom/runtime/wire"
)

// Reconnect adds a live session to a member, who is connected from then on. A
// session that is known already, and a user who is not in, change nothing.
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

// arrive counts a session of a member as live: it has come itself then.
func (e *edit) connectSession(userID, session string) {
	m := e.Members[userID]
	m.Reserved = nil
	if live, added := m.Live.Connect(session); added {
		m.Live = live
	}
	e.Members[userID] = m
}

// Disconnect takes a session from a member, who stays connected while it has
// another. A session that is not known any more changes nothing, however late
// the news of its end.
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
