package socketio

import (
	"net/http"
	"time"

	"github.com/zishang520/socket.io/parsers/socket/v3/parser"
	"github.com/zishang520/socket.io/servers/socket/v3"

	"github.com/anteroom/anteroom/runtime/internal/edge/engineio"
)

// libraryOptions are those of the library's server, wherever it is used.
func libraryOptions(path string, connectTimeout time.Duration) *socket.ServerOptions {
	options := socket.DefaultServerOptions()
	options.SetPath(path)
	options.SetConnectTimeout(connectTimeout)
	options.SetServeClient(false)
	options.SetAllowEIO3(false)
	options.SetAdapter(adapters{})
	return options
}

// Bind puts an Engine.IO server under a Socket.IO server of the library, which is
// then used in full, with its parser and its handlers: the events of a client go
// through it for as long as the client lives. [Server] is what serves players;
// this is for conformance tests of what both have in common, and for an [Audience].
func Bind(engine engineio.Options, connectTimeout time.Duration) (*socket.Server, *engineio.Server) {
	below := newBase()
	server := engineio.New(whole{below}, engine)
	return below.serve(server, engine.Path, connectTimeout), server
}

// serve puts the library over an engine, whose handler is a whole of this base.
func (b *base) serve(server *engineio.Server, path string, connectTimeout time.Duration) *socket.Server {
	options := libraryOptions(path, connectTimeout)
	options.SetParser(parser.NewParser())
	library := socket.NewServer(nil, options)
	b.server = server
	library.Bind(b)
	return library
}

// whole gives the library all that happens; it implements engineio.Handler.
type whole struct{ base *base }

// Open implements engineio.Handler.
func (h whole) Open(below *engineio.Socket, _ *http.Request) { below.SetData(h.base.connect(below)) }

// Message implements engineio.Handler.
func (h whole) Message(below *engineio.Socket, kind engineio.Kind, payload []byte) {
	if l, ok := below.Data().(*link); ok {
		l.Emit("data", received(kind, payload))
	}
}

// Close implements engineio.Handler.
func (h whole) Close(below *engineio.Socket, reason engineio.Reason) {
	if l, ok := below.Data().(*link); ok {
		l.end(reason)
	}
}
