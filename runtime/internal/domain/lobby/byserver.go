package lobby

import (
	"context"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/internal/domain/lobby/rules"
	"github.com/anteroom/anteroom/runtime/wire"
)

// The commands of back ends, for the server API. The idempotency keys of back ends and of users
// have different scopes.

// backEnd is the scope of a back end's keys; no user can have this id.
const backEnd = "\x00server"

// Lookup reads a lobby as the server sees it: all of it, closed or not. Clients must
// not be given more than its View or PublicView.
func (s *Service) Lookup(ctx context.Context, lobbyID string) (rules.Lobby, error) {
	return s.load(ctx, lobbyID)
}

// Living lists living lobbies of a type in the order of their ids, those after an id, at
// most limit. Next is the id to go on after; "" at the end.
func (s *Service) Living(ctx context.Context, lobbyType, after string, limit int) (found []rules.Lobby, next string, err error) {
	if _, known := s.Policies.Policy(lobbyType); !known {
		return nil, "", wire.Invalid("type", "there is no such type of lobby")
	}
	if s.Index == nil {
		return nil, "", errNoIndex
	}
	ids, err := s.Index.All(ctx, lobbyType, after, limit)
	if err != nil {
		return nil, "", err
	}
	for _, id := range ids {
		l, err := s.load(ctx, id)
		if isNotFound(err) || err == nil && l.Closed() {
			continue // the sweep takes it out of the index
		}
		if err != nil {
			return nil, "", err
		}
		found = append(found, l)
	}
	if len(ids) == limit {
		next = ids[limit-1]
	}
	return found, next, nil
}

// ReportMatch stores a back end's report of a match. key may be empty; with a key, a repeated
// report of an ended match gets the first answer.
func (s *Service) ReportMatch(ctx context.Context, key string, r rules.Report) (Outcome, error) {
	return s.change(ctx, rules.OfMatch(r.MatchID), s.onceServer(key), rules.ReportMatch(r))
}

// CloseByServer closes a lobby for a back end, with a reason. On a closed lobby it has no
// effect.
func (s *Service) CloseByServer(ctx context.Context, lobbyID, reason string) (Outcome, error) {
	return s.change(ctx, lobbyID, nil, rules.CloseByServer(reason))
}

// UpdateByServer changes a lobby for a back end: everything that a host may change except the
// password, and the attributes that the server writes. key may be empty.
func (s *Service) UpdateByServer(ctx context.Context, key, lobbyID string, set wire.LobbySet, unset []string) (Outcome, error) {
	if set.Password != nil {
		return Outcome{}, wire.Invalid("set.password", "a password is the host's")
	}
	cmd := rules.UpdateCommand{Server: true, Set: set, Unset: unset}
	return s.change(ctx, lobbyID, s.onceServer(key), rules.Update(cmd))
}

func (s *Service) onceServer(key string) *stream.Once { return s.once(backEnd, key) }
