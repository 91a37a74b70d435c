package lobby

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/internal/core/userstream"
	"github.com/anteroom/anteroom/runtime/internal/domain/lobby/rules"
	"github.com/anteroom/anteroom/runtime/wire"
)

// due tells which of a lobby's news are to be told.
type effectFilter func(rules.Stamp) bool

// newsAfter are the news since a version; with all, all that are remembered.
func causedSince(version uint64, all bool) effectFilter {
	return func(n rules.Stamp) bool { return all || n.Version > version }
}

// settle does what follows from departures, and from the end of a lobby: the
// users' sessions are told and stop hearing the lobby, and it no longer counts
// among theirs. Those who are asked, or ask, are told so. It may be done any number
// of times. The lobby's code stays taken until it lapses, so that those who come with
// it can be told that it is over.
func (s *Service) applySideEffects(ctx context.Context, l rules.Lobby, is effectFilter) error {
	var errs []error
	for _, d := range l.Departed {
		if is(rules.Stamp{Version: d.Version, At: d.At}) {
			errs = append(errs, s.onDeparture(ctx, l, d))
		}
	}
	if l.Closed() {
		for id, m := range l.Members {
			errs = append(errs, s.onDeparture(ctx, l, rules.Departure{
				UserID: id, Reason: rules.ReasonClosed, MembershipID: m.MembershipID, Version: l.Version,
			}))
		}
	}
	for id, m := range l.Members {
		if m.Reserved != nil && is(m.Reserved.Stamp) && !l.Closed() {
			errs = append(errs, s.notifyJoined(ctx, l, id, m))
		}
	}
	for id, i := range l.Invites {
		if is(i.Stamp) {
			errs = append(errs, s.notifyInvited(ctx, l, id, i))
		}
	}
	for id, r := range l.Requests {
		if is(r.Stamp) {
			errs = append(errs, s.notifyJoinRequest(ctx, l, id, r))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("settle lobby %s: %w", l.ID, err)
	}
	return nil
}

// release lets a user go who is no longer in the lobby. One who has come back in
// the meantime keeps what it has by its new stay, and is not told of the old one.
func (s *Service) onDeparture(ctx context.Context, l rules.Lobby, d rules.Departure) error {
	var told error
	if back := l.Has(d.UserID) && !l.Closed(); !back && !d.Silent {
		told = s.notifyRemoved(ctx, l, d)
	}
	return errors.Join(told, s.removeMembership(ctx, d.UserID, d.MembershipID, l))
}

// tell puts lobby:removed on the user's own stream, once for each departure, with
// the order to stop following the lobby.
func (s *Service) notifyRemoved(ctx context.Context, l rules.Lobby, d rules.Departure) error {
	_, err := s.users.Tell(ctx, d.UserID, userstream.Message{
		Cause:    userstream.ByUsers,
		Event:    wire.EventLobbyRemoved,
		Payload:  wire.LobbyRemoved{LobbyID: l.ID, Reason: d.Reason, Message: d.Message, Version: d.Version},
		Unfollow: []stream.ID{StreamID(l.ID), ChatStream(l.ID)},
		Over:     l.Closed(),
		Once:     s.onceNotified(l, fmt.Sprint(d.Version)),
	})
	if err == nil && (d.Reason == rules.ReasonKicked || d.Reason == rules.ReasonBanned) {
		return s.sendNotice(ctx, d.UserID, l, d.At, Notice{
			Kind: NoticeKicked, ID: fmt.Sprintf("%s/%d", l.ID, d.Version), FromID: d.By, Message: d.Message,
		})
	}
	return err
}

// tellInvite puts lobby:invited on the stream of the user who is asked in.
func (s *Service) notifyInvited(ctx context.Context, l rules.Lobby, userID string, i rules.Invite) error {
	_, err := s.users.Tell(ctx, userID, userstream.Message{
		Cause: userstream.ByUsers,
		Event: wire.EventLobbyInvited,
		Payload: wire.LobbyInvited{
			InviteID: i.ID, LobbyID: l.ID, Type: l.Policy.Type, Name: l.Name,
			FromID: i.From, FromName: i.FromName, Requested: i.Requested, ExpiresAt: i.ExpiresAt,
		},
		Once: s.onceNotified(l, fmt.Sprintf("invite/%d", i.Version)),
	})
	if err != nil {
		return err
	}
	return s.sendNotice(ctx, userID, l, i.At, Notice{
		Kind: NoticeInvited, ID: fmt.Sprintf("%s/%d", i.ID, i.Version), FromID: i.From, FromName: i.FromName,
		InviteID: i.ID, ExpiresAt: i.ExpiresAt,
	})
}

// tellBrought puts lobby:joined on the stream of a member who did not join itself.
func (s *Service) notifyJoined(ctx context.Context, l rules.Lobby, userID string, m rules.Member) error {
	b := m.Reserved
	_, err := s.users.Tell(ctx, userID, userstream.Message{
		Cause: userstream.ByUsers,
		Event: wire.EventLobbyJoined,
		Payload: wire.LobbyJoined{
			LobbyID: l.ID, Type: l.Policy.Type, Name: l.Name, PartyID: b.Party, FromID: b.By, FromName: b.ByName,
			Reason: cmp.Or(b.Reason, wire.JoinedWithParty), ExpiresAt: m.LeavesAt(l.Policy.Lifecycle.DisconnectGrace),
		},
		Once: s.onceNotified(l, fmt.Sprintf("brought/%d", b.Version)),
	})
	return err
}

// tellRequest puts lobby:joinRequested on the host's stream, or lobby:joinDeclined on
// that of the user who asked.
func (s *Service) notifyJoinRequest(ctx context.Context, l rules.Lobby, userID string, r rules.Request) error {
	once := s.onceNotified(l, fmt.Sprintf("request/%d/%s", r.Version, userID))
	if r.Declined {
		_, err := s.users.Tell(ctx, userID, userstream.Message{
			Cause: userstream.ByUsers,
			Event: wire.EventLobbyJoinDeclined, Payload: wire.LobbyJoinDeclined{LobbyID: l.ID}, Once: once,
		})
		return err
	}
	if l.HostID == "" {
		return nil // whoever becomes the host is told
	}
	_, err := s.users.Tell(ctx, l.HostID, userstream.Message{
		Cause: userstream.ByUsers,
		Event: wire.EventLobbyJoinRequested,
		Payload: wire.LobbyJoinRequested{
			LobbyID: l.ID, UserID: userID, Name: r.Name, Message: r.Message, ExpiresAt: r.ExpiresAt,
		},
		Once: once,
	})
	if err != nil {
		return err
	}
	return s.sendNotice(ctx, l.HostID, l, r.At, Notice{
		Kind: NoticeJoinRequested, ID: fmt.Sprintf("%s/%d/%s", l.ID, r.Version, userID), FromID: userID, FromName: r.Name,
		Message: r.Message, ExpiresAt: r.ExpiresAt,
	})
}

// onceTold keeps what a lobby has to tell a user from being told twice: longer than
// it is told again.
func (s *Service) onceNotified(l rules.Lobby, key string) *stream.Once {
	return &stream.Once{Scope: string(StreamID(l.ID)), Key: key, TTL: 2 * rules.InviteTTL}
}

// Look does what is due in a lobby, for stream.Deadlines: it tells when to look
// again, the zero time for never.
func (s *Service) Look(ctx context.Context, id stream.ID) (time.Time, error) {
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
