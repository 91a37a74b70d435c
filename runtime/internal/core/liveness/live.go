// Package liveness holds the sessions that connect a user to a group: a lobby, a party or a ticket.
// It is pure, so that the rules of these groups can use it.
package liveness

import (
	"slices"
	"time"
)

// MaxSessions is the number of sessions that a Live keeps; the oldest are removed first.
const MaxSessions = 16

// Live are the sessions through which a user is connected to a group. It is an immutable
// value: its methods return copies.
type Live struct {
	// Sessions are the ids of the live sessions, oldest first.
	Sessions []string `json:"sessions,omitempty"`
	// DisconnectedAt is when the last session ended, in milliseconds since the epoch; 0
	// while a session is live.
	DisconnectedAt int64 `json:"disconnectedAt,omitempty"`
}

// Through returns a Live that is connected by the newest MaxSessions of the sessions.
func Through(sessions ...string) Live {
	return Live{Sessions: slices.Clone(sessions[max(len(sessions)-MaxSessions, 0):])}
}

// Away returns a Live that is disconnected since a time.
func Away(since time.Time) Live { return Live{DisconnectedAt: since.UnixMilli()} }

// Connected reports whether a session is live.
func (l Live) Connected() bool { return l.DisconnectedAt == 0 }

// Only reports whether no other session is live.
func (l Live) Only(session string) bool {
	return !slices.ContainsFunc(l.Sessions, func(other string) bool { return other != session })
}

// AwaySince reports whether the last session ended at or before a time.
func (l Live) AwaySince(moment time.Time) bool {
	return !l.Connected() && l.DisconnectedAt <= moment.UnixMilli()
}

// Connect adds a session; false when it is already known.
func (l Live) Connect(session string) (Live, bool) {
	if slices.Contains(l.Sessions, session) {
		return l, false
	}
	return Through(append(slices.Clone(l.Sessions), session)...), true
}

// Disconnect removes a session; false when it is not known, for instance because its end
// was already reported.
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
