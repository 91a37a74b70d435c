package notify

import (
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"github.com/anteroom/anteroom/runtime/wire"
)

// Bounds of a notification and of an inbox.
const (
	maxType, maxTitle, maxBody = 64, 128, 1024
	maxData                    = 2 << 10
	maxCollapseKey             = 64
	// maxBytes bounds the size of all notifications of back ends in an inbox; notifications
	// that users cause have a quarter of it.
	maxBytes = 256 << 10
	// userShare divides the bounds of an inbox for notifications that users cause.
	userShare = 4
	// itemOverhead is the approximate size of an item without its texts.
	itemOverhead = 200
)

// repushAfter is the time after a change at which it is pushed again, in case the first push
// failed.
const repushAfter = 5 * time.Second

// renewAfter is the time within which a user's notification renews an earlier notification with
// the same collapse key: it takes over the earlier id and is not pushed again.
const renewAfter = time.Minute

// Notification is the content of a notification.
type Notification struct {
	// ID is a ULID that the service gives.
	ID string
	// Key, when set, identifies the occurrence, which is notified once.
	Key         string
	Type        string
	Topic       string
	Title, Body string
	// Data is a JSON value of at most 2 KiB.
	Data json.RawMessage
	// CollapseKey replaces an earlier notification with the same key.
	CollapseKey string
	// ByUser is the user who causes the notification; "" for back ends and the server.
	ByUser string
	// TTL is the time to expiry; 0, or more than the retention, means the retention.
	TTL time.Duration
}

// Item is a notification in an inbox. Times are milliseconds since the epoch.
type Item struct {
	ID          string          `json:"id"`
	Type        string          `json:"type"`
	Topic       string          `json:"topic,omitempty"`
	Title       string          `json:"title,omitempty"`
	Body        string          `json:"body,omitempty"`
	Data        json.RawMessage `json:"data,omitempty"`
	CollapseKey string          `json:"collapse,omitempty"`
	Replaces    string          `json:"replaces,omitempty"`
	// Seq is the item's ascending number in the inbox.
	Seq       uint64 `json:"seq"`
	CreatedAt int64  `json:"created"`
	ExpiresAt int64  `json:"expires"`
	Acked     bool   `json:"acked,omitempty"`
	Read      bool   `json:"read,omitempty"`
	// PushedAt is the time of the last push to the user's devices; 0 for an item that waits for
	// a connection. Pushes counts the pushes.
	PushedAt int64 `json:"pushed,omitempty"`
	Pushes   int   `json:"pushes,omitempty"`
	// CallAt is the time of the next webhook call; 0 for none. Calls counts the attempts.
	CallAt int64 `json:"callAt,omitempty"`
	Calls  int   `json:"calls,omitempty"`
	// ByUsers says that another user causes it.
	ByUsers bool `json:"byUsers,omitempty"`
}

// Inbox is the inbox of a user. Its methods return the next state and do not change the
// receiver.
type Inbox struct {
	UserID string `json:"user"`
	// Items are in ascending Seq.
	Items  []Item   `json:"items,omitempty"`
	Topics []string `json:"topics,omitempty"`
	// Last is the highest Seq so far.
	Last uint64 `json:"last"`
	// ChangedAt is the time of the last change, and Before the time of the change before it.
	ChangedAt int64 `json:"changed"`
	Before    int64 `json:"before,omitempty"`
	// ByUsers says that another user caused the last change.
	ByUsers bool `json:"byUsers,omitempty"`
	// Updates are the recent changes of items, kept until they have been pushed again.
	Updates []Update `json:"updates,omitempty"`

	// Version and Epoch are the inbox's position in its stream.
	Version uint64 `json:"-"`
	Epoch   string `json:"-"`
}

// Update is a change that is pushed to devices.
type Update struct {
	wire.NotifyUpdated
	// Version is the inbox's version after the change, and At the time of the change.
	Version uint64 `json:"version"`
	At      int64  `json:"at"`
	ByUsers bool   `json:"byUsers,omitempty"`
}

// Rules are the bounds and durations of inboxes.
type Rules struct {
	// MaxPerUser bounds the notifications of back ends; those of other users have a separate
	// bound of a quarter.
	MaxPerUser int
	Retention  time.Duration
	// CallAfter is how long a user must have been offline before the webhook is called; Call
	// false means no calls.
	Call      bool
	CallAfter time.Duration
}

// Unread returns the number of unread notifications.
func (b Inbox) Unread() int {
	n := 0
	for _, i := range b.Items {
		if !i.Read {
			n++
		}
	}
	return n
}

// find returns the index of an item; -1 for none.
func (b Inbox) find(id string) int {
	return slices.IndexFunc(b.Items, func(i Item) bool { return i.ID == id })
}

// View returns an item as clients see it.
func (i Item) View() wire.Notification {
	return wire.Notification{
		ID: i.ID, Type: i.Type, Topic: i.Topic, Title: i.Title, Body: i.Body, Data: i.Data,
		CollapseKey: i.CollapseKey, CreatedAt: i.CreatedAt, ExpiresAt: i.ExpiresAt, Acked: i.Acked, Read: i.Read,
	}
}

func (i Item) size() int {
	return itemOverhead + len(i.Title) + len(i.Body) + len(i.Data)
}

// Check validates a notification; it returns a *wire.Error with the field.
func (n Notification) Check() error {
	for _, text := range []struct {
		field, value string
		most         int
	}{
		{"type", n.Type, maxType},
		{"title", n.Title, maxTitle},
		{"body", n.Body, maxBody},
		{"collapseKey", n.CollapseKey, maxCollapseKey},
		{"data", string(n.Data), maxData},
	} {
		if len(text.value) > text.most {
			return wire.Invalid(text.field, text.field+" may have at most "+strconv.Itoa(text.most)+" bytes")
		}
	}
	switch {
	case n.Type == "":
		return wire.Invalid("type", "type is required")
	case n.Data != nil && !json.Valid(n.Data):
		return wire.Invalid("data", "data must be JSON")
	case n.TTL < 0:
		return wire.Invalid("ttlMs", "ttlMs must not be negative")
	case n.Topic != "" && !ValidTopic(n.Topic):
		return wire.Invalid("topic", topicRule)
	}
	return nil
}

func ms(t time.Time) int64 { return t.UnixMilli() }
