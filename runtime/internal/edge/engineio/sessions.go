package engineio

// Stats are counts of a [Server]: what is open now, and totals since its start.
type Stats struct {
	// Sessions there are, Conns that are WebSockets; those being closed are included.
	Sessions, Conns int
	// Opened sessions, Refused requests, SlowConsumers closed for their outbox.
	Opened, Refused, SlowConsumers uint64
	// Frames and Bytes written to WebSockets, with so many Writes.
	Frames, Bytes, Writes uint64
}

// Sockets lists the sessions that are open.
func (srv *Server) Sockets() []*Socket {
	srv.mu.RLock()
	defer srv.mu.RUnlock()
	all := make([]*Socket, 0, len(srv.sessions))
	for _, s := range srv.sessions {
		if s.Open() {
			all = append(all, s)
		}
	}
	return all
}

// Stats counts.
func (srv *Server) Stats() Stats {
	srv.mu.RLock()
	stats := Stats{Sessions: len(srv.sessions), Conns: srv.conns}
	srv.mu.RUnlock()
	stats.Opened, stats.Refused, stats.SlowConsumers = srv.opened.Load(), srv.refusals.Load(), srv.slow.Load()
	for _, f := range srv.flushers {
		stats.Frames += f.frames.Load()
		stats.Bytes += f.bytes.Load()
		stats.Writes += f.writes.Load()
	}
	return stats
}

func (srv *Server) find(id string) *Socket {
	srv.mu.RLock()
	defer srv.mu.RUnlock()
	return srv.sessions[id]
}

func (srv *Server) register(s *Socket) error {
	srv.mu.Lock()
	defer srv.mu.Unlock()
	if srv.closing {
		return errClosing
	}
	if srv.sessions[s.id] != nil {
		return errSessionID
	}
	srv.sessions[s.id] = s
	srv.opened.Add(1)
	return nil
}

func (srv *Server) forget(s *Socket) {
	srv.mu.Lock()
	defer srv.mu.Unlock()
	if srv.sessions[s.id] == s {
		delete(srv.sessions, s.id)
	}
}

// connOpened counts a connection. It is false once the server refuses new ones.
func (srv *Server) connOpened() bool {
	srv.mu.Lock()
	defer srv.mu.Unlock()
	if srv.closing {
		return false
	}
	srv.conns++
	return true
}

func (srv *Server) connClosed() {
	srv.mu.Lock()
	defer srv.mu.Unlock()
	srv.conns--
	if srv.closing && srv.conns == 0 {
		close(srv.idle)
	}
}
