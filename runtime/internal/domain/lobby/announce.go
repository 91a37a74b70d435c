package lobby

import (
	"context"

	"github.com/anteroom/anteroom/runtime/internal/core/ids"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/internal/domain/lobby/rules"
)

// Announce appends an event of a back end to a lobby's stream: all who follow the
// lobby get it, in order with its patches. The event takes a version of the lobby,
// which is otherwise as it was.
func (s *Service) Announce(ctx context.Context, lobbyID string, event stream.Event, once *stream.Once) (Outcome, error) {
	if !ids.ValidID(lobbyID) {
		return Outcome{}, rules.NotFound()
	}
	out, err := s.apply(ctx, lobbyID, once, rules.Announce(), event)
	return outcome(out), err
}
