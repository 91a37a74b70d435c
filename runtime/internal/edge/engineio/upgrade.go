package engineio

import "net/http"

// serveUpgrade probes a WebSocket for a polling session. A WebSocket that cannot be used is
// opened and closed again, as in the reference.
func (s *Socket) serveUpgrade(w http.ResponseWriter, r *http.Request) {
	c, err := s.server.accept(w, r, s)
	if err != nil {
		s.server.refuse(w, r, err, true)
		return
	}
	s.mu.Lock()
	usable := !s.closed.Load() && s.polling != nil && s.probe == nil && !s.server.options.NoUpgrade
	if usable {
		s.probe = c
		s.server.lines.upgrade.move(&c.deadline)
	}
	s.mu.Unlock()
	if !usable {
		c.end(codeNone, "", false, false)
	}
	c.begin()
}

// probed takes a packet from a WebSocket that is tried; the caller holds events.
func (s *Socket) probed(c *wsConn, p packet) error {
	switch {
	case p.kind == packetPing && string(p.data) == probe:
		return s.answerProbe(c)
	case p.kind == packetUpgrade:
		return s.upgrade(c)
	default:
		s.endProbe(c)
		return errStop
	}
}

// answerProbe also has the waiting poll end soon, so that the client can go on.
func (s *Socket) answerProbe(c *wsConn) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.probe != c {
		return errStop
	}
	c.push(probeFrame)
	s.polling.probing = true
	s.polling.nudge()
	return nil
}

// upgrade makes the WebSocket the session's transport. Frames queued for polls are sent on it
// first. A poll that still waits is refused, as are later polls. A session that was closed before
// the upgrade ends here, after its queued frames.
func (s *Socket) upgrade(c *wsConn) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.probe != c {
		return errStop
	}
	s.server.lines.set.drop(&c.deadline)
	p := s.polling
	c.mu.Lock()
	c.warned = p.warned
	for !p.out.empty() {
		c.put(p.out.pop())
	}
	c.mu.Unlock()
	s.probe, s.polling = nil, nil
	s.ws.Store(c)
	p.upgraded = true
	p.nudge()
	if s.closed.Load() {
		s.server.lines.set.drop(&s.beat)
		s.server.forget(s)
		c.end(p.end.code, p.end.text, false, false)
	}
	return nil
}

// dropProbe closes a WebSocket that is tried, for a session that needs it no more; s is locked.
func (s *Socket) dropProbe() {
	if c := s.probe; c != nil {
		s.probe, s.polling.probing = nil, false
		c.end(CodeNormal, "", true, false)
	}
}

// abandon forgets a closed session whose client has not fetched the rest in time.
func (s *Socket) abandon() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.server.forget(s)
	s.dropProbe()
}

// endProbe closes a probed WebSocket; the session stays on polling. It returns false if the
// WebSocket already carries the session, and leaves it open.
func (s *Socket) endProbe(c *wsConn) bool {
	s.mu.Lock()
	carries := s.ws.Load() == c
	if s.probe == c {
		s.probe = nil
		s.polling.probing = false
	}
	s.mu.Unlock()
	if carries {
		return false
	}
	c.end(CodeNormal, "", true, false)
	return true
}
