package app

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/cluster/peer"
	"github.com/anteroom/anteroom/runtime/internal/core/budget"
	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/internal/core/screening"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/internal/core/userstream"
	"github.com/anteroom/anteroom/runtime/internal/domain/chat"
	"github.com/anteroom/anteroom/runtime/internal/domain/lobby"
	"github.com/anteroom/anteroom/runtime/internal/domain/matchmaking"
	"github.com/anteroom/anteroom/runtime/internal/domain/notify"
	"github.com/anteroom/anteroom/runtime/internal/domain/party"
	"github.com/anteroom/anteroom/runtime/internal/domain/presence"
	"github.com/anteroom/anteroom/runtime/internal/domain/room"
	"github.com/anteroom/anteroom/runtime/internal/edge/headroom"
	"github.com/anteroom/anteroom/runtime/internal/edge/serverapi"
	"github.com/anteroom/anteroom/runtime/internal/edge/session"
	"github.com/anteroom/anteroom/runtime/internal/edge/socketio"
	"github.com/anteroom/anteroom/runtime/internal/infra/redisstore"
)

// core is what serves clients; it exists once Redis has answered.
type core struct {
	client      *redisstore.Client
	hub         *stream.Hub
	probe       *redisstore.Probe
	chats       *chat.Service
	lobbies     *lobby.Service
	parties     *party.Service
	queues      *matchmaking.Service
	matcher     *matchmaking.Matcher
	users       *presence.Service
	inbox       *notify.Service // nil when notifications are switched off
	whereabouts *whereabouts
	figures     *figures
	budgets     *budget.Guard
	headroom    *headroom.Watch
	sessions    *session.Manager
	sockets     *socketio.Server
	// entrance is what clients' requests go through: sockets, or before them the
	// forwarder of what belongs to other pods.
	entrance  http.Handler
	directory *peer.Directory
	roster    *roster
	lease     *peer.Lease
	// backends is nil when the server API is not served.
	backends *backends
	// deadlineHandlers do what is due in streams, by their kind.
	deadlineHandlers map[string]func(context.Context, stream.ID) (time.Time, error)
}

// assemble puts the parts together. Nothing runs yet.
func (a *App) assemble(client *redisstore.Client) (*core, error) {
	c := a.settings.config
	k := &core{client: client, hub: stream.NewHub(client.Store(), client.Bus()), probe: client.Probe(c.Redis.Probe.Interval.Duration)}
	k.headroom = headroom.NewWatch(memoryOf(client), a.log)
	a.registry.MustRegister(k.headroom)
	k.budgets = budget.NewGuard(client.Budgets(), budget.NewMetrics(a.registry))
	userstream.Register(a.registry)
	a.addServices(k)
	k.figures = &figures{types: a.rules.lobbyTypes, living: client.Lobbies().Living, queues: k.matcher.Stats, streams: k.hub.Kinds, log: a.log}
	a.registry.MustRegister(k.figures)
	k.deadlineHandlers = map[string]func(context.Context, stream.ID) (time.Time, error){
		lobby.Kind: k.lobbies.OnDeadline, lobby.ListKind: k.lobbies.Sweep, party.Kind: k.parties.OnDeadline, presence.Kind: k.users.OnDeadline,
		chat.MarksKind: k.chats.AnnounceMarks,
	}
	told := witnesses{k.users, k.lobbies, k.parties, k.queues}
	if k.inbox != nil {
		k.deadlineHandlers[notify.Kind], k.deadlineHandlers[notify.TopicDeliveryKind] = k.inbox.OnDeadline, k.inbox.OnDeliveryDeadline
		told = append(told, arrivals{k.inbox})
	}
	k.roster = newRoster(a.pod, client.Registry(), told, a.redis.healthy, a.log)
	watcher := presence.NewWatcher(k.users, k.hub, membersOf(k.lobbies, k.parties))

	var err error
	if k.backends, err = a.newBackends(k); err != nil {
		return nil, err
	}
	served := a.domains(k, watcher)
	var standing func(context.Context, request.Caller) ([]stream.Place, error)
	if k.backends != nil {
		standing = k.backends.standing
		served.snapshotters[room.Kind], served.snapshotters[session.BroadcastStream.Kind()] = k.backends.rooms, forAll{}
	}
	k.sessions = session.NewManager(session.Options{
		Router: served.router, Snapshotters: served.snapshotters, Features: served.features,
		Encoder: socketio.Encoder{}, Auth: a.settings.auth, Hub: k.hub, Replies: client.Replies(),
		IdempotencyTTL: c.Recovery.IdempotencyTTL.Duration, Standing: standing, Memberships: a.memberships(k), Admit: k.headroom.Request, Listener: listener{k.roster, watcher}, Limits: a.rules.limits,
		Spend:      k.budgets.Request,
		Screen:     screening.New(a.rules, k.lobbies).Request,
		WarnBefore: c.Auth.Expiry.WarnBefore.Duration, Grace: c.Auth.Expiry.Grace.Duration,
		MaxPayload: c.Engine.MaxPayload, Metrics: session.NewMetrics(a.registry), Tracer: a.tracing.Session, Log: a.log,
	})
	if k.inbox != nil {
		k.inbox.Push = pushTo(k.sessions)
	}
	k.lease = peer.New(client.Registry(), peer.Options{
		Pod: a.pod, Interval: c.Presence.LeaseInterval.Duration, TTL: c.Presence.LeaseTTL.Duration, Log: a.log,
		Live: func() []peer.Session { return sessionsOf(k.sessions) },
		Gone: k.roster.gone,
		Returned: func(ctx context.Context, sessions []peer.Session) {
			k.roster.returned(ctx, sessions, func() []peer.Session { return sessionsOf(k.sessions) })
		},
	})
	if k.sockets, err = a.newSockets(k.sessions); err != nil {
		return nil, err
	}
	a.peers.join(k, client.Endpoints(), a)
	return k, nil
}

func (a *App) newSockets(sessions *session.Manager) (*socketio.Server, error) {
	e := a.settings.config.Engine
	transports := make([]string, len(e.Transports))
	for i, t := range e.Transports {
		transports[i] = string(t)
	}
	server, err := socketio.New(socketio.Options{
		Path: e.Path, Transports: transports, IDPrefix: a.peers.key(),
		PingInterval: e.PingInterval.Duration, PingTimeout: e.PingTimeout.Duration,
		UpgradeTimeout: e.UpgradeTimeout.Duration, ConnectTimeout: e.ConnectTimeout.Duration,
		MaxPayload: e.MaxPayload, AllowedOrigins: e.AllowedOrigins,
		OutboundBytes: a.rules.outboundBytes, Sessions: sessions, Registry: a.registry, Log: a.log,
	})
	if err != nil {
		return nil, fmt.Errorf("socket server: %w", err)
	}
	return server, nil
}

// background lists what runs as long as the server does.
func (a *App) background(k *core) []func(context.Context) error {
	quiet := func(run func(context.Context)) func(context.Context) error {
		return func(ctx context.Context) error {
			run(ctx)
			return ctx.Err()
		}
	}
	all := []func(context.Context) error{
		k.hub.Run, k.probe.Run, quiet(k.roster.run), quiet(k.lease.Run), quiet(a.redis.watch), quiet(k.whereabouts.run),
		quiet(a.memory.Run), quiet(k.figures.run), quiet(a.recheck(k)), quiet(k.headroom.Run),
		func(ctx context.Context) error { return k.client.Deadlines().Run(ctx, k.look) },
	}
	if a.settings.config.API.RedisEmitter && k.backends != nil {
		all = append(all, func(ctx context.Context) error {
			return k.client.Emissions(ctx, serverapi.EmitterChannels, func(payload []byte) {
				k.backends.api.Emission(payload, k.sessions.Emit)
			})
		})
	}
	if k.directory != nil {
		all = append(all, quiet(k.directory.Run))
	}
	if a.matchmaking() {
		all = append(all, k.matcher.Run)
	}
	return all
}

// errOtherKind leaves a deadline to a server that knows what it is for.
var errOtherKind = errors.New("a deadline of a kind that this server does not know")

// look runs the due deadline of a stream in the domain of its kind.
func (k *core) look(ctx context.Context, id stream.ID) (time.Time, error) {
	look, known := k.deadlineHandlers[id.Kind()]
	if !known {
		return time.Time{}, errOtherKind
	}
	return look(ctx, id)
}
