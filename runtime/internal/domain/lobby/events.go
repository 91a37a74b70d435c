package lobby

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/domain/lobby/rules"
	"github.com/anteroom/anteroom/runtime/wire"
)

// NoticeKind is the kind of a [Notice].
type NoticeKind string

// The kinds of notices.
const (
	NoticeInvited       NoticeKind = "invited"
	NoticeJoinRequested NoticeKind = "join_requested" // to the host
	NoticeKicked        NoticeKind = "kicked"         // also banned, and voted out
)

// Notice is the content of a notification, which reaches a user without a session too.
type Notice struct {
	Kind NoticeKind
	// ID identifies the event: it is notified once.
	ID                 string
	LobbyID, LobbyName string
	LobbyType          string
	// FromID and FromName are the user who caused the event; "" for a vote.
	FromID, FromName string
	// InviteID is set for an invite.
	InviteID string
	// ExpiresAt is the end of the notice, in milliseconds since the epoch; 0 for none.
	ExpiresAt int64
	Message   string
}

// Events receives the events of lobbies after their commit. Only Notify can be called again for
// the same event. A process that dies after a commit may lose the other calls. The calls must
// return soon and cannot fail a command.
type Events interface {
	// Joined reports that a user became a member.
	Joined(ctx context.Context, userID, lobbyID string)
	// Left reports that a membership ended, also because the lobby closed.
	Left(ctx context.Context, userID, lobbyID string)
	// MatchStarted reports that a match has these members, at its start or when they join later.
	MatchStarted(ctx context.Context, userIDs []string, lobbyID string)
	// MatchEnded reports the end of a match with its last members, also because the lobby closed.
	MatchEnded(ctx context.Context, userIDs []string, lobbyID string)
	// Notify sends a notification, once for the ID of the notice. After an error the call is
	// repeated.
	Notify(ctx context.Context, userID string, n Notice) error
}

// reportEvents reports the difference between two versions of a lobby.
func (s *Service) reportEvents(ctx context.Context, before, after rules.Lobby) {
	if s.Events == nil {
		return
	}
	was, is := before.Status == wire.LobbyInMatch, after.Status == wire.LobbyInMatch
	var late []string // joined during the match
	for _, id := range slices.Sorted(maps.Keys(after.Members)) {
		if before.Has(id) || after.Closed() {
			continue
		}
		s.Events.Joined(ctx, id, after.ID)
		if was && is {
			late = append(late, id)
		}
	}
	if len(late) > 0 {
		s.Events.MatchStarted(ctx, late, after.ID)
	}
	if !was && is {
		s.Events.MatchStarted(ctx, slices.Sorted(maps.Keys(after.Members)), after.ID)
	}
	if was && !is {
		s.Events.MatchEnded(ctx, slices.Sorted(maps.Keys(before.Members)), after.ID)
	}
	for _, id := range slices.Sorted(maps.Keys(before.Members)) {
		if !before.Closed() && (after.Closed() || !after.Has(id)) {
			s.Events.Left(ctx, id, after.ID)
		}
	}
}

// noticeWindow is how long after its event a notice is sent again. It is shorter where the
// idempotency of notices lasts less than twice as long.
const noticeWindow = time.Minute

// sendNotice sends the notice of an event, unless noticeWindow has passed. A refusal by the
// receiver is final.
func (s *Service) sendNotice(ctx context.Context, userID string, l rules.Lobby, at int64, n Notice) error {
	known := min(noticeWindow, s.IdempotencyTTL/2)
	if s.Events == nil || s.Now().Sub(time.UnixMilli(at)) > known {
		return nil
	}
	n.LobbyID, n.LobbyName, n.LobbyType = l.ID, l.Name, l.Policy.Type
	err := s.Events.Notify(ctx, userID, n)
	if wire.CodeOf(err) != "" {
		return nil
	}
	return err
}
