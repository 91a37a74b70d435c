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
	// maxBytes bounds the notifications of back ends in an inbox together; those that users
	// cause have a quarter as many bytes.
	maxBytes = 256 << 10
	// userShare divides the bounds of an inbox for what users cause.
	userShare = 4
	// itemOverhead is what an item takes beside its texts, about.
	itemOverhead = 200
)

// retellAfter is how long after a change it is told once more, in case the first
// time failed.
const repushAfter = 5 * time.Second

// renewAfter is how long a notification of a user that collapses with an earlier one is not
// pushed again: it takes the place and the id of the earlier one.
const renewAfter = time.Minute

// Notification is what is put into an inbox.
type Notification struct {
	// ID is a ULID that the service gives.
	ID string
	// Key, when set, is the same for the same occurrence, which is notified once.
	Key         string
	Type        string
	Topic       string
	Title, Body string
	// Data is a JSON value of at most 2 KiB.
	Data json.RawMessage
	// CollapseKey: an earlier notification with the same one goes.
	CollapseKey string
	// ByUser is the user who causes it; "" for a back end's and the server's own.
	ByUser string
	// TTL is how long it matters; 0, or more than the retention, means the retention.
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
	// Seq is its place in the inbox: it rises from one to the next.
	Seq       uint64 `json:"seq"`
	CreatedAt int64  `json:"created"`
	ExpiresAt int64  `json:"expires"`
	Acked     bool   `json:"acked,omitempty"`
	Read      bool   `json:"read,omitempty"`
	// PushedAt is when it was last given to the user's devices; 0 for one that waits
	// for the user to connect. Pushes counts how often.
	PushedAt int64 `json:"pushed,omitempty"`
	Pushes   int   `json:"pushes,omitempty"`
	// CallAt is when the webhook is due, 0 when it is not or no more; Calls counts the
	// tries that were begun.
	CallAt int64 `json:"callAt,omitempty"`
	Calls  int   `json:"calls,omitempty"`
	// ByUsers says that another user causes it.
	ByUsers bool `json:"byUsers,omitempty"`
}

// Inbox is what is kept of a user. Its methods give the next state and do not change
// the one they are called on.
type Inbox struct {
	UserID string `json:"user"`
	// Items are in the order in which they came.
	Items  []Item   `json:"items,omitempty"`
	Topics []string `json:"topics,omitempty"`
	// Last is the Seq of the newest item that there ever was.
	Last uint64 `json:"last"`
	// ChangedAt is the time of the last change, and Before that of the one before.
	ChangedAt int64 `json:"changed"`
	Before    int64 `json:"before,omitempty"`
	// ByUsers says that another user caused the last change.
	ByUsers bool `json:"byUsers,omitempty"`
	// Updates are what happened to items lately, for as long as it is told again.
	Updates []Update `json:"updates,omitempty"`

	// Version and Epoch are the inbox's place in its stream.
	Version uint64 `json:"-"`
	Epoch   string `json:"-"`
}

// Update is a change that devices are told of.
type Update struct {
	wire.NotifyUpdated
	// Version is the one that the change led to, and At when.
	Version uint64 `json:"version"`
	At      int64  `json:"at"`
	ByUsers bool   `json:"byUsers,omitempty"`
}

// Rules are the bounds and times that hold for an inbox.
type Rules struct {
	// MaxPerUser notifications of back ends are kept, and beside them a quarter as many that
	// other users cause.
	MaxPerUser int
	Retention  time.Duration
	// CallAfter is how long a user must have been away before the webhook is called;
	// with Call false there is none.
	Call      bool
	CallAfter time.Duration
}

// Unread is how many notifications are unread.
func (b Inbox) Unread() int {
	n := 0
	for _, i := range b.Items {
		if !i.Read {
			n++
		}
	}
	return n
}

// find is the index of an item, or -1.
func (b Inbox) find(id string) int {
	return slices.IndexFunc(b.Items, func(i Item) bool { return i.ID == id })
}

// View is an item as clients see it.
func (i Item) View() wire.Notification {
	return wire.Notification{
		ID: i.ID, Type: i.Type, Topic: i.Topic, Title: i.Title, Body: i.Body, Data: i.Data,
		CollapseKey: i.CollapseKey, CreatedAt: i.CreatedAt, ExpiresAt: i.ExpiresAt, Acked: i.Acked, Read: i.Read,
	}
}

func (i Item) size() int {
	return itemOverhead + len(i.Title) + len(i.Body) + len(i.Data)
}

// Check tells what is wrong with a notification, as a *wire.Error with the field.
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
