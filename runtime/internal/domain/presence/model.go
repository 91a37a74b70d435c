package presence

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/anteroom/anteroom/runtime/wire"
)

// Bounds of a user's presence.
const (
	// maxSessions bounds the sessions of a user. A further session replaces the session with
	// the oldest activity.
	maxSessions = 64
	// maxPlaces bounds the places of a user. A further place replaces the oldest.
	maxPlaces = 16
	maxData   = 1 << 10
)

// PlaceKind is a kind of place where the platform can put a user.
type PlaceKind string

// The kinds of places.
const (
	InMatch PlaceKind = "match"
	InLobby PlaceKind = "lobby"
	InQueue PlaceKind = "queue"
)

// Session is one connection of a user. Times are milliseconds since the epoch.
type Session struct {
	// Active is the time of the user's last activity on the session.
	Active int64 `json:"active"`
	// Away reports that the user has set this session to away.
	Away bool `json:"away,omitempty"`
}

// User is the presence of a user. Its methods return the next state and do not change the
// receiver.
type User struct {
	ID string `json:"id"`
	// Sessions are the user's sessions by id.
	Sessions map[string]Session `json:"sessions,omitempty"`
	// Own is busy, invisible or empty: the status that the user has set for all devices.
	Own  wire.PresenceStatus `json:"own,omitempty"`
	Text string              `json:"text,omitempty"`
	Data json.RawMessage     `json:"data,omitempty"`
	// Places are the user's places as kind:id, with the time of arrival.
	Places map[string]int64 `json:"places,omitempty"`
	// LastSeen is when the last session ended, and HiddenAt when the user became invisible; 0
	// for never.
	LastSeen int64 `json:"lastSeen,omitempty"`
	HiddenAt int64 `json:"hiddenAt,omitempty"`
	// Shown is the status that others saw after the last change.
	Shown wire.PresenceStatus `json:"shown,omitempty"`
}

// Rules are the durations that apply to presences.
type Rules struct {
	// AwayAfter is how long a session without activity stays online.
	AwayAfter time.Duration
}

func ms(t time.Time) int64 { return t.UnixMilli() }

func placeKey(kind PlaceKind, id string) string { return string(kind) + ":" + id }

// Online reports whether the user has a session.
func (u User) Online() bool { return len(u.Sessions) > 0 }

// status returns the status over all devices, as the user sees it.
func (u User) status(r Rules, now time.Time) wire.PresenceStatus {
	switch {
	case !u.Online():
		return wire.PresenceOffline
	case u.Own == wire.PresenceInvisible:
		return wire.PresenceInvisible
	case u.isIn(InMatch):
		return wire.PresenceInMatch
	case u.isIn(InLobby):
		return wire.PresenceInLobby
	case u.isIn(InQueue):
		return wire.PresenceInQueue
	case u.Own == wire.PresenceBusy:
		return wire.PresenceBusy
	case u.isActive(r, now):
		return wire.PresenceOnline
	}
	return wire.PresenceAway
}

func (u User) isIn(kind PlaceKind) bool {
	for p := range u.Places {
		if len(p) > len(kind) && p[:len(kind)+1] == string(kind)+":" {
			return true
		}
	}
	return false
}

// isActive reports whether the user is active on a device.
func (u User) isActive(r Rules, now time.Time) bool {
	for _, s := range u.Sessions {
		if !s.Away && ms(now)-s.Active < r.AwayAfter.Milliseconds() {
			return true
		}
	}
	return false
}

// Self returns the presence as the user sees it.
func (u User) Self(r Rules, now time.Time) wire.Presence {
	return wire.Presence{UserID: u.ID, Status: u.status(r, now), Text: u.Text, Data: u.Data}
}

// View returns the presence as others see it. Of an offline or invisible user, others see only
// when the user was last seen.
func (u User) View(r Rules, now time.Time) wire.Presence {
	v := u.Self(r, now)
	switch v.Status {
	case wire.PresenceInvisible:
		return wire.Presence{UserID: u.ID, Status: wire.PresenceOffline, LastSeen: u.HiddenAt}
	case wire.PresenceOffline:
		seen := u.LastSeen
		if u.Own == wire.PresenceInvisible {
			seen = u.HiddenAt
		}
		return wire.Presence{UserID: u.ID, Status: wire.PresenceOffline, LastSeen: seen}
	}
	return v
}

// withShown updates Shown after a change.
func (u User) withShown(r Rules, now time.Time) User {
	u.Shown = u.View(r, now).Status
	return u
}

// Open adds a session; false when the user has the session already.
func (u User) Open(session string, r Rules, now time.Time) (User, bool) {
	if _, there := u.Sessions[session]; there {
		return u, false
	}
	u.Sessions = maps.Clone(u.Sessions)
	if u.Sessions == nil {
		u.Sessions = map[string]Session{}
	}
	if len(u.Sessions) >= maxSessions {
		oldest := slices.MinFunc(slices.Sorted(maps.Keys(u.Sessions)), func(a, b string) int {
			return int(u.Sessions[a].Active - u.Sessions[b].Active)
		})
		delete(u.Sessions, oldest)
	}
	u.Sessions[session] = Session{Active: ms(now)}
	return u.withShown(r, now), true
}

// Close removes a session; false when the user does not have it.
func (u User) Close(session string, r Rules, now time.Time) (User, bool) {
	if _, there := u.Sessions[session]; !there {
		return u, false
	}
	u.Sessions = maps.Clone(u.Sessions)
	delete(u.Sessions, session)
	if !u.Online() {
		u.LastSeen = ms(now)
	}
	return u.withShown(r, now), true
}

// Act records activity on a session; false for activity that makes no visible difference for
// now.
func (u User) Act(session string, r Rules, now time.Time) (User, bool) {
	s, there := u.Sessions[session]
	if !there || !s.Away && ms(now)-s.Active < r.AwayAfter.Milliseconds()/4 {
		return u, false
	}
	u.Sessions = maps.Clone(u.Sessions)
	u.Sessions[session] = Session{Active: ms(now)}
	return u.withShown(r, now), true
}

// Set changes the user's status, text and data through one of the user's sessions.
func (u User) Set(session string, req *wire.PresenceSet, r Rules, now time.Time) (User, bool, error) {
	if len(req.Data) > maxData {
		return u, false, wire.Invalid("data", fmt.Sprintf("data may have at most %d bytes", maxData))
	}
	if req.Status == "" && req.Text == nil && req.Data == nil {
		return u, false, nil
	}
	u, _ = u.Open(session, r, now)
	u.Sessions = maps.Clone(u.Sessions)
	u.Sessions[session] = Session{Active: ms(now), Away: u.Sessions[session].Away}
	switch req.Status {
	case wire.PresenceOnline:
		u.Own, u.Sessions[session] = "", Session{Active: ms(now)}
	case wire.PresenceAway:
		u.Own, u.Sessions[session] = "", Session{Active: ms(now), Away: true}
	case wire.PresenceInvisible:
		if u.Own != wire.PresenceInvisible {
			u.HiddenAt = ms(now)
		}
		u.Own = wire.PresenceInvisible
	case wire.PresenceBusy:
		u.Own = wire.PresenceBusy
	case "":
	default:
		return u, false, wire.Invalid("status", "status must be one of online, away, busy, invisible")
	}
	if req.Text != nil {
		u.Text = *req.Text
	}
	if req.Data != nil {
		u.Data = req.Data
		if string(req.Data) == "null" {
			u.Data = nil
		}
	}
	return u.withShown(r, now), true, nil
}

// Enter adds a place of the user.
func (u User) Enter(kind PlaceKind, id string, r Rules, now time.Time) (User, bool) {
	if _, there := u.Places[placeKey(kind, id)]; there {
		return u, false
	}
	u.Places = maps.Clone(u.Places)
	if u.Places == nil {
		u.Places = map[string]int64{}
	}
	if len(u.Places) >= maxPlaces {
		oldest := slices.MinFunc(slices.Sorted(maps.Keys(u.Places)), func(a, b string) int {
			return int(u.Places[a] - u.Places[b])
		})
		delete(u.Places, oldest)
	}
	u.Places[placeKey(kind, id)] = ms(now)
	return u.withShown(r, now), true
}

// Exit removes a place of the user.
func (u User) Exit(kind PlaceKind, id string, r Rules, now time.Time) (User, bool) {
	if _, there := u.Places[placeKey(kind, id)]; !there {
		return u, false
	}
	u.Places = maps.Clone(u.Places)
	delete(u.Places, placeKey(kind, id))
	return u.withShown(r, now), true
}

// Tick updates Shown at the current time.
func (u User) Tick(r Rules, now time.Time) (User, bool) {
	next := u.withShown(r, now)
	return next, next.Shown != u.Shown
}

// NextDeadline returns the time at which the user becomes away without activity; false when that
// changes nothing.
func (u User) NextDeadline(r Rules, _ time.Time) (time.Time, bool) {
	if u.Shown != wire.PresenceOnline {
		return time.Time{}, false
	}
	var last int64
	for _, s := range u.Sessions {
		if !s.Away {
			last = max(last, s.Active)
		}
	}
	return time.UnixMilli(last).Add(r.AwayAfter), last > 0
}
