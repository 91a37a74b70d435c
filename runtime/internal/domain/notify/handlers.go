package notify

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/wire"
)

// Handlers implement the wire contract of notifications: a method for each request.
type Handlers struct{ service *Service }

// scopeTopic and a topic's name, or an asterisk for all topics, is the scope to subscribe where
// the cluster requires scopes for topics.
const scopeTopic = "notify:topic:"

// NewHandlers makes the Handlers of a service.
func NewHandlers(s *Service) *Handlers { return &Handlers{service: s} }

// List is notify:list.
func (h *Handlers) List(ctx context.Context, call request.Call, req *wire.NotifyList) (request.Reply, error) {
	b, err := h.service.load(ctx, call.ID)
	if err != nil {
		return request.Reply{}, err
	}
	page, err := b.List(req, h.service.Now())
	return request.Reply{Data: page}, err
}

// Ack is notify:ack.
func (h *Handlers) Ack(ctx context.Context, call request.Call, req *wire.NotifyAck) (request.Reply, error) {
	return h.change(ctx, call, func(b Inbox) (Inbox, bool, error) { return infallible(b.Ack(req.IDs, h.service.Now())) })
}

// Read is notify:read.
func (h *Handlers) Read(ctx context.Context, call request.Call, req *wire.NotifyRead) (request.Reply, error) {
	return h.change(ctx, call, func(b Inbox) (Inbox, bool, error) { return b.Read(req, h.service.Now()) })
}

// Delete is notify:delete.
func (h *Handlers) Delete(ctx context.Context, call request.Call, req *wire.NotifyDelete) (request.Reply, error) {
	return h.change(ctx, call, func(b Inbox) (Inbox, bool, error) { return infallible(b.Delete(req.IDs, h.service.Now())) })
}

func (h *Handlers) change(ctx context.Context, call request.Call, r rule) (request.Reply, error) {
	b, err := h.service.change(ctx, call.ID, h.service.once(call), r)
	if err != nil {
		return request.Reply{}, err
	}
	return request.Reply{Data: b.badge()}, nil
}

// Subscribe is notify:subscribe.
func (h *Handlers) Subscribe(ctx context.Context, call request.Call, req *wire.NotifyTopics) (request.Reply, error) {
	if h.service.TopicScopes {
		for _, topic := range req.Topics {
			if !call.Has(scopeTopic+topic) && !call.Has(scopeTopic+"*") {
				return request.Reply{}, wire.Refuse(wire.CodePermissionDenied, "your token has no scope "+scopeTopic+topic)
			}
		}
	}
	return subscribed(h.service.Subscribe(ctx, call.ID, h.service.once(call), req.Topics))
}

// Unsubscribe is notify:unsubscribe.
func (h *Handlers) Unsubscribe(ctx context.Context, call request.Call, req *wire.NotifyTopics) (request.Reply, error) {
	return subscribed(h.service.Unsubscribe(ctx, call.ID, h.service.once(call), req.Topics))
}

func subscribed(b Inbox, err error) (request.Reply, error) {
	if err != nil {
		return request.Reply{}, err
	}
	topics := b.Topics
	if topics == nil {
		topics = []string{}
	}
	return request.Reply{Data: wire.NotifySubscribed{Topics: topics}}, nil
}

// SessionOpened pushes the unacknowledged notifications to a session that connects.
// Notifications that were never pushed go to all devices of the user. The others go to this
// session alone, because no connection of the user is known to have received them.
func (s *Service) SessionOpened(ctx context.Context, c request.Caller) error {
	b, err := s.load(ctx, c.ID)
	if err != nil || !b.HasUnacked() {
		return err
	}
	again := b.PushedUnacked(s.Now())
	if b, err = s.change(ctx, c.ID, nil, func(b Inbox) (Inbox, bool, error) { return infallible(b.Deliver(s.Now())) }); err != nil {
		return err
	}
	if s.Push == nil || len(again) == 0 {
		return nil
	}
	for _, i := range again {
		if err := s.push(c.SessionID, wire.EventNotifyNew, wire.NotifyNew{Notification: i.View(), Replaces: i.Replaces}); err != nil {
			return err
		}
	}
	return s.push(c.SessionID, wire.EventNotifyBadge, b.badge())
}

// push pushes an event to one session.
func (s *Service) push(sessionID, event string, payload any) error {
	data, err := json.Marshal(payload)
	if err != nil {
		return fmt.Errorf("encode %s: %w", event, err)
	}
	s.Push(sessionID, event, data)
	return nil
}
