package stays

import (
	"slices"
	"time"
)

// MaxSessions is how many sessions of one stay count; the oldest go first.
const MaxSessions = 16

// Live are the sessions by which a user is connected to a group that it is in. It is a
// value: what it gives never shares what it was made of.
type Live struct {
	// Sessions are the ids of the live sessions in the order they came.
	Sessions []string `json:"sessions,omitempty"`
	// DisconnectedAt is when the last of them ended, in milliseconds since the epoch; 0
	// while there is one.
	DisconnectedAt int64 `json:"disconnectedAt,omitempty"`
}

// Through is connected by some sessions.
func Through(sessions ...string) Live {
	return Live{Sessions: slices.Clone(sessions[max(len(sessions)-MaxSessions, 0):])}
}

// Away is not connected since a moment.
func Away(since time.Time) Live { return Live{DisconnectedAt: since.UnixMilli()} }

// Connected tells whether there is a live session.
func (l Live) Connected() bool { return l.DisconnectedAt == 0 }

// Only reports whether no session but this one is live.
func (l Live) Only(session string) bool {
	return !slices.ContainsFunc(l.Sessions, func(other string) bool { return other != session })
}

// AwaySince tells whether there has been no live session since a moment or longer.
func (l Live) AwaySince(moment time.Time) bool {
	return !l.Connected() && l.DisconnectedAt <= moment.UnixMilli()
}

// Connect adds a session; false when it is known already.
func (l Live) Connect(session string) (Live, bool) {
	if slices.Contains(l.Sessions, session) {
		return l, false
	}
	return Through(append(slices.Clone(l.Sessions), session)...), true
}

// Disconnect takes a session away; false when it is not known any more, however late
// the news of its end.
func (l Live) Disconnect(session string, now time.Time) (Live, bool) {
	at := slices.Index(l.Sessions, session)
	switch {
	case at < 0:
		return l, false
	case len(l.Sessions) == 1:
		return Away(now), true
	}
	return Live{Sessions: slices.Delete(slices.Clone(l.Sessions), at, at+1)}, true
}
