package lobby

import (
	"context"
	"errors"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/internal/domain/lobby/rules"
)

// OnDeadline applies the deadlines of a lobby, for stream.Deadlines, and returns the next deadline;
// the zero time for none. It reads the chat only for a lobby that seems idle.
func (s *Service) OnDeadline(ctx context.Context, id stream.ID) (time.Time, error) {
	now := s.Now()
	cmd := rules.TickCommand{Now: now, Random: random()}
	out, fresh, err := s.commit(ctx, id.Name(), nil, rules.Tick(cmd))
	if errors.Is(err, rules.ErrNotPrepared) {
		var last time.Time
		if last, err = s.lastMessage(ctx, id.Name()); err != nil {
			return time.Time{}, err
		}
		cmd.LastMessage = &last
		out, fresh, err = s.commit(ctx, id.Name(), nil, rules.Tick(cmd))
	}
	if isNotFound(err) {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, err
	}
	again := func(n rules.Stamp) bool {
		return fresh(n) || !time.UnixMilli(n.At).Add(rules.RetryAfter).After(now)
	}
	if err := s.applySideEffects(ctx, out.Lobby, again); err != nil {
		return time.Time{}, err
	}
	if err := errors.Join(s.reindex(ctx, out.Lobby), s.scheduleSweep(ctx, out.Lobby)); err != nil {
		return time.Time{}, err
	}
	next, _ := s.nextLook(withActivity(out.Lobby, cmd.LastMessage), now)
	return next, nil
}

// withActivity returns the lobby with its last chat message, if that was read.
func withActivity(l rules.Lobby, lastMessage *time.Time) rules.Lobby {
	if lastMessage == nil {
		return l
	}
	return l.WithActivity(*lastMessage)
}

// lastMessage returns the time of the last message in a lobby's chat; the zero time for none.
func (s *Service) lastMessage(ctx context.Context, lobbyID string) (time.Time, error) {
	chat, err := s.Store.Load(ctx, ChatStream(lobbyID))
	if errors.Is(err, stream.ErrNotFound) {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, err
	}
	return time.UnixMilli(chat.TS), nil
}
