package socketio

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/zishang520/socket.io/servers/engine/v3"
	"github.com/zishang520/socket.io/servers/socket/v3"
	"github.com/zishang520/socket.io/v3/pkg/types"

	"github.com/anteroom/anteroom/runtime/internal/session"
	"github.com/anteroom/anteroom/runtime/wire"
)

// Options of a [Server]. All are required unless they say otherwise.
type Options struct {
	// Path is where Engine.IO is served, with or without a slash at its end.
	Path string
	// Transports are "websocket", "polling", or both.
	Transports []string
	// PingInterval is between pings, PingTimeout how long a pong may take. The
	// engine needs PingTimeout to be the longer one, and it is made a second longer
	// where it is not.
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
	Log           *slog.Logger
}

// Server is the Socket.IO server. It is an http.Handler for its path and all below.
type Server struct {
	path       string
	transports map[string]bool
	maxMessage int64
	origins    origins
	polls      polls

	io       *socket.Server
	engine   engine.Server
	sessions *session.Manager
	outbound func() int64
	timeout  time.Duration
	log      *slog.Logger
}

// New makes a server; its http.Server is the caller's, and needs a
// ReadHeaderTimeout. Errors say which option is not possible.
func New(o Options) (*Server, error) {
	s := &Server{
		path:       strings.TrimSuffix(o.Path, "/"),
		transports: map[string]bool{},
		maxMessage: 2 * o.MaxPayload,
		origins:    newOrigins(o.AllowedOrigins),
		sessions:   o.Sessions,
		outbound:   o.OutboundBytes,
		timeout:    o.ConnectTimeout,
		log:        o.Log,
	}
	options, err := s.engineOptions(o)
	if err != nil {
		return nil, err
	}
	s.io = socket.NewServer(nil, options)
	s.engine = engine.NewServer(options)
	s.io.Bind(&binding{BaseServer: s.engine, closed: s.polls.end})
	s.io.Sockets().Use(s.connect)
	_ = s.io.On("connection", s.connected)
	return s, nil
}

func (s *Server) engineOptions(o Options) (*socket.ServerOptions, error) {
	if o.MaxPayload <= 0 || o.PingInterval <= 0 || o.PingTimeout <= 0 || o.ConnectTimeout <= 0 {
		return nil, errors.New("socket.io: MaxPayload, PingInterval, PingTimeout and ConnectTimeout must be positive")
	}
	transports := types.NewSet[engine.TransportCtor]()
	for _, name := range o.Transports {
		switch name {
		case "websocket":
			transports.Add(engine.WebSocket)
		case "polling":
			transports.Add(engine.Polling)
		default:
			return nil, fmt.Errorf("socket.io: there is no transport %q", name)
		}
		s.transports[name] = true
	}
	if o.PingTimeout <= o.PingInterval {
		o.PingTimeout = o.PingInterval + time.Second
		o.Log.Warn("the ping timeout is raised, it must be longer than the ping interval",
			"pingInterval", o.PingInterval, "pingTimeout", o.PingTimeout)
	}
	options := socket.DefaultServerOptions()
	options.SetPath(o.Path)
	options.SetTransports(transports)
	options.SetPingInterval(o.PingInterval)
	options.SetPingTimeout(o.PingTimeout)
	options.SetIdleTimeout(2 * (o.PingInterval + o.PingTimeout))
	options.SetUpgradeTimeout(o.UpgradeTimeout)
	options.SetConnectTimeout(o.ConnectTimeout)
	options.SetMaxHttpBufferSize(s.maxMessage)
	options.SetServeClient(false)
	options.SetAllowEIO3(false)
	options.SetParser(packets{})
	return options, nil
}

// connect answers a CONNECT. It runs where the connection is read, so the answer
// comes from another goroutine; there is at most one of them for a connection.
func (s *Server) connect(sock *socket.Socket, next func(*socket.ExtendedError)) {
	auth := sock.Handshake().Auth
	hello, ok := auth[handshakeMember].(handshake)
	if !ok {
		next(socket.NewExtendedError("Bad handshake", nil))
		return
	}
	// The library keeps the map as long as the connection; a token is not to stay.
	delete(auth, handshakeMember)
	p := &peer{id: string(sock.Id()), engine: sock.Conn(), bound: s.outbound}
	sock.SetData(p)
	go s.open(p, hello, next)
}

func (s *Server) open(p *peer, hello handshake, next func(*socket.ExtendedError)) {
	ctx, cancel := context.WithTimeout(context.Background(), s.timeout)
	defer cancel()
	opened, err := s.sessions.Open(ctx, p, hello.auth)
	if err != nil {
		hello.decoder.refused()
		next(refusal(err))
		return
	}
	p.session.Store(opened)
	closed := func(...any) { opened.Closed(hello.decoder.left.Load()) }
	_ = p.engine.Once("close", closed)
	// From here on events are taken in; they wait until the session starts.
	hello.decoder.peer.Store(p)
	if p.engine.ReadyState() == "closed" {
		closed()
	}
	next(nil)
}

// connected starts a session once its CONNECT is answered.
func (s *Server) connected(sockets ...any) {
	sock, ok := sockets[0].(*socket.Socket)
	if !ok {
		return
	}
	if p, ok := sock.Data().(*peer); ok {
		p.session.Load().Start()
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

// hangUp ends a session's connection by its Engine.IO id.
func (s *Server) hangUp(session string) {
	if conn, ok := s.engine.Clients().Load(session); ok {
		conn.Close(true)
	}
}

// Close ends every connection at once, whatever still waits to be sent.
func (s *Server) Close() { s.engine.Close() }
