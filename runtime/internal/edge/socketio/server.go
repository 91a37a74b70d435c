package socketio

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/zishang520/socket.io/servers/socket/v3"

	"github.com/anteroom/anteroom/runtime/internal/edge/engineio"
	"github.com/anteroom/anteroom/runtime/internal/edge/session"
	"github.com/anteroom/anteroom/runtime/wire"
)

// earlyPayload is how many bytes a message may have before the client is connected:
// room for a token and for many streams to resume.
const earlyPayload = 64 << 10

// closeTimeout is how long a client may take to fetch what was sent before a close,
// and to answer the close.
const closeTimeout = 2 * time.Second

// Options of a [Server]. All are required unless they say otherwise.
type Options struct {
	// Path is where Engine.IO is served, with or without a slash at its end.
	Path string
	// IDPrefix begins the ids of all Engine.IO sessions: up to 16 characters of
	// A-Za-z0-9-_, or none.
	IDPrefix string
	// Transports are "websocket", "polling", or both.
	Transports []string
	// PingInterval is between pings, PingTimeout how long a pong may take.
	PingInterval, PingTimeout time.Duration
	// UpgradeTimeout bounds the step from polling to WebSocket, ConnectTimeout how
	// long a connection may stay without a session.
	UpgradeTimeout, ConnectTimeout time.Duration
	// MaxPayload is how many bytes a request may have. A message of up to twice
	// that is read, so that it can be refused by name; a larger one ends the
	// connection.
	MaxPayload int64
	// AllowedOrigins are the origins of other sites whose pages may connect, "*" for
	// any; pages of the server's own host always may.
	AllowedOrigins []string
	// OutboundBytes gives how much may wait to be sent to one client before the
	// connection is closed as too slow; zero means no bound. It is called often and
	// must be quick.
	OutboundBytes func() int64
	Sessions      *session.Manager
	// Registry gets the server's metrics; nil is no metrics. A registry is good for
	// one server.
	Registry prometheus.Registerer
	Log      *slog.Logger
}

// Server is the Socket.IO server. It is an http.Handler for its path.
type Server struct {
	engine   *engineio.Server
	base     *base
	sessions *session.Manager
	timeout  time.Duration
	backlogs atomic.Uint64
	refused  *refusals
	// cuts counts clients that were cut before CONNECT was answered.
	cuts *prometheus.CounterVec
}

// New makes a server. Its http.Server is the caller's, and has to be given to
// Attach. Errors say which option is not possible.
func New(o Options) (*Server, error) {
	s := &Server{base: newBase(), sessions: o.Sessions, timeout: o.ConnectTimeout, cuts: newCuts(), refused: newRefusals(o.Log)}
	options, err := s.engineOptions(o)
	if err != nil {
		return nil, err
	}
	s.engine = engineio.New(clients{s}, options)
	s.base.server = s.engine
	if o.Registry != nil {
		register(o.Registry, s.engine, &s.backlogs, s.cuts, s.refused.count)
	}
	bound := libraryOptions(options.Path, o.ConnectTimeout)
	bound.SetParser(connects{})
	library := socket.NewServer(nil, bound)
	library.Bind(s.base)
	library.Sockets().Use(s.connect)
	return s, library.On("connection", s.connected)
}

func (s *Server) engineOptions(o Options) (engineio.Options, error) {
	if o.MaxPayload <= 0 || o.PingInterval <= 0 || o.PingTimeout <= 0 || o.ConnectTimeout <= 0 {
		return engineio.Options{}, errors.New("socket.io: MaxPayload, PingInterval, PingTimeout and ConnectTimeout must be positive")
	}
	options := engineio.Options{
		Path:         strings.TrimSuffix(o.Path, "/") + "/",
		PingInterval: o.PingInterval, PingTimeout: o.PingTimeout, UpgradeTimeout: o.UpgradeTimeout,
		CloseTimeout:  closeTimeout,
		EarlyPayload:  earlyPayload,
		IDPrefix:      o.IDPrefix,
		MaxPayload:    int(2 * o.MaxPayload),
		OutboundLimit: func() int { return int(o.OutboundBytes()) },
		Backlog:       func(*engineio.Socket) { s.backlogs.Add(1) },
		Relief:        relieved,
		AllowOrigin:   newOrigins(o.AllowedOrigins).check,
		Refused:       s.refused.request,
		// The ingress needs its own cookie to find the right server; none is read here.
		AllowCredentials: true,
		NoPolling:        true, NoWebSocket: true,
		Log: o.Log,
	}
	for _, name := range o.Transports {
		switch name {
		case "websocket":
			options.NoWebSocket = false
		case "polling":
			options.NoPolling = false
		default:
			return options, fmt.Errorf("socket.io: there is no transport %q", name)
		}
	}
	return options, nil
}

// SessionID gives the Engine.IO session that a request belongs to; "" for none.
func SessionID(r *http.Request) string { return engineio.SessionID(r) }

// relieved tells a session that its client has caught up.
func relieved(below *engineio.Socket) {
	c, ok := below.Data().(*conn)
	if !ok {
		return
	}
	if s := c.session.Load(); s != nil {
		s.CaughtUp()
	}
}

// ServeHTTP serves Engine.IO on the configured path.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.engine.ServeHTTP(w, r) }

// Attach prepares an http.Server for this one: see [engineio.Server.Attach].
func (s *Server) Attach(h *http.Server) { s.engine.Attach(h) }

// Drain refuses new connections and closes all that are open. Those that poll may
// still fetch what waits for them; Waiting tells how many have not.
func (s *Server) Drain() { s.engine.Drain() }

// Waiting is how many connections are open, or have not fetched their last packets.
func (s *Server) Waiting() int { return s.engine.Stats().Sessions }

// Polling is how many sessions are polled.
func (s *Server) Polling() int {
	stats := s.engine.Stats()
	return max(stats.Sessions-stats.Conns, 0)
}

// Close closes all connections, once what waits for them has been sent, and cuts
// those that are left when ctx ends, which is then the error.
func (s *Server) Close(ctx context.Context) error {
	defer s.base.forget()
	return s.engine.Close(ctx)
}

// connect is the library's middleware: it answers a CONNECT. It runs where the
// connection is read, so the answer comes from another goroutine; there is at most
// one of them for a connection.
func (s *Server) connect(sock *socket.Socket, next func(*socket.ExtendedError)) {
	c, ok := owner(sock)
	if !ok {
		next(refusal(errNotConnect))
		return
	}
	auth := c.auth
	c.auth, c.id = nil, string(sock.Id())
	go s.open(c, auth, next)
}

// owner finds the conn of a socket of the library.
func owner(sock *socket.Socket) (*conn, bool) {
	l, ok := sock.Conn().(*link)
	if !ok {
		return nil, false
	}
	c, ok := l.below.Data().(*conn)
	return c, ok
}

func (s *Server) open(c *conn, auth json.RawMessage, next func(*socket.ExtendedError)) {
	ctx, cancel := context.WithTimeout(context.Background(), s.timeout)
	defer cancel()
	opened, err := s.sessions.Open(ctx, c, auth)
	if err != nil {
		c.connecting.Store(false)
		s.refuse(c, err, next)
		return
	}
	// From here on events are taken in; they wait until the session starts.
	if !c.opened(opened) {
		opened.Closed(false)
	}
	next(nil)
}

// refuse answers a CONNECT that is refused. Stock clients give up after a
// CONNECT_ERROR, so where the trouble is the server's, and may be over soon or absent
// on another one, the transport is closed instead: then they come back by themselves.
func (s *Server) refuse(c *conn, err error, next func(*socket.ExtendedError)) {
	var told *wire.Error
	if errors.As(err, &told) {
		s.refused.connect(c, told)
		switch told.Code {
		case wire.CodeDraining:
			c.below.Close(engineio.CodeGoingAway, string(told.Code))
			return
		case wire.CodeUnavailable, wire.CodeDeadlineExceeded, wire.CodeRateLimited:
			c.below.Close(engineio.CodeTryAgain, string(told.Code))
			return
		}
	}
	next(refusal(err))
}

// connected starts a session once its CONNECT is answered, and the library is no
// longer needed.
func (s *Server) connected(sockets ...any) {
	sock, ok := sockets[0].(*socket.Socket)
	if !ok {
		return
	}
	if c, ok := owner(sock); ok {
		c.settled()
		// A client that has ended may have ended before the library registered it: then the
		// library did not report its end.
		sock.Disconnect(false)
		if opened := c.session.Load(); opened != nil {
			opened.Start()
		}
	}
}

// refusal is a session's refusal as a CONNECT_ERROR.
func refusal(err error) *socket.ExtendedError {
	var told *wire.Error
	if !errors.As(err, &told) {
		told = wire.Refuse(wire.CodeInternal, "something went wrong on the server")
	}
	data, err := json.Marshal(told)
	if err != nil {
		return socket.NewExtendedError(told.Message, nil)
	}
	return socket.NewExtendedError(told.Message, json.RawMessage(data))
}
