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

// Notification is one entry of a user's inbox.
type Notification struct {
	ID string `json:"id"`
	// Type is the word of whoever made it for its kind, as in "lobby.invited".
	Type string `json:"type"`
	// Topic is the topic that it came over, if any.
	Topic string          `json:"topic,omitempty"`
	Title string          `json:"title,omitempty"`
	Body  string          `json:"body,omitempty"`
	Data  json.RawMessage `json:"data,omitempty"`
	// CollapseKey: a later notification with the same one takes this one's place.
	CollapseKey string `json:"collapseKey,omitempty"`
	CreatedAt   int64  `json:"createdAt"`
	// ExpiresAt is when it leaves the inbox by itself.
	ExpiresAt int64 `json:"expiresAt"`
	Acked     bool  `json:"acked"`
	Read      bool  `json:"read"`
}

// NotifyList asks for the caller's inbox, newest first.
type NotifyList struct {
	// Cursor is the one that the page before gave.
	Cursor string `json:"cursor,omitempty" validate:"max=32"`
	// Limit is 1 to 100; 0, or left out, means 50.
	Limit      int      `json:"limit,omitempty" validate:"min=0,max=100"`
	UnreadOnly bool     `json:"unreadOnly,omitempty"`
	Topics     []string `json:"topics,omitempty" validate:"max=64,dive,required,max=64"`
}

// NotifyPage acknowledges [NotifyList]. Cursor is there when there are more.
type NotifyPage struct {
	Notifications []Notification `json:"notifications"`
	Cursor        string         `json:"cursor,omitempty"`
	Unread        int            `json:"unread"`
}

// NotifyAck says that notifications have arrived: they are not pushed again, and
// nobody is called for them.
type NotifyAck struct {
	Key
	IDs []string `json:"ids" validate:"required,min=1,max=100,dive,required,max=64"`
}

// NotifyRead marks notifications as read. Exactly one of its ways must be given.
type NotifyRead struct {
	Key
	IDs []string `json:"ids,omitempty" validate:"max=100,dive,required,max=64"`
	// UpTo means this notification and all that came before it.
	UpTo string `json:"upTo,omitempty" validate:"max=64"`
	All  bool   `json:"all,omitempty"`
}

// NotifyDelete takes notifications out of the inbox.
type NotifyDelete struct {
	Key
	IDs []string `json:"ids" validate:"required,min=1,max=100,dive,required,max=64"`
}

// NotifyTopics subscribes the user, on all devices and also while it is away, to
// topics, or takes that back.
type NotifyTopics struct {
	Key
	Topics []string `json:"topics" validate:"required,min=1,max=64,dive,required,max=64"`
}

// NotifySubscribed acknowledges [NotifyTopics] with all topics of the user.
type NotifySubscribed struct {
	Topics []string `json:"topics"`
}

// NotifyNew is a notification that came, or that came while the user was away. One that was
// not acknowledged comes again, without meta, for each session that connects: go by its id.
type NotifyNew struct {
	Notification Notification `json:"notification"`
	// Replaces is the notification whose place it takes, which is gone.
	Replaces string `json:"replaces,omitempty"`
	Meta     *Meta  `json:"meta,omitempty"`
}

// NotifyChange is what happened to notifications.
type NotifyChange string

// The changes of notifications.
const (
	NotifyChangedRead    NotifyChange = "read"
	NotifyChangedDeleted NotifyChange = "deleted"
	// NotifyChangedExpired also means that the inbox was full and these the oldest.
	NotifyChangedExpired NotifyChange = "expired"
)

// NotifyUpdated tells the user's devices of a change: of IDs, or of the notification
// UpTo and all before it.
type NotifyUpdated struct {
	Change NotifyChange `json:"change"`
	IDs    []string     `json:"ids,omitempty"`
	UpTo   string       `json:"upTo,omitempty"`
	Meta   *Meta        `json:"meta,omitempty"`
}

// NotifyBadge is how many notifications are unread. Of two, the one with the higher
// Version holds.
type NotifyBadge struct {
	Unread  int    `json:"unread"`
	Version uint64 `json:"version"`
	Meta    *Meta  `json:"meta,omitempty"`
}
