// Package stream is the core that every domain rests on: streams of events with
// an epoch, a dense seq, a bounded log and, for some, a snapshot document whose
// version is the seq.
//
// The package knows neither Redis nor Socket.IO. [Store] and [Bus] are what it
// needs of a database; [Hub] delivers committed events to the local followers of
// this process, in order, without a gap and without a double.
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

// Position is a place in a stream: after the event Seq of Epoch. The zero
// Position is before everything, in no epoch.
type Position struct {
	Epoch string
	Seq   uint64
}

// Event is what a commit appends to a stream.
type Event struct {
	// Name is the wire event, as in "lobby:patch"; no spaces or newlines.
	Name string
	// Data is the payload: a JSON object without a "meta" member, which delivery adds.
	Data json.RawMessage
	// Control is for the sessions that receive the event; clients never see it.
	Control Control
}

// Control makes the sessions that receive an event follow or leave other
// streams, or end: how a kicked user's connection, on any pod, stops hearing a lobby.
type Control struct {
	// Unfollow names streams that the user may have lost. A session that follows one holds
	// its records back until it has asked: an order that arrives late finds a user who has
	// come back since, and takes nothing away.
	Unfollow []ID `json:"unfollow,omitempty"`
	// Over says that the streams of Unfollow have ended for everybody, so that nobody asks.
	Over bool `json:"over,omitempty"`
	// Follow makes sessions follow streams, each from after its position.
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
	// Sessions are the ids of those that end; when there are none, all that receive it.
	Sessions []string `json:"sessions,omitempty"`
}

// Empty tells whether there is nothing to do.
func (c Control) Empty() bool { return len(c.Unfollow) == 0 && len(c.Follow) == 0 && c.End == nil }

// Record is an event that was committed. One that was cast (see [Caster]) has the
// zero Position.
type Record struct {
	Position
	// TS is the commit time by the store's clock, in milliseconds since the epoch.
	TS int64
	Event
}

// Snapshot is the state of a stream at a position. Doc is nil for streams
// without a document.
type Snapshot struct {
	Position
	TS  int64
	Doc []byte
	// Past has the ends of earlier epochs, the latest first, at most seven. A Catchup that
	// is Recovered leaves it out.
	Past []Position
	// Committed is the epoch of the event at Seq; "" means Epoch. It is an earlier epoch from
	// a restart of the store until the next commit.
	Committed string
}

// Clamp moves a position into the stream's past: to the same seq, or to the end of its
// epoch when the store lost what came after. It is false for an epoch that is not
// remembered. A state that keeps a seq must compare by it, because each restart of the
// store begins an epoch although nothing may be lost.
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

// CommittedIn is the epoch of the event at Seq.
func (s Snapshot) CommittedIn() string { return cmp.Or(s.Committed, s.Epoch) }

// Catchup is the answer to "what came after this position". When Recovered,
// Records are all that came after it, possibly none, in order; otherwise the past
// before Now cannot be had. Now is where the stream is, with its document only when
// not Recovered.
type Catchup struct {
	Recovered bool
	Records   []Record
	// More says that Records are only the first of those that came after: see Within.
	More bool
	Now  Snapshot
}

// Lasting is how long a stream that clients follow goes on in its epoch without an event,
// whatever is left of its log. It costs some 200 bytes a stream. One that had begun anew
// would begin unheard: to those who follow it, its first event is one after a loss.
const Lasting = 30 * 24 * time.Hour

// Retention bounds what a stream keeps.
type Retention struct {
	// LogSize is how many events the log keeps; the oldest go first. At least 1.
	LogSize int
	// LogTTL is how long the log is kept after the last event.
	LogTTL time.Duration
	// TTL is how long the stream itself (epoch, seq and document) is kept after
	// the last commit; at least LogTTL. After that it begins again in a new epoch.
	TTL time.Duration
}

// Commit is one atomic change of a stream: check, write the document, append
// the events, publish them. All of it happens or none.
type Commit struct {
	Stream ID
	// Expect, when not nil, is the seq the stream must be at (0: it must not
	// exist); otherwise the commit fails with a *ConflictError.
	Expect *uint64
	// Epoch, when not "", is the epoch that Expect is in: a seq may come again in
	// another one. It may only be left out where the seq was read a moment ago.
	Epoch string
	// Doc replaces the document; nil leaves it as it is.
	Doc []byte
	// Events get the next seqs in this order. At least one, at most 16.
	Events []Event
	Retain Retention
	// Once makes the commit happen at most once for its user and key.
	Once *Once
	// Rate refuses the commit with a *RateError when its budget is spent.
	Rate *Rate
	// Unless refuses the commit with a *BarredError while this key is barred in the
	// stream; "" asks for nothing.
	Unless string
	// Bar bars a key in the stream, or frees it.
	Bar *Bar
	// Order, when not nil, refuses the commit with ErrOutdated when the stream has a
	// newer event of the same subject.
	Order *Order
}

// Order keeps the events of one subject in order, whichever servers commit them and
// however late. The stream remembers the highest Value of a Key for TTL after the last
// commit that raised it.
type Order struct {
	Key string
	// Value must be higher than the one that the stream remembers; 1 to 2^53.
	Value uint64
	TTL   time.Duration
}

// Bar keeps commits out of one stream: those whose Unless is its Key, for TTL. A TTL
// of 0 ends it.
type Bar struct {
	Key string
	TTL time.Duration
	// By is a word that Bars gives back; at most 16 letters.
	By string
}

// Barred is a bar in force; the zero value when there is none.
type Barred struct {
	For time.Duration
	By  string
}

// Once is the idempotency of one commit, kept in the stream itself so that it
// is as atomic as the commit. A repeated commit changes nothing and gives the
// Result of the first.
type Once struct {
	// Scope and Key together identify the request: the user, and the user's key.
	Scope, Key string
	// Value is remembered and given back in Result.Value. At most 4 KiB.
	Value []byte
	TTL   time.Duration
}

// Rate is a budget of Events commits in any Per, smoothed (GCRA), shared by all
// pods and counted by Key within the stream.
type Rate struct {
	Key    string
	Events int
	Per    time.Duration
}

// Result is what a commit did.
type Result struct {
	// Position is that of the last event appended.
	Position
	TS int64
	// Repeated is true when Once had seen this commit before; then Position, TS
	// and Value are those of the first.
	Repeated bool
	Value    []byte
}
