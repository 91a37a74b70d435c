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

// PresenceStatus is what a user does, merged over all of its devices.
type PresenceStatus string

// The statuses. Those that begin with "in_" are set by the server alone and go before
// the user's own, the first before the others.
const (
	PresenceInMatch PresenceStatus = "in_match"
	PresenceInLobby PresenceStatus = "in_lobby"
	PresenceInQueue PresenceStatus = "in_queue"
	// PresenceBusy is the user's own wish, for all devices.
	PresenceBusy   PresenceStatus = "busy"
	PresenceOnline PresenceStatus = "online"
	// PresenceAway: no device was active lately, or the user said so of each.
	PresenceAway PresenceStatus = "away"
	// PresenceOffline is also what others see of an invisible user.
	PresenceOffline PresenceStatus = "offline"
	// PresenceInvisible is seen by the user itself only.
	PresenceInvisible PresenceStatus = "invisible"
)

// Presence is what others see of a user.
type Presence struct {
	UserID string          `json:"userId"`
	Status PresenceStatus  `json:"status"`
	Text   string          `json:"text,omitempty"`
	Data   json.RawMessage `json:"data,omitempty"`
	// LastSeen is when the user was last connected, for one who is offline; 0 when
	// that is not known any more.
	LastSeen int64 `json:"lastSeen,omitempty"`
}

// PresenceSet changes the caller's own presence; absent fields stay as they are. Busy
// and invisible hold for all devices, away for this one, and online takes back what
// was set.
type PresenceSet struct {
	Key
	Status PresenceStatus `json:"status,omitempty" validate:"omitempty,oneof=online away busy invisible"`
	// Text is for people; "" takes it away.
	Text *string `json:"text,omitempty" validate:"omitempty,max=128,lines"`
	// Data is any JSON value of at most 1 KiB; null takes it away.
	Data json.RawMessage `json:"data,omitempty" validate:"max=1024"`
}

// PresenceState acknowledges [PresenceSet] with what the user itself sees.
type PresenceState struct {
	Presence Presence `json:"presence"`
}

// PresenceGet reads presences; without ids, the caller's own.
type PresenceGet struct {
	UserIDs []string `json:"userIds,omitempty" validate:"max=200,dive,required,max=128"`
}

// PresenceSubscribe follows users by id, or those who are in a lobby or party of the
// caller's, as they come and go. A connection follows at most 200 ids and 8 lists.
type PresenceSubscribe struct {
	UserIDs []string `json:"userIds,omitempty" validate:"required_without=List,excluded_with=List,max=200,dive,required,max=128"`
	// List is "lobby:" or "party:" and an id.
	List string `json:"list,omitempty" validate:"max=128"`
}

// Presences acknowledges get and subscribe, in the order of the ids asked.
type Presences struct {
	Presences []Presence `json:"presences"`
}

// PresenceActivity says that the user did something on this device.
type PresenceActivity struct{}

// PresenceUpdate is what changed of the users that a connection follows in the last
// half second: of each the state of now. A connection that is new subscribes anew.
type PresenceUpdate struct {
	Changes []Presence `json:"changes"`
}
