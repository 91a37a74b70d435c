package engineio

import (
	"context"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Server serves Engine.IO sessions. Make it with [New] and close it with Close.
type Server struct {
	options  Options
	handler  Handler
	lines    *lines
	flushers []*flusher
	pollers  []*poller
	turn     atomic.Uint32
	done     chan struct{}

	opened, refusals, slow atomic.Uint64

	mu       sync.RWMutex
	sessions map[string]*Socket
	// conns counts WebSocket connections, idle is closed when there are no more.
	conns   int
	idle    chan struct{}
	closing bool
}

// lines are the queues of all that falls due.
type lines struct {
	set *deadlines
	// ping and pong are of sockets, and last, for a last poll. The others are of
	// connections: upgrade, write for stalled ones, linger for those being closed.
	ping, pong, last, upgrade, write, linger *line
}

// Stats are counts of a [Server]: what is open now, and totals since its start.
type Stats struct {
	// Sessions there are, Conns that are WebSockets; those being closed are included.
	Sessions, Conns int
	// Opened sessions, Refused requests, SlowConsumers closed for their outbox.
	Opened, Refused, SlowConsumers uint64
	// Frames and Bytes written to WebSockets, with so many Writes.
	Frames, Bytes, Writes uint64
}

// New makes a server. The handler's calls begin with the first request.
func New(handler Handler, options Options) *Server {
	srv := &Server{
		options: options.withDefaults(), handler: handler,
		sessions: map[string]*Socket{}, done: make(chan struct{}), idle: make(chan struct{}),
	}
	srv.lines = srv.newLines()
	for range runtime.GOMAXPROCS(0) {
		f := newFlusher(srv.done)
		srv.flushers = append(srv.flushers, f)
		go f.run()
		if options.portable {
			continue
		}
		if p, err := newPoller(); err == nil {
			srv.pollers = append(srv.pollers, p)
		}
	}
	return srv
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
		last:    socket(o.CloseTimeout, srv.forget),
		upgrade: conn(o.UpgradeTimeout, func(c *wsConn) { c.socket.endProbe(c) }),
		write:   conn(o.WriteTimeout, (*wsConn).overdue),
		linger:  conn(o.CloseTimeout, (*wsConn).abort),
	}
}

// ServeHTTP serves all requests of the protocol.
func (srv *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != srv.options.Path && r.URL.Path != strings.TrimSuffix(srv.options.Path, "/") {
		http.NotFound(w, r)
		return
	}
	upgrade := wantsUpgrade(r)
	s, done, err := srv.admit(w, r, upgrade)
	switch {
	case done:
	case err != nil:
		srv.refuse(w, err, upgrade)
	case s == nil:
		srv.openSession(w, r, upgrade)
	case upgrade:
		s.serveUpgrade(w, r)
	case r.Method == http.MethodGet:
		s.servePoll(w, r)
	case r.Method == http.MethodPost:
		s.servePost(w, r)
	default:
		w.WriteHeader(http.StatusInternalServerError)
	}
}

func (srv *Server) refuse(w http.ResponseWriter, err error, upgrade bool) {
	srv.refusals.Add(1)
	refuse(w, err, upgrade)
}

// admit does all checks, the cheap ones first.
func (srv *Server) admit(w http.ResponseWriter, r *http.Request, upgrade bool) (s *Socket, done bool, err error) {
	if done, err = srv.checkOrigin(w, r); done || err != nil {
		return nil, done, err
	}
	q, err := parseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, false, err
	}
	s, err = srv.verify(q, r, upgrade)
	return s, false, err
}

// Attach prepares an http.Server for this one: half-sent headers are given up and
// bounded, and its Shutdown closes the sessions, whose polls it would wait for.
// Timeouts that are set already stay.
func (srv *Server) Attach(h *http.Server) {
	if h.ReadHeaderTimeout == 0 {
		h.ReadHeaderTimeout = srv.options.ReadTimeout
	}
	if h.IdleTimeout == 0 {
		h.IdleTimeout = 2 * srv.options.PingInterval
	}
	if h.MaxHeaderBytes == 0 {
		h.MaxHeaderBytes = 16 << 10
	}
	h.RegisterOnShutdown(srv.Drain)
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
		return errBadRequest
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

func (srv *Server) nextFlusher() *flusher {
	return srv.flushers[int(srv.turn.Add(1))%len(srv.flushers)]
}

// newStream picks the cheapest way to serve the connection.
func (srv *Server) newStream(conn net.Conn, user streamUser) stream {
	if n := len(srv.pollers); n > 0 {
		if s, ok := srv.pollers[int(srv.turn.Load())%n].adopt(conn, user); ok {
			return s
		}
	}
	return newNetStream(conn, user, srv.options.WriteTimeout)
}
