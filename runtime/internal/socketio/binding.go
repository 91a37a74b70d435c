package socketio

import (
	"github.com/zishang520/socket.io/servers/engine/v3"
	"github.com/zishang520/socket.io/v3/pkg/types"
)

// binding stands between the library's Socket.IO layer and the engine below it,
// which is all that the former knows of the latter. On and Once of the library's
// emitters never fail.
type binding struct {
	engine.BaseServer
	// closed is told the session id of every connection that ends.
	closed func(session string)
}

// On implements engine.BaseServer: the listener to connections is given each of
// them as a connection.
func (b *binding) On(event types.EventName, listeners ...types.EventListener) error {
	if event != "connection" {
		return b.BaseServer.On(event, listeners...)
	}
	return b.BaseServer.On(event, func(args ...any) {
		below, ok := args[0].(engine.Socket)
		if !ok {
			return
		}
		_ = below.Once("close", func(...any) { b.closed(below.Id()) })
		for _, listen := range listeners {
			listen(&connection{below})
		}
	})
}

// connection is an Engine.IO connection.
type connection struct{ engine.Socket }

// Close implements engine.Socket. The engine's orderly close waits for a poll and
// then does not answer it, so the close is always at once; what has to be sent
// before it, the peer waits for.
func (c *connection) Close(bool) { c.Socket.Close(true) }
