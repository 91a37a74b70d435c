package engineio

import (
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
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
		srv.refuse(w, r, err, upgrade)
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
	if err == nil && r.Method == http.MethodGet && r.ContentLength != 0 {
		err = errGetBody // an answer that waits for a body that nobody reads never goes out
	}
	return s, false, err
}

func (srv *Server) nextFlusher() *flusher {
	return srv.flushers[int(srv.turn.Add(1))%len(srv.flushers)]
}

// newStream picks the cheapest way to serve the connection.
func (srv *Server) newStream(conn net.Conn, user streamUser) stream {
	if tcp, ok := conn.(*net.TCPConn); ok {
		// If it fails, the connection has the kernel's bound instead.
		_ = tcp.SetWriteBuffer(srv.options.SendBuffer)
	}
	if n := len(srv.pollers); n > 0 {
		if s, ok := srv.pollers[int(srv.turn.Load())%n].adopt(conn, user); ok {
			return s
		}
	}
	return newNetStream(conn, user, srv.options.WriteTimeout)
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
