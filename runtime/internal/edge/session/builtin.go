package session

import (
	"context"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/wire"
)

// registerBuiltin registers the requests that the session answers itself.
func registerBuiltin(r *Router) {
	handle(r, wire.EventSessionRefresh, refresh)
	handle(r, wire.EventSyncResume, syncResume)
	handle(r, wire.EventSyncPing, ping)
}

// ping is the request sync:ping.
func ping(_ context.Context, _ *Session, _ request.Call, req *wire.SyncPing) (request.Reply, error) {
	return request.Reply{Data: wire.SyncPong{At: req.At, ServerTime: time.Now().UnixMilli()}}, nil
}
