package rules

import (
	"time"

	"github.com/anteroom/anteroom/runtime/wire"
)

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
