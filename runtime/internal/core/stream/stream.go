// Package stream is the core of every domain: streams of events with an epoch, a dense seq,
// a bounded log and, for some kinds, a snapshot document whose version is the seq.
//
// The package knows neither Redis nor Socket.IO. [Store] and [Bus] are its interfaces to a
// database. [Hub] delivers committed events to the local followers of this process: in
// order, without gaps and without duplicates.
package stream

import (
	"cmp"
	"encoding/json"
	"strings"
	"time"
)

// ID names a stream: a kind, a colon, and the rest, as in "lobby:01J…" or
// "chat:lobby:01J…". At most 800 bytes of printable ASCII without braces or spaces.
type ID string

// Kind is the part of the id before the first colon.
func (id ID) Kind() string {
	kind, _, _ := strings.Cut(string(id), ":")
	return kind
}

// Name is the part of the id after the first colon.
func (id ID) Name() string {
	_, name, _ := strings.Cut(string(id), ":")
	return name
}

// Position is a place in a stream: after the event Seq of Epoch. The zero Position is
// before the first event, in no epoch.
type Position struct {
	Epoch string
	Seq   uint64
}

// Event is an entry that a commit appends to a stream.
type Event struct {
	// Name is the wire event, as in "lobby:patch"; no spaces or newlines.
	Name string
	// Data is the payload: a JSON object without a "meta" member, which delivery adds.
	Data json.RawMessage
	// Control is for the sessions that receive the event; clients never see it.
	Control Control
}

// Control makes the sessions that receive an event follow or leave other streams, or end.
// For instance, it unsubscribes a kicked user's sessions from a lobby, on any pod.
type Control struct {
	// Unfollow names streams to which the user may have lost access. A session that follows
	// such a stream holds its records back until it has checked the access. A late control
	// thus does not unsubscribe a user who has rejoined.
	Unfollow []ID `json:"unfollow,omitempty"`
	// Over says that the streams of Unfollow have ended for all users, so sessions need no
	// check.
	Over bool `json:"over,omitempty"`
	// Follow subscribes the sessions to streams, each after its position.
	Follow []Place `json:"follow,omitempty"`
	// End ends sessions.
	End *End `json:"end,omitempty"`
}

// Place is a position in a stream.
type Place struct {
	Stream ID `json:"stream"`
	Position
}

// End closes the connections of sessions.
type End struct {
	// Reason is the close reason of the wire contract; Message is for humans.
	Reason  string `json:"reason"`
	Message string `json:"message,omitempty"`
	// Sessions are the ids of the sessions to end; empty means every session that receives
	// it.
	Sessions []string `json:"sessions,omitempty"`
}

// Empty reports whether there is nothing to apply.
func (c Control) Empty() bool { return len(c.Unfollow) == 0 && len(c.Follow) == 0 && c.End == nil }

// Record is a committed event. A cast event (see [Caster]) has the zero Position.
type Record struct {
	Position
	// TS is the commit time by the store's clock, in milliseconds since the epoch.
	TS int64
	Event
}

// Snapshot is the state of a stream at a position. Doc is nil for streams without a
// document.
type Snapshot struct {
	Position
	TS  int64
	Doc []byte
	// Past has the ends of earlier epochs, the latest first, at most seven. A Recovered
	// Catchup omits it.
	Past []Position
	// Committed is the epoch of the event at Seq; "" means Epoch. It is an earlier epoch
	// between a restart of the store and the next commit.
	Committed string
}

// Clamp maps a position to the stream's current history: to the same seq, or to the end of
// its epoch when the store lost later events. known is false for an epoch that is not
// remembered. A state that keeps a seq must use Clamp to compare it, because each restart
// of the store begins an epoch even when nothing is lost.
func (s Snapshot) Clamp(p Position) (seq uint64, known bool) {
	if p.Epoch == s.Epoch {
		return min(p.Seq, s.Seq), true
	}
	for _, end := range s.Past {
		if end.Epoch == p.Epoch {
			return min(p.Seq, end.Seq), true
		}
	}
	return 0, p == Position{}
}

// CommittedIn returns the epoch of the event at Seq.
func (s Snapshot) CommittedIn() string { return cmp.Or(s.Committed, s.Epoch) }

// Catchup is the answer to "which records follow this position?". When Recovered, Records
// are all later records in order, possibly none. Otherwise the log no longer contains them.
// Now is the stream's position; it has the document only when not Recovered.
type Catchup struct {
	Recovered bool
	Records   []Record
	// More says that Records are only the first of the later records: see Within.
	More bool
	Now  Snapshot
}

// Lasting is how long a stream that clients follow keeps its epoch without an event, even
// when its log has expired. It costs about 200 bytes a stream. A stream that began a new
// epoch would make its followers assume a loss at its first event.
const Lasting = 30 * 24 * time.Hour

// Retention bounds what a stream keeps.
type Retention struct {
	// LogSize is the number of events that the log keeps; the oldest are removed first. At
	// least 1.
	LogSize int
	// LogTTL is how long the log is kept after the last event.
	LogTTL time.Duration
	// TTL is how long the stream itself (epoch, seq and document) is kept after the last
	// commit; at least LogTTL. A later commit begins a new epoch.
	TTL time.Duration
}

// Commit is one atomic change of a stream: it checks, writes the document, appends the
// events and publishes them. Either all of this happens or nothing.
type Commit struct {
	Stream ID
	// Expect, when not nil, is the seq at which the stream must be (0: it must not exist).
	// Otherwise the commit fails with a *ConflictError.
	Expect *uint64
	// Epoch, when not "", is the epoch of Expect, because a seq may occur again in another
	// epoch. It may be omitted only where the seq was read a moment ago.
	Epoch string
	// Doc replaces the document; nil keeps it.
	Doc []byte
	// Events get the next seqs in this order. At least one, at most 16.
	Events []Event
	Retain Retention
	// Once makes the commit happen at most once for its scope and key.
	Once *Once
	// Rate refuses the commit with a *RateError when its budget is spent.
	Rate *Rate
	// Unless refuses the commit with a *BarredError while this key is barred in the stream;
	// "" disables the check.
	Unless string
	// Bar sets or ends the bar of a key in the stream.
	Bar *Bar
	// Order, when not nil, refuses the commit with ErrOutdated when the stream has an event
	// of the same key with the same or a higher value.
	Order *Order
}

// Order keeps the events of one subject in order, whichever servers commit them and however
// late. The stream remembers the highest Value of a Key for TTL after the last commit that
// raised it.
type Order struct {
	Key string
	// Value must be higher than the remembered value; 1 to 2^53.
	Value uint64
	TTL   time.Duration
}

// Bar refuses, for TTL, the commits to the stream whose Unless is Key. A TTL of 0 ends the
// bar.
type Bar struct {
	Key string
	TTL time.Duration
	// By is a word that Bars returns with the bar; at most 16 letters.
	By string
}

// Barred is an active bar; the zero value means that there is none.
type Barred struct {
	For time.Duration
	By  string
}

// Once makes a commit idempotent. The stream itself keeps the key, so that it is written
// atomically with the commit. A repeated commit changes nothing and returns the Result of
// the first commit.
type Once struct {
	// Scope and Key together identify the request: the user, and the user's key.
	Scope, Key string
	// Value is remembered and returned in Result.Value. At most 4 KiB.
	Value []byte
	TTL   time.Duration
}

// Rate allows Events commits in any period of Per, smoothed (GCRA). All pods share the
// budget, which is counted by Key within the stream.
type Rate struct {
	Key    string
	Events int
	Per    time.Duration
}

// Result is the result of a commit.
type Result struct {
	// Position is the position of the last appended event.
	Position
	TS int64
	// Repeated is true when Once was already committed. Position, TS and Value are then
	// those of the first commit.
	Repeated bool
	Value    []byte
}
