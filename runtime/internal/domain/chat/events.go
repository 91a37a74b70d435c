package chat

import (
	"context"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/wire"
)

// Missed is a message for a user who may be offline.
type Missed struct {
	wire.ChatNotice
	// Unread is the user's number of unread messages in the channel, at most 50; MoreUnread
	// reports that there are more.
	Unread     int
	MoreUnread bool
}

// Events are the events of chat for inboxes, which keep one notification for each channel of a
// user.
type Events interface {
	// Wants reports whether a user gets a notification of a message with this cause. It is
	// false for a user who is online.
	Wants(ctx context.Context, userID, cause string) (bool, error)
	// Missed notifies a user of a message, once for its id. The notification replaces that of
	// an earlier message of the channel.
	Missed(ctx context.Context, userID string, m Missed) error
	// Withdrawn withdraws the notification of a channel if its message has this id, or a seq of
	// at most readTo.
	Withdrawn(ctx context.Context, userID, channel, id string, readTo uint64) error
}

// notifyInbox sends a notice to the inbox of a user who is offline.
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

// withdrawFromInbox withdraws the notification of a channel.
func (s *Service) withdrawFromInbox(ctx context.Context, userID, channel, id string, readTo uint64) error {
	if s.Events == nil {
		return nil
	}
	return s.Events.Withdrawn(ctx, userID, channel, id, readTo)
}
