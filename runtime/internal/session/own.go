package session

import (
	"context"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/command"
	"github.com/anteroom/anteroom/runtime/wire"
)

// registerOwn registers the requests that the session answers itself.
func registerOwn(r *Router) {
	handle(r, wire.EventSessionRefresh, refresh)
	handle(r, wire.EventSyncResume, syncResume)
	handle(r, wire.EventSyncPing, ping)
}

// ping is the request sync:ping.
func ping(_ context.Context, _ *Session, _ command.Call, req *wire.SyncPing) (command.Reply, error) {
	return command.Reply{Data: wire.SyncPong{At: req.At, ServerTime: time.Now().UnixMilli()}}, nil
}
