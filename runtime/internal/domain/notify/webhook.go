package notify

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/wire"
)

// callBody is the body of a call to the webhook.
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

// startDueCalls begins the calls of the webhook that are due. They are marked in the inbox
// before they begin, so that no other pod begins them too; one whose pod dies, or that
// fails, is due again after its pause.
func (s *Service) startDueCalls(ctx context.Context, b Inbox) (Inbox, error) {
	away, err := s.Connections(ctx, b.UserID)
	if err != nil {
		return b, err
	}
	var begun []Item
	out, err := s.keeper.Change(ctx, b.UserID, nil, asTransition(func(b Inbox) (Inbox, bool, error) {
		next, due, changed := b.StartCalls(away, s.Rules, parallelCalls-len(s.calls), s.Now())
		begun = due
		return next, changed, nil
	}))
	if err != nil {
		return b, err
	}
	for _, item := range begun {
		go s.callWebhook(stream.Detached(ctx), out.State, item)
	}
	return out.State, nil
}

// callFor carries out a call that was begun; when all places are taken, the call is
// left to its next try.
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
	note := callOutcome(s.Ports.Call(ctx, item.ID, body))
	if note == nil {
		return // tried again, see firstPause
	}
	// Where it cannot be noted, the call is made again under the same id.
	_, _ = s.keeper.Change(ctx, b.UserID, nil, asTransition(func(b Inbox) (Inbox, bool, error) { return infallible(note(b, item.ID, s.Now())) }))
}

// callOutcome is what is noted of a call that gave an error or none; nil for nothing.
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
