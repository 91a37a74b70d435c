package lobby

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/stream"
	"github.com/anteroom/anteroom/runtime/internal/usertell"
	"github.com/anteroom/anteroom/runtime/wire"
)

// departedAfter are those who went after a version; with all, all that are remembered.
func (l Lobby) departedAfter(version uint64, all bool) []Departure {
	var some []Departure
	for _, d := range l.Departed {
		if all || d.Version > version {
			some = append(some, d)
		}
	}
	return some
}

// settle does what follows from departures, and from the end of a lobby: the
// users' sessions are told and stop hearing the lobby, and it no longer counts
// among theirs. It may be done any number of times. The lobby's code stays taken
// until it lapses, so that those who come with it can be told that it is over.
func (s *Service) settle(ctx context.Context, l Lobby, departed []Departure) error {
	var errs []error
	for _, d := range departed {
		errs = append(errs, s.release(ctx, l, d))
	}
	if l.Closed() {
		for id, m := range l.Members {
			errs = append(errs, s.release(ctx, l, Departure{
				UserID: id, Reason: ReasonClosed, Enrolment: m.Enrolment, Version: l.Version,
			}))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("settle lobby %s: %w", l.ID, err)
	}
	return nil
}

// release lets a user go who is no longer in the lobby. One who has come back in
// the meantime keeps what it has by its new stay, and is not told of the old one.
func (s *Service) release(ctx context.Context, l Lobby, d Departure) error {
	var told error
	if back := l.Has(d.UserID) && !l.Closed(); !back && !d.Silent {
		told = s.tell(ctx, l, d)
	}
	return errors.Join(told, s.strike(ctx, d.UserID, d.Enrolment, l))
}

// tell puts lobby:removed on the user's own stream, once for each departure, with
// the order to stop following the lobby.
func (s *Service) tell(ctx context.Context, l Lobby, d Departure) error {
	told, err := s.users.Tell(ctx, d.UserID, usertell.Message{
		Event:    wire.EventLobbyRemoved,
		Payload:  wire.LobbyRemoved{LobbyID: l.ID, Reason: d.Reason, Message: d.Message},
		Unfollow: []stream.ID{StreamID(l.ID), ChatStream(l.ID)},
		Once:     s.onceTold(l, fmt.Sprint(d.Version)),
	})
	if err == nil && !told.Repeated && d.Reason == ReasonKicked {
		s.notify(ctx, d.UserID, l, Notice{
			Kind: NoticeKicked, ID: fmt.Sprintf("%s/%d", l.ID, d.Version), FromID: d.By, Message: d.Message,
		})
	}
	return err
}

// onceTold keeps what a lobby has to tell a user from being told twice.
func (s *Service) onceTold(l Lobby, key string) *stream.Once {
	return &stream.Once{Scope: string(StreamID(l.ID)), Key: key, TTL: 2 * departureMemory}
}

// Look does what is due in a lobby, for stream.Deadlines: it tells when to look
// again, the zero time for never.
func (s *Service) Look(ctx context.Context, id stream.ID) (time.Time, error) {
	var heard time.Time
	now := s.Now()
	out, departed, err := s.commit(ctx, id.Name(), nil, func(l Lobby) (Lobby, []wire.LobbyPatch, error) {
		var err error
		if heard, err = s.heard(ctx, l, now); err != nil {
			return l, nil, err
		}
		return l.Seen(heard).Tick(random(), now)
	})
	if isNotFound(err) {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, err
	}
	departed = append(departed, out.Lobby.untold(now)...)
	if err := s.settle(ctx, out.Lobby, departed); err != nil {
		return time.Time{}, err
	}
	next, _ := out.Lobby.Seen(heard).NextLook(now)
	return next, nil
}

// untold are the departures that are to be settled once more.
func (l Lobby) untold(now time.Time) []Departure {
	var some []Departure
	for _, d := range l.Departed {
		if !time.UnixMilli(d.At).Add(retellAfter).After(now) {
			some = append(some, d)
		}
	}
	return some
}

// heard is when something was last said in the chat of a lobby that seems idle;
// the zero time when it does not.
func (s *Service) heard(ctx context.Context, l Lobby, now time.Time) (time.Time, error) {
	idle := l.Policy.Lifecycle.IdleTimeout
	if l.Closed() || idle <= 0 || time.UnixMilli(l.ActiveAt).Add(idle).After(now) {
		return time.Time{}, nil
	}
	chat, err := s.Store.Load(ctx, ChatStream(l.ID))
	if errors.Is(err, stream.ErrNotFound) {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, err
	}
	return time.UnixMilli(chat.TS), nil
}
