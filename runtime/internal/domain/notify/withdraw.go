package notify

import (
	"context"
	"encoding/json"
	"time"

	"github.com/anteroom/anteroom/runtime/wire"
)

// Withdraw removes the notifications that users caused with a collapse key, if matches accepts
// their data.
func (b Inbox) Withdraw(collapseKey string, matches func(json.RawMessage) bool, now time.Time) (Inbox, bool) {
	e := b.edit(now)
	e.byUsers = true
	e.removeItems(func(i Item) bool { return i.ByUsers && i.CollapseKey == collapseKey && matches(i.Data) }, wire.NotifyChangedDeleted)
	return e.finish()
}

// Withdraw removes notifications that users caused from an inbox: see [Inbox.Withdraw]. If none
// matches, it costs one read.
func (s *Service) Withdraw(ctx context.Context, userID, collapseKey string, matches func(json.RawMessage) bool) error {
	b, err := s.load(ctx, userID)
	if err != nil {
		return err
	}
	if _, changed := b.Withdraw(collapseKey, matches, s.Now()); !changed {
		return nil
	}
	_, err = s.change(ctx, userID, nil, func(b Inbox) (Inbox, bool, error) {
		return infallible(b.Withdraw(collapseKey, matches, s.Now()))
	})
	return err
}
