package serverapi

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/domain/notify"
	"github.com/anteroom/anteroom/runtime/wire"
)

// NotificationRequest notifies users. Offline users find the notification in their inboxes. Give
// userIds or topic.
type NotificationRequest struct {
	UserIDs []string `json:"userIds,omitempty" validate:"max=500,dive,required,max=128"`
	// Topic is for all who subscribed to it.
	Topic string `json:"topic,omitempty" validate:"max=64"`
	// Type is what kind of notification it is, with letters, digits and _.:/-.
	Type  string `json:"type" validate:"required,max=64"`
	Title string `json:"title,omitempty" validate:"max=128"`
	Body  string `json:"body,omitempty" validate:"max=1024"`
	// Data is any JSON of at most 2 KiB.
	Data json.RawMessage `json:"data,omitempty"`
	// CollapseKey has it take the place of an earlier one with the same key.
	CollapseKey string `json:"collapseKey,omitempty" validate:"max=64"`
	// TTLMs is for how long it matters, in milliseconds; 0, or left out, means as long as
	// inboxes keep it.
	TTLMs int64 `json:"ttlMs,omitempty" validate:"min=0,max=31536000000"`
}

// Notified has the ids of the notifications, in the order of the users; a topic's is the
// same for all who subscribed.
type Notified struct {
	IDs []string `json:"ids"`
	// OnlineRecipients counts the users who are connected; it is 0 for a topic, whose
	// subscribers are reached within seconds.
	OnlineRecipients int `json:"onlineRecipients"`
}

func (s *Server) registerNotifications() {
	if s.Inboxes == nil {
		return
	}
	post(s, "/v1/notifications", "Notify up to 500 users, or all who subscribed to a topic",
		func(ctx context.Context, c call, req *NotificationRequest) (*Notified, error) {
			n := notify.Notification{
				Type: req.Type, Title: req.Title, Body: req.Body, Data: req.Data, CollapseKey: req.CollapseKey,
				TTL: time.Duration(req.TTLMs) * time.Millisecond,
			}
			if err := checkName("type", req.Type); err != nil {
				return nil, err
			}
			if (len(req.UserIDs) > 0) == (req.Topic != "") {
				return nil, wire.Invalid("userIds", "give one of userIds and topic")
			}
			if err := checkUsers("userIds", req.UserIDs); err != nil {
				return nil, err
			}
			return s.notify(ctx, c.key, "", n, req.Topic, req.UserIDs)
		})
}

// notify notifies a topic, or users one after the other: when it breaks off, the same
// request with the same key does the rest. Part tells the notifications of one request
// apart.
func (s *Server) notify(ctx context.Context, key, part string, n notify.Notification, topic string, users []string) (*Notified, error) {
	if s.Inboxes == nil {
		return nil, wire.Refuse(wire.CodeNotFound, "the feature notifications is switched off on this cluster")
	}
	if key != "" {
		n.Key = fmt.Sprintf("%s %s %s", scope, key, part)
	}
	if topic != "" {
		n.Topic = topic
		id, err := s.Inboxes.NotifyTopic(ctx, n)
		return &Notified{IDs: []string{id}}, err
	}
	if err := s.admit(len(users)); err != nil {
		return nil, err
	}
	online, err := s.Online.Online(ctx, users...)
	if err != nil {
		return nil, err
	}
	out := &Notified{IDs: make([]string, len(users)), OnlineRecipients: online}
	for i, user := range users {
		if out.IDs[i], err = s.Inboxes.Notify(ctx, user, n); err != nil {
			return nil, err
		}
	}
	return out, nil
}
