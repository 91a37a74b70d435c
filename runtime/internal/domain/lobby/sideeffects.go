package lobby

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/internal/core/userstream"
	"github.com/anteroom/anteroom/runtime/internal/domain/lobby/rules"
	"github.com/anteroom/anteroom/runtime/wire"
)

// sideEffect is what a change of a lobby causes for a user. Applying it again has no further
// effect: a message is published once, and an entry is removed once.
type sideEffect struct {
	userID string
	// message is published on the user's stream; nil for none.
	message *userstream.Message
	// notice is sent after the message; nil for none. at is the time of its event, in
	// milliseconds since the epoch.
	notice *Notice
	at     int64
	// ended says that the membership with membershipID has ended.
	ended        bool
	membershipID string
}

// effectFilter reports whether the side effects of a change are to be applied.
type effectFilter func(rules.Stamp) bool

// causedSince selects the side effects of changes after a version; with all, of all changes.
func causedSince(version uint64, all bool) effectFilter {
	return func(stamp rules.Stamp) bool { return all || stamp.Version > version }
}

// applySideEffects applies the selected side effects of a committed lobby. The join code stays
// claimed until its TTL, so that a user who joins with the code of a closed lobby gets
// code_expired.
func (s *Service) applySideEffects(ctx context.Context, l rules.Lobby, selected effectFilter) error {
	var errs []error
	for _, e := range sideEffectsOf(l, selected) {
		errs = append(errs, s.applySideEffect(ctx, l, e))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("apply the side effects of lobby %s: %w", l.ID, err)
	}
	return nil
}

func (s *Service) applySideEffect(ctx context.Context, l rules.Lobby, e sideEffect) error {
	var failures []error
	if e.message != nil {
		_, err := s.users.Publish(ctx, e.userID, *e.message)
		if err == nil && e.notice != nil {
			err = s.sendNotice(ctx, e.userID, l, e.at, *e.notice)
		}
		failures = append(failures, err)
	}
	if e.ended {
		failures = append(failures, s.removeMembership(ctx, e.userID, e.membershipID, l))
	}
	return errors.Join(failures...)
}

// sideEffectsOf returns the selected side effects of a lobby: for departed users, for all
// members of a closed lobby, for members with a reserved place, and for invites and requests.
func sideEffectsOf(l rules.Lobby, selected effectFilter) (effects []sideEffect) {
	for _, d := range l.Departed {
		if selected(rules.Stamp{Version: d.Version, At: d.At}) {
			effects = append(effects, onDeparture(l, d))
		}
	}
	for id, m := range l.Members {
		switch {
		case l.Closed():
			effects = append(effects, onDeparture(l, rules.Departure{
				UserID: id, Reason: rules.ReasonClosed, MembershipID: m.MembershipID, Version: l.Version,
			}))
		case m.Reserved != nil && selected(m.Reserved.Stamp):
			effects = append(effects, onReservedPlace(l, id, m))
		}
	}
	for id, i := range l.Invites {
		if selected(i.Stamp) {
			effects = append(effects, onInvite(l, id, i))
		}
	}
	for id, r := range l.Requests {
		if selected(r.Stamp) && (r.Declined || l.HostID != "") { // without a host, the next host gets the request
			effects = append(effects, onJoinRequest(l, id, r))
		}
	}
	return effects
}

// onDeparture ends a membership and publishes lobby:removed, which unsubscribes the user's
// sessions. A user who joined again keeps the new membership and gets no lobby:removed.
func onDeparture(l rules.Lobby, d rules.Departure) sideEffect {
	e := sideEffect{userID: d.UserID, at: d.At, ended: true, membershipID: d.MembershipID}
	if d.Silent || l.Has(d.UserID) && !l.Closed() {
		return e
	}
	e.message = &userstream.Message{
		Cause:    userstream.ByUsers,
		Event:    wire.EventLobbyRemoved,
		Payload:  wire.LobbyRemoved{LobbyID: l.ID, Reason: d.Reason, Message: d.Message, Version: d.Version},
		Unfollow: []stream.ID{StreamID(l.ID), ChatStream(l.ID)},
		Over:     l.Closed(),
		Once:     onceNotified(l, fmt.Sprint(d.Version)),
	}
	if d.Reason == rules.ReasonKicked || d.Reason == rules.ReasonBanned {
		e.notice = &Notice{
			Kind: NoticeKicked, ID: fmt.Sprintf("%s/%d", l.ID, d.Version), FromID: d.By, Message: d.Message,
		}
	}
	return e
}

// onInvite publishes lobby:invited to the invited user.
func onInvite(l rules.Lobby, userID string, i rules.Invite) sideEffect {
	return sideEffect{
		userID: userID, at: i.At,
		message: &userstream.Message{
			Cause: userstream.ByUsers,
			Event: wire.EventLobbyInvited,
			Payload: wire.LobbyInvited{
				InviteID: i.ID, LobbyID: l.ID, Type: l.Policy.Type, Name: l.Name,
				FromID: i.From, FromName: i.FromName, Requested: i.Requested, ExpiresAt: i.ExpiresAt,
			},
			Once: onceNotified(l, fmt.Sprintf("invite/%d", i.Version)),
		},
		notice: &Notice{
			Kind: NoticeInvited, ID: fmt.Sprintf("%s/%d", i.ID, i.Version), FromID: i.From, FromName: i.FromName,
			InviteID: i.ID, ExpiresAt: i.ExpiresAt,
		},
	}
}

// onReservedPlace publishes lobby:joined to a member whose place was reserved by another user, a
// match or a back end.
func onReservedPlace(l rules.Lobby, userID string, m rules.Member) sideEffect {
	r := m.Reserved
	return sideEffect{
		userID: userID, at: r.At,
		message: &userstream.Message{
			Cause: userstream.ByUsers,
			Event: wire.EventLobbyJoined,
			Payload: wire.LobbyJoined{
				LobbyID: l.ID, Type: l.Policy.Type, Name: l.Name, PartyID: r.Party, FromID: r.By, FromName: r.ByName,
				Reason: cmp.Or(r.Reason, wire.JoinedWithParty), ExpiresAt: m.LeavesAt(l.Policy.Lifecycle.DisconnectGrace),
			},
			Once: onceNotified(l, fmt.Sprintf("brought/%d", r.Version)),
		},
	}
}

// onJoinRequest publishes lobby:joinRequested to the host, or lobby:joinDeclined to the user.
func onJoinRequest(l rules.Lobby, userID string, r rules.Request) sideEffect {
	once := onceNotified(l, fmt.Sprintf("request/%d/%s", r.Version, userID))
	if r.Declined {
		return sideEffect{userID: userID, at: r.At, message: &userstream.Message{
			Cause: userstream.ByUsers,
			Event: wire.EventLobbyJoinDeclined, Payload: wire.LobbyJoinDeclined{LobbyID: l.ID}, Once: once,
		}}
	}
	return sideEffect{
		userID: l.HostID, at: r.At,
		message: &userstream.Message{
			Cause: userstream.ByUsers,
			Event: wire.EventLobbyJoinRequested,
			Payload: wire.LobbyJoinRequested{
				LobbyID: l.ID, UserID: userID, Name: r.Name, Message: r.Message, ExpiresAt: r.ExpiresAt,
			},
			Once: once,
		},
		notice: &Notice{
			Kind: NoticeJoinRequested, ID: fmt.Sprintf("%s/%d/%s", l.ID, r.Version, userID), FromID: userID, FromName: r.Name,
			Message: r.Message, ExpiresAt: r.ExpiresAt,
		},
	}
}

// onceNotified keeps a message of a lobby from being published twice. Its TTL exceeds the time in
// which side effects are applied again.
func onceNotified(l rules.Lobby, key string) *stream.Once {
	return &stream.Once{Scope: string(StreamID(l.ID)), Key: key, TTL: 2 * rules.InviteTTL}
}
