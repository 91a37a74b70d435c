package engineio

import (
	"context"
	"time"
)

// Refuse has new sessions refused with 503 from now on; those open go on.
func (srv *Server) Refuse() {
	srv.mu.Lock()
	defer srv.mu.Unlock()
	if srv.closing {
		return
	}
	srv.closing = true
	if srv.conns == 0 {
		close(srv.idle)
	}
}

// Drain refuses new sessions and closes all that are open. Waiting polls are answered.
func (srv *Server) Drain() {
	srv.Refuse()
	for _, s := range srv.Sockets() {
		s.shut(ServerClose, ending{code: CodeGoingAway, text: string(ServerClose), now: true})
	}
}

// Close drains the server, waits for the connections to end, cuts those that are
// left when ctx is done or the close timeout has passed, and stops all goroutines.
// The server is of no use then. The error is ctx's, if it cut anything.
func (srv *Server) Close(ctx context.Context) error {
	srv.Drain()
	var err error
	select {
	case <-srv.idle:
	case <-ctx.Done():
		err = ctx.Err()
		srv.lines.linger.sweep(time.Now().Add(srv.options.CloseTimeout))
	}
	srv.lines.last.sweep(time.Now().Add(srv.options.CloseTimeout))
	srv.mu.Lock()
	defer srv.mu.Unlock()
	select {
	case <-srv.done:
		return err
	default:
		close(srv.done)
	}
	for _, p := range srv.pollers {
		p.close()
	}
	for _, l := range []*line{srv.lines.ping, srv.lines.pong, srv.lines.last, srv.lines.upgrade, srv.lines.write} {
		l.stop()
	}
	return err
}
