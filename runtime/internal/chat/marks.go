package chat

import (
	"maps"
	"slices"

	"github.com/anteroom/anteroom/runtime/internal/stream"
)

// maxMarks is how many users' read marks a channel keeps. Beyond that, the mark that
// is furthest behind is forgotten: its user has read nothing then.
const maxMarks = 256

// Marks are how far the users of a channel have read. They are kept beside its log,
// which they would fill, as the document of a stream of their own.
type Marks struct {
	// Epoch is the epoch of the channel's stream that the seqs are in.
	Epoch  string            `json:"epoch"`
	ReadTo map[string]uint64 `json:"readTo"`
	// Pending are the users whose marks were not announced since they moved, at most
	// maxMarks. The next announcement takes them out.
	Pending []string `json:"pending,omitempty"`
	// KeepMs is how long the channel's policy keeps the marks, in milliseconds.
	KeepMs int64 `json:"keepMs,omitempty"`
}

// In moves marks into the epoch that the channel's stream is in. A mark beyond the end of
// its epoch moves to that end, because the messages after it are lost. Marks of an epoch
// that the stream does not remember are dropped.
func (m Marks) In(now stream.Snapshot) Marks {
	if m.Epoch == now.Epoch {
		return m
	}
	next := Marks{Epoch: now.Epoch, ReadTo: make(map[string]uint64, len(m.ReadTo)), Pending: m.Pending, KeepMs: m.KeepMs}
	for userID, seq := range m.ReadTo {
		if to, known := now.Clamp(stream.Position{Epoch: m.Epoch, Seq: seq}); known && to > 0 {
			next.ReadTo[userID] = to
		}
	}
	return next
}

// Read moves a user's mark forward to a seq of the marks' epoch; false when the mark is
// there already.
func (m Marks) Read(userID string, seq uint64) (Marks, bool) {
	if m.ReadTo[userID] >= seq {
		return m, false
	}
	readTo := maps.Clone(m.ReadTo)
	if readTo == nil {
		readTo = map[string]uint64{}
	}
	readTo[userID] = seq
	m.Pending = slices.Clone(m.Pending)
	if !slices.Contains(m.Pending, userID) {
		m.Pending = append(m.Pending, userID)
	}
	if len(readTo) > maxMarks {
		last := furthestBehind(readTo, userID)
		delete(readTo, last)
		m.Pending = slices.DeleteFunc(m.Pending, func(id string) bool { return id == last })
	}
	m.ReadTo = readTo
	return m, true
}

func furthestBehind(marks map[string]uint64, besides string) string {
	var last string
	for id, seq := range marks {
		if id != besides && (last == "" || seq < marks[last] || seq == marks[last] && id < last) {
			last = id
		}
	}
	return last
}
