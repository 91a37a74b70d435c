// Package audit checks what clients were told. A [Listener] follows the streams of
// one client by the rules of the client contract and finds holes, doubles and wrong
// epochs as they come; a [Book] holds what was acknowledged and says in the end who
// did not hear it exactly once and in order.
package audit

import (
	"fmt"
	"sync"
)

// Position is where a client is in a stream. The zero Position is before the first
// event of a stream that has none yet.
type Position struct {
	Epoch string `json:"epoch"`
	Seq   uint64 `json:"seq"`
}

// Event is one push of a stream. Text says what it was, where a Book asks for it.
type Event struct {
	Stream string
	At     Position
	Text   string
}

// Listener is the audit of one client. It is safe for concurrent use.
type Listener struct {
	mu      sync.Mutex
	streams map[string]*followed
	faults  []string
}

// followed is one stream of a listener.
type followed struct {
	at    Position
	heard []Event
	// asking is set while a resume is under way, whose answer brings again what
	// comes meanwhile.
	asking bool
}

// NewListener makes a Listener that follows nothing.
func NewListener() *Listener { return &Listener{streams: make(map[string]*followed)} }

// Follow begins a stream where an answer says that the client is. One that is
// followed already stays where it is.
func (l *Listener) Follow(stream string, at Position) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.streams[stream] == nil {
		l.streams[stream] = &followed{at: at}
	}
}

// Place begins a stream, or moves it forward, to where a snapshot says that the client
// is: nothing before it will be heard any more. A position that was passed already
// changes nothing.
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

// Placed ends a resume whose answer was a snapshot instead of the past.
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

// Live takes a push that came by itself. It returns true when the client has to
// resume the stream before it goes on, since the epoch is another one; that push, and
// all until the resume is answered, come again with the answer, and take is false.
func (l *Listener) Live(e Event) (take, resume bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f := l.streams[e.Stream]
	switch {
	case f == nil:
		l.streams[e.Stream] = &followed{at: e.At, heard: []Event{e}}
	case f.asking:
	case f.at != (Position{}) && f.at.Epoch != e.At.Epoch:
		f.asking = true
		return false, true
	default:
		l.take(f, e, "live")
	}
	return f == nil || !f.asking, false
}

// Asking notes that a resume of the stream is under way, as with a new connection.
func (l *Listener) Asking(stream string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if f := l.streams[stream]; f != nil {
		f.asking = true
	}
}

// Resumed takes the answer to a resume: what was missed, and where the stream now is. More
// says that the answer is a part, and that the resume goes on.
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

// Lost notes that the server says the past of a stream is gone.
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

// take appends an event, which has to be the next one.
func (l *Listener) take(f *followed, e Event, how string) {
	if want := f.at.Seq + 1; e.At.Seq != want {
		l.fault("%s: %s seq %d (%q) where %d was due", e.Stream, how, e.At.Seq, e.Text, want)
	}
	f.at = e.At
	f.heard = append(f.heard, e)
}

func (l *Listener) fault(format string, args ...any) {
	l.faults = append(l.faults, fmt.Sprintf(format, args...))
}

// Fault notes something else that must not be.
func (l *Listener) Fault(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fault(format, args...)
}

// Faults is what was found so far.
func (l *Listener) Faults() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]string(nil), l.faults...)
}

// Positions are the streams that are followed, and where the client is in them.
func (l *Listener) Positions() map[string]Position {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := make(map[string]Position, len(l.streams))
	for stream, f := range l.streams {
		all[stream] = f.at
	}
	return all
}

// Heard is what was heard of a stream, in the order it came.
func (l *Listener) Heard(stream string) []Event {
	l.mu.Lock()
	defer l.mu.Unlock()
	if f := l.streams[stream]; f != nil {
		return append([]Event(nil), f.heard...)
	}
	return nil
}
