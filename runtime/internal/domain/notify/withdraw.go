package notify

import (
	"context"
	"encoding/json"
	"time"

	"github.com/anteroom/anteroom/runtime/wire"
)

// Withdraw takes out what users caused with a collapse key, where goes says so of its data.
func (b Inbox) Withdraw(collapseKey string, goes func(json.RawMessage) bool, now time.Time) (Inbox, bool) {
	e := b.edit(now)
	e.byUsers = true
	e.removeItems(func(i Item) bool { return i.ByUsers && i.CollapseKey == collapseKey && goes(i.Data) }, wire.NotifyChangedDeleted)
	return e.finish()
}

// Withdraw takes a notification that users caused out of an inbox: see [Inbox.Withdraw]. An
// inbox without it costs one read.
func (s *Service) Withdraw(ctx context.Context, userID, collapseKey string, goes func(json.RawMessage) bool) error {
	b, err := s.load(ctx, userID)
	if err != nil {
		return err
	}
	if _, changed := b.Withdraw(collapseKey, goes, s.Now()); !changed {
		return nil
	}
	_, err = s.change(ctx, userID, nil, func(b Inbox) (Inbox, bool, error) {
		return infallible(b.Withdraw(collapseKey, goes, s.Now()))
	})
	return err
}
