package lobby

import (
	"context"

	"github.com/anteroom/anteroom/runtime/internal/domain/lobby/rules"
)

// Backfill gives more users their places in a lobby. A repeated command returns the lobby and
// has no second effect.
func (s *Service) Backfill(ctx context.Context, lobbyID string, cmd rules.BackfillCommand) (rules.Lobby, error) {
	l, err := s.load(ctx, lobbyID)
	if err != nil {
		return rules.Lobby{}, err
	}
	if _, _, err := l.Backfill(cmd, s.Now()); err != nil {
		return rules.Lobby{}, err
	}
	var users []string
	for _, team := range cmd.Teams {
		for _, user := range team {
			if !l.Has(user.ID) {
				users = append(users, user.ID)
			}
		}
	}
	if err := s.reservePlaces(ctx, l, users, cmd.MembershipID, true); err != nil {
		return rules.Lobby{}, err
	}
	out, err := s.change(ctx, lobbyID, s.once(reserveSpace, cmd.MembershipID), rules.Backfill(cmd))
	return out.Lobby, err
}
