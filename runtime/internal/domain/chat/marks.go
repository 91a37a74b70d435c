package chat

import (
	"maps"
	"slices"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
)

// maxMarks bounds the read marks of a channel. Beyond it the lowest mark is dropped, and its
// user has read nothing.
const maxMarks = 256

// Marks are the read marks of a channel's users. They are the document of a separate stream,
// because they would fill the channel's log.
type Marks struct {
	// Epoch is the epoch of the seqs.
	Epoch  string            `json:"epoch"`
	ReadTo map[string]uint64 `json:"readTo"`
	// Shown are the marks that others see of users whose mark moved while they were invisible:
	// the marks before the move. ReadTo has the marks of the other users.
	Shown map[string]uint64 `json:"shown,omitempty"`
	// Pending are the users whose marks moved since the last announcement, at most maxMarks.
	// The next announcement clears it.
	Pending []string `json:"pending,omitempty"`
	// KeepMs is how long the marks are kept, in milliseconds.
	KeepMs int64 `json:"keepMs,omitempty"`
}

// InEpoch converts marks to the current epoch of the channel's stream. A mark beyond the end of
// its epoch moves to that end, because the messages after it are lost. Marks of an unknown
// epoch are dropped.
func (m Marks) InEpoch(now stream.Snapshot) Marks {
	if m.Epoch == now.Epoch {
		return m
	}
	into := func(marks map[string]uint64) map[string]uint64 {
		moved := make(map[string]uint64, len(marks))
		for userID, seq := range marks {
			if to, known := now.Clamp(stream.Position{Epoch: m.Epoch, Seq: seq}); known && to > 0 {
				moved[userID] = to
			}
		}
		return moved
	}
	next := Marks{Epoch: now.Epoch, ReadTo: into(m.ReadTo), Pending: m.Pending, KeepMs: m.KeepMs}
	if m.Shown != nil {
		next.Shown = into(m.Shown)
		for userID := range m.Shown {
			if _, kept := next.Shown[userID]; !kept {
				next.Shown[userID] = 0
			}
		}
	}
	return next
}

// VisibleTo returns the marks that a user sees: its own mark, and the shown marks of others.
func (m Marks) VisibleTo(by string) map[string]uint64 {
	if len(m.Shown) == 0 {
		return m.ReadTo
	}
	seen := maps.Clone(m.ReadTo)
	for userID, seq := range m.Shown {
		switch {
		case userID == by:
		case seq == 0:
			delete(seen, userID)
		default:
			seen[userID] = seq
		}
	}
	return seen
}

// Read moves a user's mark forward to a seq; false when the mark is already there. Others do
// not see the move of a hidden user until the user reads while visible.
func (m Marks) Read(userID string, seq uint64, hidden bool) (Marks, bool) {
	before, shown := m.ReadTo[userID], m.Shown
	_, held := shown[userID]
	if before >= seq && (hidden || !held) {
		return m, false
	}
	m.ReadTo, m.Shown = maps.Clone(m.ReadTo), maps.Clone(shown)
	if m.ReadTo == nil {
		m.ReadTo = map[string]uint64{}
	}
	m.ReadTo[userID] = max(before, seq)
	m.Pending = slices.Clone(m.Pending)
	switch {
	case !hidden:
		delete(m.Shown, userID)
		if !slices.Contains(m.Pending, userID) {
			m.Pending = append(m.Pending, userID)
		}
	case !held:
		if m.Shown == nil {
			m.Shown = map[string]uint64{}
		}
		m.Shown[userID] = before
	}
	if len(m.ReadTo) > maxMarks {
		m.drop(furthestBehind(m.ReadTo, userID))
	}
	return m, true
}

// drop drops the mark of a user.
func (m *Marks) drop(userID string) {
	delete(m.ReadTo, userID)
	delete(m.Shown, userID)
	m.Pending = slices.DeleteFunc(m.Pending, func(id string) bool { return id == userID })
}

func furthestBehind(marks map[string]uint64, except string) string {
	var last string
	for id, seq := range marks {
		if id != except && (last == "" || seq < marks[last] || seq == marks[last] && id < last) {
			last = id
		}
	}
	return last
}
