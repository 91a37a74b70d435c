package lobby

import (
	"context"

	"github.com/anteroom/anteroom/runtime/internal/core/ids"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/internal/domain/lobby/rules"
)

// Announce appends an event of a back end to the stream of a lobby. All subscribers receive the
// event in order with the patches. The event increments the version and changes nothing else.
func (s *Service) Announce(ctx context.Context, lobbyID string, event stream.Event, once *stream.Once) (Outcome, error) {
	if !ids.ValidID(lobbyID) {
		return Outcome{}, rules.NotFound()
	}
	out, err := s.apply(ctx, lobbyID, once, rules.Announce(), event)
	return outcome(out), err
}
