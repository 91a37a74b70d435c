package chat

import (
	"context"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/wire"
)

// Missed is a message for a user who may be offline.
type Missed struct {
	wire.ChatNotice
	// Unread is how many messages of the channel the user has not read, counted to 50, and
	// MoreUnread says that there are more.
	Unread     int
	MoreUnread bool
}

// Events keep messages for users who are offline, one notification a channel.
type Events interface {
	// Wants reports whether a user is to be notified of a message with this cause. It is
	// false for a user who is online.
	Wants(ctx context.Context, userID, cause string) (bool, error)
	// Missed notifies a user of a message, once for its id, in place of the notification of
	// an earlier message of the channel.
	Missed(ctx context.Context, userID string, m Missed) error
	// Withdraw takes the notification of a channel back if its message has this id, or a seq
	// of at most readTo.
	Withdrawn(ctx context.Context, userID, channel, id string, readTo uint64) error
}

// notifyInbox puts a notice into the inbox of a user who is offline.
func (s *Service) notifyInbox(ctx context.Context, userID string, n wire.ChatNotice) error {
	if s.Events == nil {
		return nil
	}
	wants, err := s.Events.Wants(ctx, userID, n.Cause)
	if err != nil || !wants {
		return err
	}
	marks, _, _, err := s.marks(ctx, n.Channel)
	if err != nil {
		return err
	}
	page, err := s.store.Page(ctx, StreamID(n.Channel), stream.PageQuery{Limit: listChunk})
	if err != nil {
		return err
	}
	m := Missed{ChatNotice: n}
	m.Unread, m.MoreUnread = unreadIn(page, userID, marks.ReadTo[userID])
	return s.Events.Missed(ctx, userID, m)
}

// withdrawFromInbox takes the notification of a channel back.
func (s *Service) withdrawFromInbox(ctx context.Context, userID, channel, id string, readTo uint64) error {
	if s.Events == nil {
		return nil
	}
	return s.Events.Withdrawn(ctx, userID, channel, id, readTo)
}
