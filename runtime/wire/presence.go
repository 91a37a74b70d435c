package wire

import "encoding/json"

// Presence events.
const (
	EventPresenceSet         = "presence:set"         // request: PresenceSet → PresenceState
	EventPresenceGet         = "presence:get"         // request: PresenceGet → Presences
	EventPresenceSubscribe   = "presence:subscribe"   // request: PresenceSubscribe → Presences
	EventPresenceUnsubscribe = "presence:unsubscribe" // request: PresenceSubscribe → nothing
	EventPresenceActivity    = "presence:activity"    // request without an answer: PresenceActivity
	EventPresenceUpdate      = "presence:update"      // push: PresenceUpdate
)

// PresenceStatus is the status of a user, merged over all of its devices.
type PresenceStatus string

// The statuses. Only the server sets those that begin with "in_"; they take precedence
// over the user's own status, and the first over the others.
const (
	PresenceInMatch PresenceStatus = "in_match"
	PresenceInLobby PresenceStatus = "in_lobby"
	PresenceInQueue PresenceStatus = "in_queue"
	// PresenceBusy is the user's own choice, for all devices.
	PresenceBusy   PresenceStatus = "busy"
	PresenceOnline PresenceStatus = "online"
	// PresenceAway: no device was active recently, or the user set each to away.
	PresenceAway PresenceStatus = "away"
	// PresenceOffline is also the status of an invisible user for other users.
	PresenceOffline PresenceStatus = "offline"
	// PresenceInvisible is visible to the user itself only.
	PresenceInvisible PresenceStatus = "invisible"
)

// Presence is the status of a user for other users.
type Presence struct {
	UserID string          `json:"userId"`
	Status PresenceStatus  `json:"status"`
	Text   string          `json:"text,omitempty"`
	Data   json.RawMessage `json:"data,omitempty"`
	// LastSeen is the end of the last connection of an offline user; 0 when unknown.
	LastSeen int64 `json:"lastSeen,omitempty"`
}

// PresenceSet changes the caller's own presence; absent fields do not change. Busy and
// invisible apply to all devices, away to this device, and online clears these.
type PresenceSet struct {
	Key
	Status PresenceStatus `json:"status,omitempty" validate:"omitempty,oneof=online away busy invisible"`
	// Text is for people; "" removes it.
	Text *string `json:"text,omitempty" validate:"omitempty,max=128,lines"`
	// Data is any JSON value of at most 1 KiB; null removes it.
	Data json.RawMessage `json:"data,omitempty" validate:"max=1024"`
}

// PresenceState acknowledges [PresenceSet] with the presence that the user itself sees.
type PresenceState struct {
	Presence Presence `json:"presence"`
}

// PresenceGet reads presences; without ids, the caller's own.
type PresenceGet struct {
	UserIDs []string `json:"userIds,omitempty" validate:"max=200,dive,required,max=128"`
}

// PresenceSubscribe watches users by id, or the members of one of the caller's lobbies or
// parties as they join and leave. A connection watches at most 200 ids and 8 lists.
type PresenceSubscribe struct {
	UserIDs []string `json:"userIds,omitempty" validate:"required_without=List,excluded_with=List,max=200,dive,required,max=128"`
	// List is "lobby:" or "party:" and an id.
	List string `json:"list,omitempty" validate:"max=128"`
}

// Presences acknowledges get and subscribe, in the order of the requested ids.
type Presences struct {
	Presences []Presence `json:"presences"`
}

// PresenceActivity reports that the user was active on this device.
type PresenceActivity struct{}

// PresenceUpdate has the current state of each watched user that changed in the last half
// second. A new connection must subscribe again.
type PresenceUpdate struct {
	Changes []Presence `json:"changes"`
}
