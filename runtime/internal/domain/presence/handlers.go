package presence

import (
	"context"

	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/wire"
)

// Handlers implement the wire contract of presence: a method for each request.
type Handlers struct {
	service *Service
	watcher *Watcher
}

// NewHandlers makes the Handlers of a service.
func NewHandlers(s *Service, w *Watcher) *Handlers { return &Handlers{service: s, watcher: w} }

// Set is presence:set.
func (h *Handlers) Set(ctx context.Context, call request.Call, req *wire.PresenceSet) (request.Reply, error) {
	u, err := h.service.Set(ctx, call, req)
	if err != nil {
		return request.Reply{}, err
	}
	return request.Reply{Data: wire.PresenceState{Presence: u.Self(h.service.Rules, h.service.Now())}}, nil
}

// Get is presence:get. The caller sees its own full presence.
func (h *Handlers) Get(ctx context.Context, call request.Call, req *wire.PresenceGet) (request.Reply, error) {
	ids := req.UserIDs
	if len(ids) == 0 {
		ids = []string{call.ID}
	}
	users, err := h.service.users(ctx, ids)
	if err != nil {
		return request.Reply{}, err
	}
	now := h.service.Now()
	all := wire.Presences{Presences: make([]wire.Presence, len(users))}
	for i, u := range users {
		if all.Presences[i] = u.View(h.service.Rules, now); u.ID == call.ID {
			all.Presences[i] = u.Self(h.service.Rules, now)
		}
	}
	return request.Reply{Data: all}, nil
}

// Subscribe is presence:subscribe.
func (h *Handlers) Subscribe(ctx context.Context, call request.Call, req *wire.PresenceSubscribe) (request.Reply, error) {
	session := h.watcher.session(call.SessionID, call.Push)
	var views []wire.Presence
	var err error
	if req.List != "" {
		views, err = h.watcher.WatchList(ctx, session, call.ID, req.List)
	} else {
		views, err = h.watcher.Watch(ctx, session, req.UserIDs)
	}
	if err != nil {
		return request.Reply{}, err
	}
	return request.Reply{Data: wire.Presences{Presences: views}}, nil
}

// Unsubscribe is presence:unsubscribe.
func (h *Handlers) Unsubscribe(ctx context.Context, call request.Call, req *wire.PresenceSubscribe) (request.Reply, error) {
	session := h.watcher.session(call.SessionID, call.Push)
	if req.List != "" {
		return request.Reply{}, h.watcher.UnwatchList(ctx, session, req.List)
	}
	return request.Reply{}, h.watcher.Unwatch(ctx, session, req.UserIDs)
}

// Activity is presence:activity.
func (h *Handlers) Activity(ctx context.Context, call request.Call, _ *wire.PresenceActivity) (request.Reply, error) {
	return request.Reply{}, h.service.Act(ctx, call.Caller)
}
