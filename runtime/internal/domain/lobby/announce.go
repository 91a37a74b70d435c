package lobby

import (
	"context"

	"github.com/anteroom/anteroom/runtime/internal/core/ids"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
)

// Announce appends an event of a back end to a lobby's stream: all who follow the
// lobby get it, in order with its patches. The event takes a version of the lobby,
// which is otherwise as it was.
func (s *Service) Announce(ctx context.Context, lobbyID string, event stream.Event, once *stream.Once) (Outcome, error) {
	if !ids.ValidID(lobbyID) {
		return Outcome{}, notFound()
	}
	out, err := s.keeper.Change(ctx, lobbyID, once, func(l Lobby) (Lobby, []stream.Event, error) {
		return l.asTold(), []stream.Event{event}, l.open()
	})
	return outcome(out), missing(err)
}
