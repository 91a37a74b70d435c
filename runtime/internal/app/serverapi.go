package app

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/internal/domain/room"
	"github.com/anteroom/anteroom/runtime/internal/edge/admission"
	"github.com/anteroom/anteroom/runtime/internal/edge/revocation"
	"github.com/anteroom/anteroom/runtime/internal/edge/serverapi"
	"github.com/anteroom/anteroom/runtime/internal/edge/session"
	"github.com/anteroom/anteroom/runtime/wire"
)

// backends are what other back ends have to do with: rooms, revocations, and the API.
type backends struct {
	rooms       *room.Service
	revocations revocation.Book
	broadcast   *lately
	api         *serverapi.Server
}

// newBackends puts it together; nil when the API is not served.
func (a *App) newBackends(k *core) (*backends, error) {
	client := k.client
	c := a.settings.config
	if c.Listen.API == "" {
		return nil, nil
	}
	keep := stream.Retention{
		LogSize: c.Recovery.HistorySize, LogTTL: c.Recovery.HistoryTTL.Duration, TTL: max(stream.Lasting, c.Recovery.HistoryTTL.Duration),
	}
	b := &backends{
		rooms:       &room.Service{Store: client.Store(), Sets: client.Sets(), Retain: keep},
		revocations: revocation.Book{Values: client.Values()},
		broadcast:   &lately{id: session.BroadcastStream, store: client.Store()},
	}
	o := serverapi.Options{
		Token: func() (string, error) { return readCredential(c.API.TokenFile) },
		Store: client.Store(), Replies: client.Replies(), Online: client.Registry(), Admit: k.headroom.Route,
		Inboxes: k.inbox, Sessions: k.users.SessionIDs, Rooms: b.rooms, Revocations: b.revocations,
		UserRetain: keep, RoomRetain: keep, BroadcastRetain: keep,
		IdempotencyTTL: c.Recovery.IdempotencyTTL.Duration, MaxData: c.Engine.MaxPayload,
		Version: a.settings.version, Registry: a.registry, Tracer: a.tracing.Requests(), Log: a.log,
	}
	if c.Features.Lobby {
		o.Lobbies = k.lobbies
	}
	if c.Features.Chat {
		o.Chats = k.chats
	}
	if c.Features.Presence {
		o.Presence = k.users
	}
	if a.matchmaking() {
		o.Queues = k.queues
	}
	var err error
	if b.api, err = serverapi.New(o); err != nil {
		return nil, fmt.Errorf("server API: %w", err)
	}
	return b, nil
}

// standing are the streams that a user follows because of back ends: that of all, and
// those of the user's rooms. Whoever is revoked is refused.
func (b *backends) standing(ctx context.Context, caller request.Caller) ([]stream.Place, error) {
	if err := b.revocations.Check(ctx, caller.User); err != nil {
		return nil, err
	}
	places, err := b.rooms.Positions(ctx, caller.ID)
	if err != nil {
		return nil, err
	}
	all, err := b.broadcast.place(ctx)
	return append(places, all), err
}

// forAll is the session.Snapshotter of the stream of all.
type forAll struct{}

// Authorize implements session.Snapshotter.
func (forAll) Authorize(_ context.Context, _ request.Caller, id stream.ID) error {
	if id != session.BroadcastStream {
		return wire.Refuse(wire.CodeNotFound, "there is no such stream")
	}
	return nil
}

// Snapshot implements session.Snapshotter: the stream has no document.
func (forAll) Snapshot(context.Context, request.Caller, stream.ID, stream.Snapshot) (string, json.RawMessage, error) {
	return "", nil, nil
}

// apiHandler answers 503 until there is something to serve with.
func (a *App) apiHandler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if k := a.core.Load(); k != nil && k.backends != nil {
			k.backends.api.ServeHTTP(w, r)
			return
		}
		admission.RetryLater(w, "this server is starting")
	})
}

// endAPI lets the requests that are under way come to their end, until ctx ends.
func (a *App) endAPI(ctx context.Context) {
	if a.others == nil {
		return
	}
	if err := a.others.Shutdown(ctx); err != nil {
		a.log.Warn("requests of other back ends were cut off", "error", err)
		_ = a.others.Close() // there is nothing left to do about it
	}
}
