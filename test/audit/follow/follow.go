// Package follow keeps the positions of a device in its streams by the rules of the
// client contract, and reports each rule that the server breaks.
package follow

import (
	"encoding/json"
	"fmt"
	"maps"
	"sync"

	"github.com/anteroom/anteroom/runtime/wire"
)

// Position is a position in a stream.
type Position struct {
	Epoch string
	Seq   uint64
}

// place is a stream of a tracker.
type place struct {
	Position
	// asking is set while a resume is running: its answer repeats the pushes that arrive
	// before the answer.
	asking bool
	// gaps is set when a gap is legal: a repeated answer began the stream, or the client
	// reads slowly.
	gaps bool
	// begun is the last position of an answer or a snapshot that gave the stream.
	begun uint64
}

// Tracker has the positions of a device. It is safe for concurrent use.
type Tracker struct {
	mu      sync.Mutex
	streams map[string]*place
	// pushed are the positions that the current connection delivered.
	pushed map[string]map[Position]bool
	slow   bool
}

// New returns a tracker without streams.
func New() *Tracker {
	return &Tracker{streams: make(map[string]*place), pushed: make(map[string]map[Position]bool)}
}

// Connect begins a connection and returns the positions for its resume.
func (t *Tracker) Connect() []wire.StreamPosition {
	t.mu.Lock()
	defer t.mu.Unlock()
	clear(t.pushed)
	t.slow = false
	var all []wire.StreamPosition
	for stream, p := range t.streams {
		p.asking = true
		all = append(all, wire.StreamPosition{Stream: stream, Epoch: p.Epoch, Seq: p.Seq})
	}
	return all
}

// Slow records that the client reads slowly: the server may omit patches.
func (t *Tracker) Slow() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.slow = true
}

// Begin begins a stream, or moves it forward, at the position of an answer or a snapshot.
// With repeated, the answer may be an earlier answer of the same key.
func (t *Tracker) Begin(m wire.Meta, repeated bool) (fresh bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	p := t.streams[m.Stream]
	if p != nil {
		p.begun = max(p.begun, m.Seq)
	}
	switch {
	case p == nil:
		// A subscription that begins after an earlier one ended repeats the pushes after
		// its position, because the answer to a repeated request has the position of its
		// first try.
		maps.DeleteFunc(t.pushed[m.Stream], func(at Position, _ bool) bool { return at.Seq > m.Seq })
		t.streams[m.Stream] = &place{Position: Position{m.Epoch, m.Seq}, gaps: repeated, begun: m.Seq}
	case p.asking:
	case p.Epoch == m.Epoch && p.Seq < m.Seq, p.Epoch == "" && p.Seq == 0:
		p.Position = Position{m.Epoch, m.Seq}
	case p.Epoch != m.Epoch && !repeated:
		p.Position = Position{m.Epoch, m.Seq}
	}
	return p == nil
}

// CameBack reports whether a removal at a version concerns an earlier membership: the
// device received the stream at that version or later. A client ignores such a removal.
func (t *Tracker) CameBack(stream string, version uint64) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	p := t.streams[stream]
	return p != nil && version > 0 && version <= p.begun
}

// Drop stops following a stream.
func (t *Tracker) Drop(stream string) (followed bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	_, followed = t.streams[stream]
	delete(t.streams, stream)
	return followed
}

// Verdict is the decision on a live push.
type Verdict struct {
	// Apply: the push is the next one. Resume: the device must resume the stream. Broken
	// is the rule that the push breaks.
	Apply, Resume bool
	Broken        string
}

// Live judges a push.
func (t *Tracker) Live(m wire.Meta, snapshot bool) Verdict {
	t.mu.Lock()
	defer t.mu.Unlock()
	at := Position{m.Epoch, m.Seq}
	if t.pushed[m.Stream] == nil {
		t.pushed[m.Stream] = make(map[Position]bool)
	}
	double := t.pushed[m.Stream][at] && !snapshot
	t.pushed[m.Stream][at] = true
	p := t.streams[m.Stream]
	switch {
	case double:
		return Verdict{Broken: fmt.Sprintf("seq %d of epoch %s was pushed twice on one connection", m.Seq, m.Epoch)}
	case p == nil:
		return Verdict{} // the last pushes of an ended subscription
	case p.asking:
		return Verdict{}
	case snapshot:
		p.Position = at
		return Verdict{Apply: true}
	case p.Epoch == "" && p.Seq == 0 && m.Seq == 1, p.Epoch == m.Epoch && m.Seq == p.Seq+1:
		p.Position, p.gaps = at, false
		return Verdict{Apply: true}
	case p.Epoch == m.Epoch && m.Seq <= p.Seq:
		return Verdict{}
	}
	v := Verdict{Resume: true}
	if p.Epoch == m.Epoch && !p.gaps && !t.slow {
		v.Broken = fmt.Sprintf("seq %d was pushed after seq %d of epoch %s", m.Seq, p.Seq, p.Epoch)
	}
	p.asking = true
	return v
}

// At returns the position in a stream, for a resume.
func (t *Tracker) At(stream string) (at wire.StreamPosition, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	p := t.streams[stream]
	if p == nil {
		return at, false
	}
	p.asking = true
	return wire.StreamPosition{Stream: stream, Epoch: p.Epoch, Seq: p.Seq}, true
}

// Resumed judges the answer to a resume of one stream. It returns the answer's new
// events; again reports that the device must resume again.
func (t *Tracker) Resumed(r wire.StreamResumed) (events []wire.ResumedEvent, again bool, broken string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	p := t.streams[r.Stream]
	switch {
	case p == nil:
		return nil, false, "" // the device left the stream before the answer
	case r.Error != nil && r.Error.Retryable:
		return nil, true, ""
	case r.Error != nil:
		delete(t.streams, r.Stream)
		return nil, false, ""
	case !r.Recovered:
		if p.Seq > 0 {
			broken = fmt.Sprintf("not recovered after seq %d of epoch %q: the answer begins at seq %d of epoch %q", p.Seq, p.Epoch, r.Seq, r.Epoch)
		}
	default:
		next := p.Seq + 1
		for _, e := range r.Events {
			if seq := metaOf(e.Data).Seq; seq != next && broken == "" {
				broken = fmt.Sprintf("a resume after seq %d has seq %d where %d was due", p.Seq, seq, next)
			}
			next++
		}
		if broken == "" && r.Seq != next-1 {
			broken = fmt.Sprintf("a resume after seq %d ends at seq %d, but its events end at %d", p.Seq, r.Seq, next-1)
		}
		events = r.Events
	}
	p.asking, p.Position = false, Position{r.Epoch, r.Seq}
	return events, false, broken
}

// Streams returns the followed streams and their positions.
func (t *Tracker) Streams() map[string]Position {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := make(map[string]Position, len(t.streams))
	for stream, p := range t.streams {
		all[stream] = p.Position
	}
	return maps.Clone(all)
}

func metaOf(data json.RawMessage) wire.Meta {
	var push struct {
		Meta wire.Meta `json:"meta"`
	}
	_ = json.Unmarshal(data, &push) // without a meta the position is zero
	return push.Meta
}
