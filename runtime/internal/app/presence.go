package app

import (
	"context"
	"fmt"
	"hash/maphash"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/internal/domain/lobby"
	"github.com/anteroom/anteroom/runtime/internal/domain/notify"
	"github.com/anteroom/anteroom/runtime/internal/domain/party"
	"github.com/anteroom/anteroom/runtime/internal/domain/presence"
	"github.com/anteroom/anteroom/runtime/internal/edge/session"
	"github.com/anteroom/anteroom/runtime/internal/infra/redisstore"
	"github.com/anteroom/anteroom/runtime/wire"
)

// newPresence makes the service that knows who is there. It works also where presence
// is switched off for clients: notifications ask it.
func (a *App) newPresence(client *redisstore.Client) *presence.Service {
	c := a.settings.config
	return presence.NewService(presence.Ports{Store: client.Store(), Deadlines: client.Deadlines()}, presence.Settings{
		Rules:      presence.Rules{AwayAfter: c.Presence.AwayAfter.Duration},
		HistoryTTL: c.Recovery.HistoryTTL.Duration, IdempotencyTTL: c.Recovery.IdempotencyTTL.Duration,
	})
}

// away tells notifications whether a user is there.
func away(users *presence.Service) func(ctx context.Context, userID string) (notify.Connections, error) {
	return func(ctx context.Context, userID string) (notify.Connections, error) {
		u, err := users.User(ctx, userID)
		if err != nil {
			return notify.Connections{}, err
		}
		out := notify.Connections{Online: u.Online()}
		if u.LastSeen > 0 {
			out.OfflineSince = time.UnixMilli(u.LastSeen)
		}
		return out, nil
	}
}

// membersOf returns the members of a lobby or party to a member.
func membersOf(lobbies *lobby.Service, parties *party.Service) presence.ListMembers {
	return func(ctx context.Context, userID, list string) ([]string, error) {
		id := stream.ID(list)
		switch id.Kind() {
		case lobby.Kind:
			l, err := lobbies.Member(ctx, id.Name(), userID)
			if err != nil {
				return nil, err
			}
			users := make([]string, 0, len(l.Members))
			for user := range l.Members {
				users = append(users, user)
			}
			slices.Sort(users)
			return users, nil
		case party.Kind:
			p, err := parties.Member(ctx, id.Name(), userID)
			if err != nil {
				return nil, err
			}
			users := p.Users()
			slices.Sort(users)
			return users, nil
		}
		return nil, wire.Invalid("list", `list must be "lobby:" or "party:" and an id`)
	}
}

const (
	// placeWorkers carry places to the users' presence, and placeQueue is how many wait
	// for each; beyond that places are dropped, and a presence may lack what a user does.
	placeWorkers = 8
	placeQueue   = 1024
	placeFor     = 5 * time.Second
)

// whereabouts sets the activity in users' presence from lobbies and queues. Updates of a user's
// lobbies are in order and run in the background. It is a lobby.Events.
type whereabouts struct {
	users  *presence.Service
	log    *slog.Logger
	seed   maphash.Seed
	queues [placeWorkers]chan move
}

// move is one user's coming to a place, or going.
type move struct {
	userID, id string
	kind       presence.PlaceKind
	out        bool
}

func newWhereabouts(users *presence.Service, log *slog.Logger) *whereabouts {
	p := &whereabouts{users: users, log: log, seed: maphash.MakeSeed()}
	for i := range p.queues {
		p.queues[i] = make(chan move, placeQueue)
	}
	return p
}

// Joined implements lobby.Events.
func (p *whereabouts) Joined(_ context.Context, userID, lobbyID string) {
	p.put(move{userID: userID, id: lobbyID, kind: presence.InLobby})
}

// Left implements lobby.Events.
func (p *whereabouts) Left(_ context.Context, userID, lobbyID string) {
	p.put(move{userID: userID, id: lobbyID, kind: presence.InMatch, out: true})
	p.put(move{userID: userID, id: lobbyID, kind: presence.InLobby, out: true})
}

// MatchStarted implements lobby.Events.
func (p *whereabouts) MatchStarted(_ context.Context, userIDs []string, lobbyID string) {
	for _, user := range userIDs {
		p.put(move{userID: user, id: lobbyID, kind: presence.InMatch})
	}
}

// MatchEnded implements lobby.Events.
func (p *whereabouts) MatchEnded(_ context.Context, userIDs []string, lobbyID string) {
	for _, user := range userIDs {
		p.put(move{userID: user, id: lobbyID, kind: presence.InMatch, out: true})
	}
}

// Searching publishes that users search in a queue, or no longer search. It returns after the
// commit; the caller repeats it after an error.
func (p *whereabouts) Searching(ctx context.Context, ticketID string, userIDs []string, searching bool) error {
	change := p.users.Exit
	if searching {
		change = p.users.Enter
	}
	for _, user := range userIDs {
		if err := change(ctx, user, presence.InQueue, ticketID); err != nil {
			return fmt.Errorf("show who searches: %w", err)
		}
	}
	return nil
}

func (p *whereabouts) put(m move) {
	select {
	case p.queues[maphash.String(p.seed, m.userID)%placeWorkers] <- m:
	default:
		p.log.Warn("too many users move at once; a presence may not show it", "kind", m.kind)
	}
}

// run carries moves to the users until ctx ends.
func (p *whereabouts) run(ctx context.Context) {
	var working sync.WaitGroup
	for _, queue := range p.queues {
		working.Go(func() {
			for {
				select {
				case <-ctx.Done():
					return
				case m := <-queue:
					p.carry(ctx, m)
				}
			}
		})
	}
	working.Wait()
}

// carry tries until it is done, or in vain for a while.
func (p *whereabouts) carry(ctx context.Context, m move) {
	ctx, cancel := context.WithTimeout(ctx, placeFor)
	defer cancel()
	for {
		var err error
		if m.out {
			err = p.users.Exit(ctx, m.userID, m.kind, m.id)
		} else {
			err = p.users.Enter(ctx, m.userID, m.kind, m.id)
		}
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
			p.log.WarnContext(ctx, "a presence does not show where its user is", "kind", m.kind, "error", err)
			return
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// listener reports the end of a session to the watcher before it reports it to the roster.
type listener struct {
	*roster
	watcher *presence.Watcher
}

// SessionClosed implements session.Listener.
func (l listener) SessionClosed(ctx context.Context, c request.Caller, followed []stream.ID) {
	l.watcher.Drop(c.SessionID)
	l.roster.SessionClosed(ctx, c, followed)
}

var _ session.Listener = listener{}

// arrivals gives users who connect what they missed; it is a witness, after presence.
type arrivals struct{ inbox *notify.Service }

// SessionOpened implements witness.
func (w arrivals) SessionOpened(ctx context.Context, c request.Caller) error {
	return w.inbox.SessionOpened(ctx, c)
}

// SessionClosed implements witness.
func (w arrivals) SessionClosed(context.Context, request.Caller, []stream.ID) error { return nil }
