package rules

import (
	"time"

	"github.com/anteroom/anteroom/runtime/wire"
)

// Reconnect connects a session of a member. A known session, and a user who is not a member,
// change nothing.
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

// Disconnect disconnects a session of a member. The member stays connected by other sessions.
// An unknown session changes nothing.
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
