package socketio

import (
	"context"
	"net/http"
	"time"

	"github.com/zishang520/socket.io/servers/socket/v3"

	"github.com/anteroom/anteroom/runtime/internal/edge/engineio"
)

// maxSaid is how many messages are read of a listener, who has but its CONNECT to send.
const maxSaid = 32

// AudienceOptions are what an [Audience] needs; all are required.
type AudienceOptions struct {
	Namespace string
	// Most is how many connections there may be, admitted or not; those that are made
	// at the same moment may be a few more.
	Most int
	// ConnectTimeout is how long a connection may stay without being admitted.
	ConnectTimeout time.Duration
	// Admit decides on the auth of a CONNECT, which may be nil. The client receives the error's
	// text. An admitted client is passed to came after the answer to its CONNECT.
	Admit func(auth map[string]any) (came func(*Listener), err error)
	// Left is called for each who came, maybe more than once.
	Left func(*Listener)
}

// Listener is one of an [Audience].
type Listener struct{ sock *socket.Socket }

// Emit sends an event with its arguments, which are encoded as JSON.
func (l *Listener) Emit(event string, args ...any) error { return l.sock.Emit(event, args...) }

// Cut disconnects the client and closes its transport. Left is called during Cut.
func (l *Listener) Cut() { l.sock.Disconnect(true) }

// Audience is a namespace whose clients receive events and send no requests. It is meant for few
// clients: the library keeps each of them in memory. It is an http.Handler.
type Audience struct {
	AudienceOptions
	engine *engineio.Server
	base   *base
}

// NewAudience makes an audience over an engine of its own, whose Allow it sets. The error
// says why the library does not want it.
func NewAudience(engine engineio.Options, o AudienceOptions) (*Audience, error) {
	a := &Audience{AudienceOptions: o, base: newBase()}
	engine.Allow = a.room
	a.engine = engineio.New(quiet{whole{a.base}}, engine)
	library := a.base.serve(a.engine, engine.Path, o.ConnectTimeout)
	library.Sockets().Use(func(_ *socket.Socket, next func(*socket.ExtendedError)) {
		next(socket.NewExtendedError("Invalid namespace", nil)) // the library always has "/"
	})
	namespace := library.Of(o.Namespace, nil)
	namespace.Use(a.admit)
	return a, namespace.On("connection", a.connected)
}

// ServeHTTP serves Engine.IO on the engine's path.
func (a *Audience) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.engine.ServeHTTP(w, r) }

// Close is as that of [Server].
func (a *Audience) Close(ctx context.Context) error {
	defer a.base.forget()
	return a.engine.Close(ctx)
}

func (a *Audience) room(*http.Request) error {
	if a.engine.Stats().Sessions < a.Most {
		return nil
	}
	return &engineio.Refusal{Status: http.StatusServiceUnavailable, Message: "too many connections", RetryAfter: a.ConnectTimeout}
}

func (a *Audience) admit(sock *socket.Socket, next func(*socket.ExtendedError)) {
	came, err := a.Admit(sock.Handshake().Auth)
	if err != nil {
		next(socket.NewExtendedError(err.Error(), nil))
		return
	}
	sock.SetData(came)
	next(nil)
}

func (a *Audience) connected(sockets ...any) {
	sock, ok := sockets[0].(*socket.Socket)
	if !ok {
		return
	}
	came, ok := sock.Data().(func(*Listener))
	if !ok {
		return
	}
	listener := &Listener{sock}
	came(listener)
	err := sock.On("disconnect", func(...any) {
		a.Left(listener)
		sock.Conn().Close(false) // a transport without a namespace would live on
	})
	// Who went before the library had him in is not disconnected by it.
	if err != nil || !sock.Connected() || sock.Conn().ReadyState() != "open" {
		a.Left(listener)
		sock.Disconnect(false)
		sock.Conn().Close(false)
	}
}

// quiet is whole, for clients who have next to nothing to say; more ends them.
type quiet struct{ whole }

// Message implements engineio.Handler.
func (h quiet) Message(below *engineio.Socket, kind engineio.Kind, payload []byte) {
	l, ok := below.Data().(*link)
	if !ok {
		return
	}
	if l.said++; l.said > maxSaid {
		below.Close(engineio.CodePolicy, "too many messages")
		return
	}
	h.whole.Message(below, kind, payload)
}
