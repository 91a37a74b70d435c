package app

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/anteroom/anteroom/api/config/v1alpha1"
	"github.com/anteroom/anteroom/runtime/internal/domain/chat"
	"github.com/anteroom/anteroom/runtime/internal/domain/notify"
	"github.com/anteroom/anteroom/runtime/wire"
)

// chatNotices puts messages into the inboxes of users who are offline; it is chat.Inboxes.
type chatNotices struct {
	notices
	of v1alpha1.ChatNotifications
}

// missedData is what a client and the offline webhook get of a message.
type missedData struct {
	Channel    string `json:"channel"`
	Seq        uint64 `json:"seq"`
	ID         string `json:"id"`
	FromID     string `json:"fromId"`
	FromName   string `json:"fromName,omitempty"`
	Text       string `json:"text,omitempty"`
	Unread     int    `json:"unread"`
	MoreUnread bool   `json:"moreUnread,omitempty"`
}

// maxMissedData is how many bytes the data of a notification may have.
const maxMissedData = 2 << 10

// newChatNotices gives nil where the cluster wants none.
func (a *App) newChatNotices(n notices) chat.Events {
	of := a.settings.config.Notifications.Chat
	if n.inbox == nil || of == (v1alpha1.ChatNotifications{}) {
		return nil
	}
	return chatNotices{n, of}
}

// Wants implements chat.Events.
func (n chatNotices) Wants(ctx context.Context, userID, cause string) (bool, error) {
	if cause == wire.ChatCauseDirect && !n.of.Direct || cause == wire.ChatCauseMention && !n.of.Mentions {
		return false, nil
	}
	user, err := n.away(ctx, userID)
	return err == nil && !user.Online, err
}

// Missed implements chat.Events. A text that does not fit is left out.
func (n chatNotices) Missed(ctx context.Context, userID string, m chat.Missed) error {
	d := missedData{
		Channel: m.Channel, Seq: m.Seq, ID: m.ID, FromID: m.UserID, FromName: m.Name, Text: m.Text,
		Unread: m.Unread, MoreUnread: m.MoreUnread,
	}
	data, err := json.Marshal(d)
	if err == nil && len(data) > maxMissedData {
		d.Text = ""
		data, err = json.Marshal(d)
	}
	if err != nil {
		return fmt.Errorf("encode a missed message: %w", err)
	}
	_, err = n.inbox.Notify(ctx, userID, notify.Notification{
		Key: "chat " + m.ID, Type: "chat." + m.Cause, Data: data, ByUser: m.UserID, CollapseKey: collapse("chat", m.Channel, ""),
	})
	if wire.CodeOf(err) != "" {
		n.log.WarnContext(ctx, "a user is not notified", "type", "chat."+m.Cause, "error", err)
		return nil
	}
	return err
}

// Withdrawn implements chat.Events.
func (n chatNotices) Withdrawn(ctx context.Context, userID, channel, id string, readTo uint64) error {
	return n.inbox.Withdraw(ctx, userID, collapse("chat", channel, ""), func(data json.RawMessage) bool {
		var d missedData
		return json.Unmarshal(data, &d) == nil && (d.ID == id || d.Seq <= readTo)
	})
}
