// Package audit checks the events that clients received. A [Listener] follows the streams
// of a client by the rules of the client contract and finds gaps, duplicates and wrong
// epochs at once. A [Book] records the acknowledged messages and reports each message
// that a member did not receive exactly once and in order.
package audit

import (
	"fmt"
	"sync"
)

// Position is the position of a client in a stream. The zero Position is before the first
// event of a stream without events.
type Position struct {
	Epoch string `json:"epoch"`
	Seq   uint64 `json:"seq"`
}

// Event is a push of a stream. Text is the unique text of a message, which a Book
// compares.
type Event struct {
	Stream string
	At     Position
	Text   string
}

// Listener audits a client. It is safe for concurrent use.
type Listener struct {
	mu      sync.Mutex
	streams map[string]*followed
	faults  []string
}

// followed is a stream of a listener.
type followed struct {
	at       Position
	received []Event
	// asking is set while a resume is running; its answer repeats the events that arrive
	// before the answer.
	asking bool
}

// NewListener returns a Listener without streams.
func NewListener() *Listener { return &Listener{streams: make(map[string]*followed)} }

// Follow begins a stream at the position of an answer. A stream that is already followed
// keeps its position.
func (l *Listener) Follow(stream string, at Position) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.streams[stream] == nil {
		l.streams[stream] = &followed{at: at}
	}
}

// Place begins a stream, or moves it forward, at the position of a snapshot: the client
// receives no earlier events. An earlier position changes nothing.
func (l *Listener) Place(stream string, at Position) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f := l.streams[stream]
	switch {
	case f == nil:
		l.streams[stream] = &followed{at: at}
	case f.at.Epoch != at.Epoch || f.at.Seq < at.Seq:
		f.at = at
	}
}

// Placed ends a resume whose answer was a snapshot instead of events.
func (l *Listener) Placed(stream string, at Position) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if f := l.streams[stream]; f != nil {
		f.asking, f.at = false, at
	}
}

// Drop stops following a stream.
func (l *Listener) Drop(stream string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.streams, stream)
}

// Live processes a push outside a resume. It reports resume when the epoch has changed,
// so the client must resume the stream first; take is then false, because the answer
// repeats this push and all pushes before it.
func (l *Listener) Live(e Event) (take, resume bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f := l.streams[e.Stream]
	switch {
	case f == nil:
		l.streams[e.Stream] = &followed{at: e.At, received: []Event{e}}
	case f.asking:
	case f.at != (Position{}) && f.at.Epoch != e.At.Epoch:
		f.asking = true
		return false, true
	default:
		l.take(f, e, "live")
	}
	return f == nil || !f.asking, false
}

// Asking records that a resume of the stream is running, as with a new connection.
func (l *Listener) Asking(stream string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if f := l.streams[stream]; f != nil {
		f.asking = true
	}
}

// Resumed processes the answer to a resume: the missed events and the stream's position.
// With more, the answer is partial and the resume continues.
func (l *Listener) Resumed(stream string, events []Event, end Position, more bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f := l.streams[stream]
	if f == nil {
		l.fault("%s: resumed, but never followed", stream)
		return
	}
	f.asking = more
	for _, e := range events {
		l.take(f, e, "resumed")
	}
	if f.at.Seq != end.Seq {
		l.fault("%s: resumed up to seq %d, but the events end with %d", stream, end.Seq, f.at.Seq)
	}
	f.at = end
}

// Lost records that the server lost the history of a stream.
func (l *Listener) Lost(stream string, why string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	at := Position{}
	if f := l.streams[stream]; f != nil {
		at = f.at
		f.asking = false
	}
	l.fault("%s: not recovered after seq %d of epoch %s: %s", stream, at.Seq, at.Epoch, why)
}

// take appends an event, which must be the next event.
func (l *Listener) take(f *followed, e Event, how string) {
	if want := f.at.Seq + 1; e.At.Seq != want {
		l.fault("%s: %s seq %d (%q) where %d was due", e.Stream, how, e.At.Seq, e.Text, want)
	}
	f.at = e.At
	f.received = append(f.received, e)
}

func (l *Listener) fault(format string, args ...any) {
	l.faults = append(l.faults, fmt.Sprintf(format, args...))
}

// Fault records another violation.
func (l *Listener) Fault(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fault(format, args...)
}

// Faults returns the violations so far.
func (l *Listener) Faults() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]string(nil), l.faults...)
}

// Positions returns the client's position in each followed stream.
func (l *Listener) Positions() map[string]Position {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := make(map[string]Position, len(l.streams))
	for stream, f := range l.streams {
		all[stream] = f.at
	}
	return all
}

// Heard returns the received events of a stream, in order of arrival.
func (l *Listener) Heard(stream string) []Event {
	l.mu.Lock()
	defer l.mu.Unlock()
	if f := l.streams[stream]; f != nil {
		return append([]Event(nil), f.received...)
	}
	return nil
}
