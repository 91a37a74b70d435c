package lobby

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/wire"
)

// Mine reads the living lobbies that a user is a member of, the longest joined first:
// at most maxLobbies. A user without lobbies costs one read of a set; the lobbies are
// read together.
func (s *Service) Mine(ctx context.Context, userID string) ([]Outcome, error) {
	ids, err := s.memberships.Groups(ctx, lobbiesOf(userID))
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	snaps, err := s.loadAll(ctx, ids)
	if err != nil {
		return nil, err
	}
	var found []Outcome
	for _, snap := range snaps {
		if snap.Doc == nil {
			continue
		}
		l, err := s.keeper.Decode(snap)
		if err != nil {
			return nil, err
		}
		found = append(found, Outcome{Lobby: l, At: snap.Position, TS: snap.TS})
	}
	// An entry precedes its membership and outlasts it: the document decides.
	found = slices.DeleteFunc(found, func(o Outcome) bool { return !o.Lobby.Has(userID) || o.Lobby.Closed() })
	slices.SortFunc(found, func(a, b Outcome) int {
		return cmp.Or(cmp.Compare(a.Lobby.Members[userID].JoinedAt, b.Lobby.Members[userID].JoinedAt), cmp.Compare(a.Lobby.ID, b.Lobby.ID))
	})
	return found, nil
}

// Places is Mine as session:ready says it.
func (s *Service) Places(ctx context.Context, userID string) ([]wire.LobbyPlace, error) {
	mine, err := s.Mine(ctx, userID)
	if err != nil {
		return nil, err
	}
	var places []wire.LobbyPlace
	for _, o := range mine {
		places = append(places, wire.LobbyPlace{
			LobbyID: o.Lobby.ID, Type: o.Lobby.Policy.Type, Name: o.Lobby.Name, Role: o.Lobby.Members[userID].Role,
			Status: o.Lobby.Status, Meta: *meta(o.Lobby.ID, o.At, o.TS),
		})
	}
	return places, nil
}

// loadAll reads lobbies at the same time, so that they share a round trip. A lobby that
// does not exist has no document.
func (s *Service) loadAll(ctx context.Context, ids []string) ([]stream.Snapshot, error) {
	snaps := make([]stream.Snapshot, len(ids))
	group, ctx := errgroup.WithContext(ctx)
	for i, id := range ids {
		group.Go(func() (err error) {
			if snaps[i], err = s.Store.Load(ctx, StreamID(id)); errors.Is(err, stream.ErrNotFound) {
				return nil
			}
			return err
		})
	}
	return snaps, group.Wait()
}

// Mine is lobby:mine. It follows nothing, as a connection's bound might not allow for
// all of the lobbies.
func (h *Handlers) Mine(ctx context.Context, call request.Call, _ *wire.LobbyMineRequest) (request.Reply, error) {
	mine, err := h.service.Mine(ctx, call.ID)
	if err != nil {
		return request.Reply{}, err
	}
	list := wire.LobbyMine{Lobbies: []wire.LobbyMembership{}}
	for _, o := range mine {
		list.Lobbies = append(list.Lobbies, wire.LobbyMembership{Lobby: o.Lobby.View(), Meta: *meta(o.Lobby.ID, o.At, o.TS)})
	}
	return request.Reply{Data: list}, nil
}
