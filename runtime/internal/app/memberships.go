package app

import (
	"context"
	"fmt"
	"runtime/debug"

	"golang.org/x/sync/errgroup"

	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/wire"
)

// memberships reads what a caller is in, of the features that are switched on. The
// domains are asked at the same time, so that their reads share round trips.
func (a *App) memberships(k *core) func(context.Context, request.Caller) (wire.Memberships, error) {
	f := a.settings.config.Features
	return func(ctx context.Context, c request.Caller) (wire.Memberships, error) {
		var m wire.Memberships
		group, ctx := errgroup.WithContext(ctx)
		if f.Lobby {
			group.Go(guarded(func() (err error) {
				m.Lobbies, err = k.lobbies.Places(ctx, c.ID)
				return err
			}))
		}
		if f.Lobby || f.Matchmaking {
			group.Go(guarded(func() (err error) {
				m.Party, err = k.parties.Place(ctx, c.ID)
				return err
			}))
		}
		if a.matchmaking() {
			group.Go(guarded(func() error {
				list, err := k.queues.Status(ctx, c.ID)
				m.Tickets, m.Proposals = list.Tickets, list.Proposals
				return err
			}))
		}
		err := group.Wait()
		return m, err
	}
}

// guarded turns a panic into an error: a goroutine's panic would end the server.
func guarded(do func() error) func() error {
	return func() (err error) {
		defer func() {
			if p := recover(); p != nil {
				err = fmt.Errorf("panic of type %T\n%s", p, debug.Stack()) // not its value, which may hold a payload
			}
		}()
		return do()
	}
}
