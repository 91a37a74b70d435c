package engineio

import "time"

// lines are the queues of all that falls due.
type lines struct {
	set *deadlines
	// ping and pong are of sockets, and last, for a last poll. The others are of
	// connections: upgrade, write for stalled ones, linger for those being closed.
	ping, pong, last, upgrade, write, linger *line
}

func (srv *Server) newLines() *lines {
	set := &deadlines{}
	socket := func(wait time.Duration, fire func(*Socket)) *line {
		return set.line(wait, func(e *entry) { fire(e.owner.(*Socket)) })
	}
	conn := func(wait time.Duration, fire func(*wsConn)) *line {
		return set.line(wait, func(e *entry) { fire(e.owner.(*wsConn)) })
	}
	o := &srv.options
	return &lines{
		set:     set,
		ping:    socket(o.PingInterval, (*Socket).firePing),
		pong:    socket(o.PingTimeout, (*Socket).firePong),
		last:    socket(o.CloseTimeout, (*Socket).abandon),
		upgrade: conn(o.UpgradeTimeout, func(c *wsConn) { c.socket.endProbe(c) }),
		write:   conn(o.WriteTimeout, (*wsConn).overdue),
		linger:  conn(o.CloseTimeout, (*wsConn).abort),
	}
}
