package chat

import (
	"context"
	"errors"
	"fmt"

	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/internal/core/userstream"
	"github.com/anteroom/anteroom/runtime/wire"
)

// maxExcerpt is the number of characters of a message in a notice.
const maxExcerpt = 140

// checkMentions refuses mentions of users who are not in the channel.
func (s *Service) checkMentions(ctx context.Context, p Policy, m wire.ChatMessage) error {
	if p.UnknownMembers {
		return nil
	}
	for i, id := range m.Mentions {
		if id == m.UserID {
			continue
		}
		if err := s.checkMember(ctx, m.Channel, id, fmt.Sprintf("mentions[%d]", i)); err != nil {
			return err
		}
	}
	return nil
}

// recipients returns the users who get a notice of a message on their user streams, with its
// cause.
func recipients(p Policy, m wire.ChatMessage) map[string]string {
	causes := map[string]string{}
	if p.UnknownMembers {
		return causes
	}
	for _, id := range m.Mentions {
		if id != m.UserID {
			causes[id] = wire.ChatCauseMention
		}
	}
	if p.Peer != "" {
		causes[p.Peer] = wire.ChatCauseDirect
	}
	return causes
}

// notifyRecipients sends the notice of a message to its recipients, once each, before the
// message is acknowledged. A client without an acknowledgement repeats the request with its
// key, and the repeat notifies the remaining recipients.
func (s *Service) notifyRecipients(ctx context.Context, p Policy, m wire.ChatMessage, sent Sent) error {
	for userID, cause := range recipients(p, m) {
		notice := wire.ChatNotice{
			Cause: cause, Channel: m.Channel, Seq: sent.At.Seq, ID: sent.ID,
			UserID: m.UserID, Name: m.Name, Text: excerpt(m.Text),
		}
		_, err := s.users.Publish(ctx, userID, userstream.Message{
			Cause: userstream.ByUsers, Event: wire.EventChatNotice, Payload: notice,
			Once: &stream.Once{Scope: "chat", Key: sent.ID, TTL: s.IdempotencyTTL},
		})
		if err != nil {
			return fmt.Errorf("push the notice of a message: %w", err)
		}
		if err := s.notifyInbox(ctx, userID, notice); err != nil {
			return fmt.Errorf("notify the inbox of a message: %w", err)
		}
	}
	return nil
}

// withdrawNotices pushes to the recipients of a message that it was deleted, once each, before
// the deletion is acknowledged.
func (s *Service) withdrawNotices(ctx context.Context, c request.Call, p Policy, m Message) error {
	sent := m.ChatMessage
	sent.Mentions = m.Mentioned
	if p.Peer == m.UserID {
		p.Peer = c.ID // the policy belongs to the peer, who deletes the sender's message
	}
	for userID := range recipients(p, sent) {
		_, err := s.users.Publish(ctx, userID, userstream.Message{
			Cause:   userstream.ByUsers,
			Event:   wire.EventChatNoticeRemoved,
			Payload: wire.ChatNoticeRemoved{Channel: m.Channel, Seq: m.Seq, ID: m.ID},
			Once:    &stream.Once{Scope: "chat", Key: "removed:" + m.ID, TTL: s.IdempotencyTTL},
		})
		if err != nil {
			return fmt.Errorf("push the notice of a deletion: %w", err)
		}
		if err := s.withdrawFromInbox(ctx, userID, m.Channel, m.ID, 0); err != nil {
			return fmt.Errorf("withdraw a notification: %w", err)
		}
	}
	return nil
}

// excerpt returns the beginning of a text.
func excerpt(text string) string {
	n := 0
	for i := range text {
		if n == maxExcerpt {
			return text[:i]
		}
		n++
	}
	return text
}

func isRefusal(err error) bool {
	var refused *wire.Error
	return errors.As(err, &refused)
}
