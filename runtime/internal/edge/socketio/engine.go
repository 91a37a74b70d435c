package socketio

import (
	"io"
	"net/http"
	"net/url"

	"github.com/zishang520/socket.io/servers/engine/v3"
	"github.com/zishang520/socket.io/servers/engine/v3/transports"
	"github.com/zishang520/socket.io/v3/pkg/types"

	"github.com/anteroom/anteroom/runtime/internal/edge/engineio"
)

// base is package engineio as the library knows engines. The library listens to
// its connections and may close it; whatever else such an engine can do is not
// asked of it, and the embedded one answers that there is nothing.
type base struct {
	engine.BaseServer
	server *engineio.Server
	// request is a shared placeholder: the library keeps a request for each client, and no code
	// of ours reads it there.
	request *types.HttpContext
	// transport is what all carriers have in common.
	transport transports.Transport
}

func newBase() *base {
	request := &http.Request{Method: http.MethodGet, URL: &url.URL{}, Header: http.Header{}}
	return &base{
		BaseServer: engine.MakeBaseServer(),
		request:    types.NewHttpContext(nowhere{}, request),
		transport:  transports.MakeTransport(),
	}
}

// connect shows the library a client.
func (b *base) connect(below *engineio.Socket) *link {
	l := &link{EventEmitter: types.NewEventEmitter(), base: b, below: below}
	b.Emit("connection", l)
	return l
}

// forget lets go of the request, which a goroutine waits for.
func (b *base) forget() { b.request.Flush() }

// Close implements engine.BaseServer.
func (b *base) Close() engine.BaseServer {
	b.server.Drain()
	b.forget()
	return b
}

// nowhere is the ResponseWriter of a request that nobody made.
type nowhere struct{}

// Header implements http.ResponseWriter.
func (nowhere) Header() http.Header { return http.Header{} }

// Write implements http.ResponseWriter.
func (nowhere) Write(data []byte) (int, error) { return len(data), nil }

// WriteHeader implements http.ResponseWriter.
func (nowhere) WriteHeader(int) {}

// carrier is the transport of a link, for callers that check whether it is writable.
type carrier struct {
	transports.Transport
	below *engineio.Socket
}

// Name implements transports.Transport.
func (c carrier) Name() string { return c.below.Transport() }

// Writable implements transports.Transport.
func (c carrier) Writable() bool { return c.below.Writable() }

// send turns what the library writes into a message. Its encoder makes buffers,
// of which those for strings are text.
func send(below *engineio.Socket, data io.Reader) {
	buffer, ok := data.(types.BufferInterface)
	if !ok {
		return
	}
	kind := engineio.Binary
	if _, text := buffer.(*types.StringBuffer); text {
		kind = engineio.Text
	}
	below.Send(engineio.Message(kind, buffer.Bytes()))
}

// received turns a message into what the library reads. The payload is copied:
// it is the engine's again when the call ends.
func received(kind engineio.Kind, payload []byte) types.BufferInterface {
	if kind == engineio.Text {
		return types.NewStringBufferString(string(payload))
	}
	return types.NewBytesBufferString(string(payload))
}
