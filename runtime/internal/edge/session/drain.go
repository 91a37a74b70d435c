package session

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/anteroom/anteroom/runtime/wire"
)

// drainTick is the shortest time between two steps of a drain.
const drainTick = 20 * time.Millisecond

// Drain empties the server: connects are refused, every session receives session:draining, and
// the transports are closed one after the other, spread evenly over the window, so that the other
// servers do not receive all clients at once. Polling sessions are closed first, because a proxy
// may still route their next request here. Drain returns when the last transport was closed, or
// with the error of ctx, which leaves the remaining sessions open.
func (m *Manager) Drain(ctx context.Context, window time.Duration) error {
	started := time.Now()
	m.mu.Lock()
	m.drainBy = started.Add(window)
	m.mu.Unlock()
	sessions := m.inDrainOrder()
	for i, s := range sessions {
		s.tellDraining(window * time.Duration(i) / time.Duration(len(sessions)))
	}
	tick := time.NewTicker(max(drainTick, window/time.Duration(max(1, len(sessions)))))
	defer tick.Stop()
	for i := 0; ; {
		due := len(sessions)
		if window > 0 {
			due = min(due, int(float64(len(sessions))*time.Since(started).Seconds()/window.Seconds()))
		}
		for ; i < due; i++ {
			sessions[i].Terminate(wire.CloseDraining, "this server is about to stop")
		}
		if i == len(sessions) {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Resume takes a drain back once Drain has returned: connects are let in again.
func (m *Manager) Resume() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.drainBy = time.Time{}
}

// inDrainOrder lists all sessions, those that poll first.
func (m *Manager) inDrainOrder() []*Session {
	sessions := m.all()
	slices.SortStableFunc(sessions, func(a, b *Session) int { return cmp.Compare(a.drainRank(), b.drainRank()) })
	return sessions
}

func (s *Session) drainRank() int {
	if s.conn.Transport() == "polling" {
		return 0
	}
	return 1
}

// tellDraining pushes session:draining if a drain runs and session:ready was sent; after is the
// time until the transport is closed.
func (s *Session) tellDraining(after time.Duration) {
	s.m.mu.Lock()
	by := s.m.drainBy
	s.m.mu.Unlock()
	s.mu.Lock()
	tell := s.phase == live && !by.IsZero()
	s.mu.Unlock()
	if tell {
		s.emit(wire.EventSessionDraining, wire.SessionDraining{
			Reason: "shutdown", ReconnectAfterMs: after.Milliseconds(), DeadlineAt: by.UnixMilli(),
		})
	}
}
