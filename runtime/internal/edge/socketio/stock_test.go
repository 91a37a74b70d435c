package socketio

import (
	"cmp"
	"context"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/zishang520/socket.io/parsers/socket/v3/parser"
	"github.com/zishang520/socket.io/servers/engine/v3"
	"github.com/zishang520/socket.io/servers/socket/v3"

	"github.com/anteroom/anteroom/runtime/internal/edge/engineio"
)

// side is the library's Socket.IO server over one of two engines: ours, or the
// library's own. Everything above the engine is the same code.
type side struct {
	t    *testing.T
	http *httptest.Server
	// base is the server's URL.
	base string
	// wait is how long something may take that has to happen. What the stock engine
	// never does is given up sooner; that can only spare it, and never us.
	wait time.Duration
	// close ends all clients, as at the end of the server.
	close func()
	// flood queues n messages of size bytes for the only client.
	flood func(n, size int)
	// listening has an entry for each connection that the library listens to.
	listening chan struct{}
	// waiting reports whether the only client has a poll waiting.
	waiting func() bool
}

// terms are what both sides are started with. What is zero has a default.
type terms struct {
	pingInterval, pingTimeout, readTimeout time.Duration
	// connection is called for a connection before the library's own handler.
	connection func(engine.Socket)
}

const (
	stockWait    = 300 * time.Millisecond
	stockPayload = 100_000
)

func (with terms) withDefaults() terms {
	with.pingInterval = cmp.Or(with.pingInterval, 20*time.Second)
	with.pingTimeout = cmp.Or(with.pingTimeout, 25*time.Second)
	with.readTimeout = cmp.Or(with.readTimeout, 10*time.Second)
	return with
}

// startOurs does what Bind does, with a listener ahead of the library's.
func startOurs(t *testing.T, with terms) *side {
	t.Helper()
	options := libraryOptions("/socket.io/", patience)
	options.SetParser(parser.NewParser())
	library, below := socket.NewServer(nil, options), newBase()
	below.server = engineio.New(whole{below}, engineio.Options{
		Path: "/socket.io/", PingInterval: with.pingInterval, PingTimeout: with.pingTimeout, ReadTimeout: with.readTimeout,
		MaxPayload: stockPayload, OutboundBytes: 1 << 20, CloseTimeout: time.Second,
	})
	listenFirst(t, below, with)
	library.Bind(below)
	answer(t, library)
	s := &side{t: t, wait: patience, close: below.server.Drain, http: httptest.NewUnstartedServer(below.server)}
	s.listenLast(below)
	s.flood = func(n, size int) {
		frame := engineio.Message(engineio.Text, strings.Repeat("x", size))
		for _, client := range below.server.Sockets() {
			for range n {
				client.Send(frame)
			}
		}
	}
	s.waiting = func() bool { return below.server.Sockets()[0].Writable() }
	below.server.Attach(s.http.Config)
	s.start()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		below.forget()
		_ = below.server.Close(ctx)
		s.http.CloseClientConnections()
		s.http.Close()
	})
	return s
}

// startStock mounts the library as its documentation says. What it leaves waiting is
// left to the end of the process: to end it is one of the library's data races.
func startStock(t *testing.T, with terms) *side {
	t.Helper()
	options := socket.DefaultServerOptions()
	options.SetPath("/socket.io/")
	options.SetServeClient(false)
	options.SetPingInterval(with.pingInterval)
	options.SetPingTimeout(with.pingTimeout)
	options.SetMaxHttpBufferSize(stockPayload)
	below := engine.NewServer(options)
	library := socket.NewServer(nil, options)
	listenFirst(t, below, with)
	library.Bind(below)
	answer(t, library)
	s := &side{t: t, wait: stockWait, close: func() { below.Close() }, http: httptest.NewUnstartedServer(below)}
	s.listenLast(below)
	each := func(do func(engine.Socket)) {
		below.Clients().Range(func(_ string, client engine.Socket) bool { do(client); return true })
	}
	s.flood = func(n, size int) {
		text := strings.Repeat("x", size)
		each(func(client engine.Socket) {
			for range n {
				client.Send(strings.NewReader(text), nil, nil)
			}
		})
	}
	s.waiting = func() (is bool) {
		each(func(client engine.Socket) { is = client.Transport().Writable() })
		return is
	}
	s.start()
	t.Cleanup(func() { _ = s.http.Listener.Close() })
	return s
}

func (s *side) start() {
	s.http.Start()
	s.base = s.http.URL
}

// listenFirst registers the test's handler ahead of the library's handler.
func listenFirst(t *testing.T, below engine.BaseServer, with terms) {
	t.Helper()
	if with.connection == nil {
		return
	}
	if err := below.On("connection", func(args ...any) {
		if client, ok := args[0].(engine.Socket); ok {
			with.connection(client)
		}
	}); err != nil {
		t.Fatal(err)
	}
}

// listenLast notes connections once the library listens to them.
func (s *side) listenLast(below engine.BaseServer) {
	s.listening = make(chan struct{}, 1024)
	if err := below.On("connection", func(...any) { s.listening <- struct{}{} }); err != nil {
		s.t.Fatal(err)
	}
}

// answer has the library send each "message" back, in both namespaces.
func answer(t *testing.T, library *socket.Server) {
	t.Helper()
	for _, namespace := range []string{"/", "/custom"} {
		if err := library.Of(namespace, nil).On("connection", func(sockets ...any) {
			s, ok := sockets[0].(*socket.Socket)
			if !ok {
				return
			}
			_ = s.On("message", func(args ...any) { _ = s.Emit("message-back", args...) })
		}); err != nil {
			t.Fatal(err)
		}
	}
}
