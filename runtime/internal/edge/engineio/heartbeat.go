package engineio

// States of a heartbeat. Only an answer to a ping that is on its way counts: a
// client that sends pongs unasked keeps nothing alive.
const (
	// beatRest: the next ping is not due yet.
	beatRest uint32 = iota
	// beatQueued: a ping waits in the outbox.
	beatQueued
	// beatSent: a ping was handed to the transport.
	beatSent
)

// firePing is called when a ping is due. Its timeout runs before it is queued, so
// the answer cannot come too early.
func (s *Socket) firePing() {
	s.mu.Lock()
	if s.closed.Load() {
		s.mu.Unlock()
		return
	}
	s.awaiting.Store(beatQueued)
	s.server.lines.pong.follow(&s.beat)
	s.mu.Unlock()
	s.Send(pingFrame)
}

// firePong is called when the answer to a ping is overdue.
func (s *Socket) firePong() {
	if s.awaiting.Load() != beatRest {
		s.shut(PingTimeout, ending{code: PingTimeout.code(), text: string(PingTimeout), cut: true, now: true})
	}
}

// pong takes an answer, and sets the time for the next ping.
func (s *Socket) pong() {
	if !s.awaiting.CompareAndSwap(beatSent, beatRest) {
		return
	}
	s.schedulePing()
}

func (s *Socket) schedulePing() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed.Load() {
		s.server.lines.ping.move(&s.beat)
	}
}

// pingOnWire notes that the ping is about to be written, pingHeld that it was not after all.
func (s *Socket) pingOnWire() { s.awaiting.CompareAndSwap(beatQueued, beatSent) }
func (s *Socket) pingHeld()   { s.awaiting.CompareAndSwap(beatSent, beatQueued) }
