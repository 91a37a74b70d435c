package session

import (
	"encoding/json"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
)

// Emission is an event for sessions of this process that belongs to no stream: a session that
// misses it never receives it.
type Emission struct {
	Event string
	// Args are the arguments as JSON, with commas between.
	Args json.RawMessage
	// To are who gets it; when there are none, all. Those among Except do not.
	To, Except []Audience
}

// Audience are the sessions that subscription a stream, and the one with an id.
type Audience struct {
	Stream  stream.ID
	Session string
}

// Emit pushes an event to the live sessions that are meant, each once.
func (m *Manager) Emit(e Emission) {
	frame := m.Encoder.Encode(e.Event, e.Args)
	for _, s := range m.all() {
		if s.matches(e) {
			s.conn.Push(frame)
		}
	}
}

// matches reports whether an emission is for a session.
func (s *Session) matches(e Emission) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.phase == live && (len(e.To) == 0 || s.amongLocked(e.To)) && !s.amongLocked(e.Except)
}

func (s *Session) amongLocked(all []Audience) bool {
	for _, a := range all {
		if s.follows[a.Stream] != nil || a.Session == s.conn.ID() {
			return true
		}
	}
	return false
}
