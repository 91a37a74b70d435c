package lobby

import (
	"context"

	"github.com/anteroom/anteroom/runtime/internal/domain/lobby/rules"
	"github.com/anteroom/anteroom/runtime/internal/domain/lobby/search"
	"github.com/anteroom/anteroom/runtime/wire"
)

// Search finds public lobbies of a type. It reads at most scanMost entries, so that a
// page may be short while there is a cursor to go on with.
func (s *Service) Search(ctx context.Context, req *wire.LobbySearch) (wire.LobbyFound, error) {
	p, err := s.searchablePolicy(req.Type)
	if err != nil {
		return wire.LobbyFound{}, err
	}
	q, err := search.ParseQuery(p, req)
	if err != nil {
		return wire.LobbyFound{}, err
	}
	places, next, err := search.Find(ctx, s.Index, q)
	if err != nil {
		return wire.LobbyFound{}, err
	}
	ids := make([]string, len(places))
	for i, at := range places {
		ids[i] = at.ID
	}
	cards, err := s.Index.Cards(ctx, q.LobbyType, ids)
	if err != nil {
		return wire.LobbyFound{}, err
	}
	found, err := s.verify(ctx, q.LobbyType, cards)
	return wire.LobbyFound{Lobbies: found, Cursor: next}, err
}

// searchablePolicy returns the policy of a type with search.
func (s *Service) searchablePolicy(lobbyType string) (rules.Policy, error) {
	p, ok := s.Policies.Policy(lobbyType)
	switch {
	case !ok:
		return p, wire.Invalid("type", "there is no such type of lobby")
	case s.Index == nil:
		return p, errNoIndex
	case !p.Search.Enabled:
		return p, wire.Refuse(wire.CodePermissionDenied, "the policy does not allow searching")
	}
	return p, nil
}
