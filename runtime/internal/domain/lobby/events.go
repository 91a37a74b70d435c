package lobby

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/domain/lobby/rules"
	"github.com/anteroom/anteroom/runtime/wire"
)

// NoticeKind is what a [Notice] is about.
type NoticeKind string

// What users are notified of.
const (
	NoticeInvited       NoticeKind = "invited"
	NoticeJoinRequested NoticeKind = "join_requested" // to the host
	NoticeKicked        NoticeKind = "kicked"         // also banned, and voted out
)

// Notice is what a user should learn even if it is not connected.
type Notice struct {
	Kind NoticeKind
	// ID is the same for the same occurrence, so that it can be notified once.
	ID                 string
	LobbyID, LobbyName string
	LobbyType          string
	// FromID and FromName are the user behind it: who invites, asks, or removed.
	FromID, FromName string
	// InviteID is set when invited.
	InviteID string
	// ExpiresAt is until when it matters, in milliseconds since the epoch; 0 for ever.
	ExpiresAt int64
	Message   string
}

// Notifier tells users what they should not miss. It is called after the commit, also
// more than once with the same ID; its error does not fail the command, and has it called
// again.
type Notifier interface {
	Notify(ctx context.Context, userID string, n Notice) error
}

// Observer is told what became of users, after the commit. It must return soon and
// cannot fail the command. After a crash it may have missed something.
type Observer interface {
	// Joined: the user is a member of the lobby from now on.
	Joined(ctx context.Context, userID, lobbyID string)
	// Left: the user is no longer a member; also when the lobby closed.
	Left(ctx context.Context, userID, lobbyID string)
	// MatchStarted and MatchEnded name the members at that moment; who comes later is
	// named then. A lobby that closes in its match ends it first.
	MatchStarted(ctx context.Context, userIDs []string, lobbyID string)
	MatchEnded(ctx context.Context, userIDs []string, lobbyID string)
}

// observe tells the observer what a commit changed.
func (s *Service) observe(ctx context.Context, before, after rules.Lobby) {
	if s.Observer == nil {
		return
	}
	was, is := before.Status == wire.LobbyInMatch, after.Status == wire.LobbyInMatch
	var late []string // who came while the match ran
	for _, id := range slices.Sorted(maps.Keys(after.Members)) {
		if before.Has(id) || after.Closed() {
			continue
		}
		s.Observer.Joined(ctx, id, after.ID)
		if was && is {
			late = append(late, id)
		}
	}
	if len(late) > 0 {
		s.Observer.MatchStarted(ctx, late, after.ID)
	}
	if !was && is {
		s.Observer.MatchStarted(ctx, slices.Sorted(maps.Keys(after.Members)), after.ID)
	}
	if was && !is {
		s.Observer.MatchEnded(ctx, slices.Sorted(maps.Keys(before.Members)), after.ID)
	}
	for _, id := range slices.Sorted(maps.Keys(before.Members)) {
		if !before.Closed() && (after.Closed() || !after.Has(id)) {
			s.Observer.Left(ctx, id, after.ID)
		}
	}
}

// noticeFor is how long a notice is passed on again, in case it was not; less, where its
// ID is known for less than twice that.
const noticeWindow = time.Minute

// notify passes a notice of something that happened at a time on, if there is someone to
// take it. One that is refused is let go.
func (s *Service) sendNotice(ctx context.Context, userID string, l rules.Lobby, at int64, n Notice) error {
	known := min(noticeWindow, s.IdempotencyTTL/2)
	if s.Notifier == nil || s.Now().Sub(time.UnixMilli(at)) > known {
		return nil
	}
	n.LobbyID, n.LobbyName, n.LobbyType = l.ID, l.Name, l.Policy.Type
	err := s.Notifier.Notify(ctx, userID, n)
	if wire.CodeOf(err) != "" {
		return nil
	}
	return err
}
