package lobby

import (
	"context"

	"github.com/anteroom/anteroom/runtime/internal/core/screening"
	"github.com/anteroom/anteroom/runtime/internal/core/text"
	"github.com/anteroom/anteroom/runtime/wire"
)

// TypeFor implements screening.Lobbies. A wrong join code counts as a guess, as in lobby:join.
func (s *Service) TypeFor(ctx context.Context, userID string, ref screening.Ref) (string, error) {
	id, err := s.resolve(ctx, userID, ref.ID, text.Code(ref.Code), ref.Invite)
	if err != nil {
		return "", err
	}
	l, err := s.load(ctx, id)
	switch {
	case wire.CodeOf(err) == wire.CodeNotFound:
		return "", nil
	case err != nil:
		return "", err
	case ref.Inside && !l.Has(userID):
		return "", nil
	}
	return l.Policy.Type, nil
}
