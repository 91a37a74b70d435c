package wire

import "encoding/json"

// Notification events.
const (
	EventNotifyList        = "notify:list"        // request: NotifyList → NotifyPage
	EventNotifyAck         = "notify:ack"         // request: NotifyAck → NotifyBadge
	EventNotifyRead        = "notify:read"        // request: NotifyRead → NotifyBadge
	EventNotifyDelete      = "notify:delete"      // request: NotifyDelete → NotifyBadge
	EventNotifySubscribe   = "notify:subscribe"   // request: NotifyTopics → NotifySubscribed
	EventNotifyUnsubscribe = "notify:unsubscribe" // request: NotifyTopics → NotifySubscribed
	EventNotifyNew         = "notify:new"         // push: NotifyNew
	EventNotifyUpdated     = "notify:updated"     // push: NotifyUpdated
	EventNotifyBadge       = "notify:badge"       // push: NotifyBadge
)

// Notification is an entry of a user's inbox.
type Notification struct {
	ID string `json:"id"`
	// Type is the kind of notification, named by its source, as in "lobby.invited".
	Type string `json:"type"`
	// Topic is the topic of the notification, if any.
	Topic string          `json:"topic,omitempty"`
	Title string          `json:"title,omitempty"`
	Body  string          `json:"body,omitempty"`
	Data  json.RawMessage `json:"data,omitempty"`
	// CollapseKey replaces an earlier notification with the same key.
	CollapseKey string `json:"collapseKey,omitempty"`
	CreatedAt   int64  `json:"createdAt"`
	// ExpiresAt is when the notification leaves the inbox.
	ExpiresAt int64 `json:"expiresAt"`
	Acked     bool  `json:"acked"`
	Read      bool  `json:"read"`
}

// NotifyList reads the caller's inbox, newest first.
type NotifyList struct {
	// Cursor comes from the previous page.
	Cursor string `json:"cursor,omitempty" validate:"max=32"`
	// Limit is 1 to 100; 0, or left out, means 50.
	Limit      int      `json:"limit,omitempty" validate:"min=0,max=100"`
	UnreadOnly bool     `json:"unreadOnly,omitempty"`
	Topics     []string `json:"topics,omitempty" validate:"max=64,dive,required,max=64"`
}

// NotifyPage acknowledges [NotifyList]. Cursor is set when there are more entries.
type NotifyPage struct {
	Notifications []Notification `json:"notifications"`
	Cursor        string         `json:"cursor,omitempty"`
	Unread        int            `json:"unread"`
}

// NotifyAck acknowledges delivered notifications: the server does not push them again,
// and does not call the webhook for them.
type NotifyAck struct {
	Key
	IDs []string `json:"ids" validate:"required,min=1,max=100,dive,required,max=64"`
}

// NotifyRead marks notifications as read. Exactly one field must be given.
type NotifyRead struct {
	Key
	IDs []string `json:"ids,omitempty" validate:"max=100,dive,required,max=64"`
	// UpTo selects this notification and all earlier ones.
	UpTo string `json:"upTo,omitempty" validate:"max=64"`
	All  bool   `json:"all,omitempty"`
}

// NotifyDelete removes notifications from the inbox.
type NotifyDelete struct {
	Key
	IDs []string `json:"ids" validate:"required,min=1,max=100,dive,required,max=64"`
}

// NotifyTopics subscribes the user to topics, on all devices and also while it is
// offline, or unsubscribes it.
type NotifyTopics struct {
	Key
	Topics []string `json:"topics" validate:"required,min=1,max=64,dive,required,max=64"`
}

// NotifySubscribed acknowledges [NotifyTopics] with all topics of the user.
type NotifySubscribed struct {
	Topics []string `json:"topics"`
}

// NotifyNew is a new notification, also one from the time when the user was offline. A
// notification without an acknowledgement is pushed again, without meta, to each session
// that connects: clients deduplicate by its id.
type NotifyNew struct {
	Notification Notification `json:"notification"`
	// Replaces is the id of the notification that this notification replaced.
	Replaces string `json:"replaces,omitempty"`
	Meta     *Meta  `json:"meta,omitempty"`
}

// NotifyChange is the kind of a change of notifications.
type NotifyChange string

// The changes of notifications.
const (
	NotifyChangedRead    NotifyChange = "read"
	NotifyChangedDeleted NotifyChange = "deleted"
	// NotifyChangedExpired also means that the inbox was full and these entries the
	// oldest.
	NotifyChangedExpired NotifyChange = "expired"
)

// NotifyUpdated notifies the user's devices of a change of IDs, or of the notification
// UpTo and all earlier ones.
type NotifyUpdated struct {
	Change NotifyChange `json:"change"`
	IDs    []string     `json:"ids,omitempty"`
	UpTo   string       `json:"upTo,omitempty"`
	Meta   *Meta        `json:"meta,omitempty"`
}

// NotifyBadge is the number of unread notifications. The badge with the higher Version is
// current.
type NotifyBadge struct {
	Unread  int    `json:"unread"`
	Version uint64 `json:"version"`
	Meta    *Meta  `json:"meta,omitempty"`
}
