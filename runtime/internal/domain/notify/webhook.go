package notify

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/wire"
)

// callBody is the body of a webhook call.
type callBody struct {
	Type      string   `json:"type"`
	Timestamp string   `json:"timestamp"`
	Data      callData `json:"data"`
}

type callData struct {
	UserID       string            `json:"userId"`
	Notification wire.Notification `json:"notification"`
	Unread       int               `json:"unread"`
}

// startDueCalls starts the due webhook calls. It first schedules their next attempts in the
// inbox, so that no other pod starts them too. A call that fails, or whose pod dies, is due
// again at its next attempt.
func (s *Service) startDueCalls(ctx context.Context, b Inbox) (Inbox, error) {
	away, err := s.Connections(ctx, b.UserID)
	if err != nil {
		return b, err
	}
	var started []Item
	out, err := s.keeper.Change(ctx, b.UserID, nil, asTransition(func(b Inbox) (Inbox, bool, error) {
		next, due, changed := b.StartCalls(away, s.Rules, parallelCalls-len(s.calls), s.Now())
		started = due
		return next, changed, nil
	}))
	if err != nil {
		return b, err
	}
	for _, item := range started {
		go s.callWebhook(stream.Detached(ctx), out.State, item)
	}
	return out.State, nil
}

// callWebhook makes one call. When the pod has parallelCalls running, the call waits for its
// next attempt.
func (s *Service) callWebhook(ctx context.Context, b Inbox, item Item) {
	select {
	case s.calls <- struct{}{}:
		defer func() { <-s.calls }()
	default:
		return
	}
	body, err := json.Marshal(callBody{
		Type: "notification.offline", Timestamp: s.Now().UTC().Format(time.RFC3339),
		Data: callData{UserID: b.UserID, Notification: item.View(), Unread: b.Unread()},
	})
	if err != nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	apply := callOutcome(s.Ports.Call(ctx, item.ID, body))
	if apply == nil {
		return // the next attempt is scheduled, see firstPause
	}
	// If this change fails, the call is repeated with the same id.
	_, _ = s.keeper.Change(ctx, b.UserID, nil, asTransition(func(b Inbox) (Inbox, bool, error) { return infallible(apply(b, item.ID, s.Now())) }))
}

// callOutcome returns the change of the inbox after a call; nil for none.
func callOutcome(err error) func(b Inbox, id string, now time.Time) (Inbox, bool) {
	var declined *Declined
	switch {
	case err == nil:
		return Inbox.CallAnswered
	case !errors.As(err, &declined):
		return nil
	case declined.Final:
		return Inbox.CallAnswered
	case declined.RetryAfter > 0:
		return func(b Inbox, id string, now time.Time) (Inbox, bool) {
			return b.PostponeCall(id, declined.RetryAfter, now)
		}
	}
	return nil
}
