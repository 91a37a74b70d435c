package lobby

import (
	"context"
	"errors"

	"github.com/anteroom/anteroom/runtime/internal/names"
	"github.com/anteroom/anteroom/runtime/internal/stream"
	"github.com/anteroom/anteroom/runtime/wire"
)

// Announce appends an event of a back end to a lobby's stream: all who follow the
// lobby get it, in order with its patches. The event takes a version of the lobby,
// which is otherwise as it was.
func (s *Service) Announce(ctx context.Context, lobbyID string, event stream.Event, once *stream.Once) (Outcome, error) {
	if !names.ValidID(lobbyID) {
		return Outcome{}, notFound()
	}
	leave, err := s.enter(ctx, lobbyID)
	if err != nil {
		return Outcome{}, err
	}
	defer leave()
	for range updateRounds {
		var up stream.Updated[Lobby]
		up, err = stream.Update(ctx, s.Store, StreamID(lobbyID), stream.JSON[Lobby](), once,
			func(_ stream.Snapshot, l Lobby) (stream.Change[Lobby], error) {
				if l.Closed() {
					return stream.Change[Lobby]{}, wire.Precondition(wire.ReasonLobbyClosed, "the lobby is closed")
				}
				return stream.Change[Lobby]{State: l, Events: []stream.Event{event}, Retain: s.retain(l)}, nil
			})
		if err == nil {
			return Outcome{Lobby: up.State.at(up.Position), At: up.Position, TS: up.TS}, nil
		}
		if !errors.Is(err, stream.ErrConflict) {
			break
		}
	}
	if errors.Is(err, stream.ErrNotFound) {
		return Outcome{}, notFound()
	}
	return Outcome{}, err
}
