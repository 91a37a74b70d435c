package notify

import (
	"slices"
	"strconv"
	"time"

	"github.com/anteroom/anteroom/runtime/wire"
)

// edit is a change of an inbox in progress.
type edit struct {
	Inbox
	now     int64
	changed bool
	// byUsers reports that another user causes the change.
	byUsers bool
}

// edit starts a change, and removes expired items.
func (b Inbox) edit(now time.Time) *edit {
	e := &edit{Inbox: b, now: ms(now)}
	e.Items = slices.Clone(b.Items)
	e.Topics = slices.Clone(b.Topics)
	e.Updates = slices.DeleteFunc(slices.Clone(b.Updates), func(u Update) bool {
		return u.At <= e.now-repushAfter.Milliseconds()
	})
	e.removeItems(func(i Item) bool { return i.ExpiresAt <= e.now }, wire.NotifyChangedExpired)
	return e
}

// finish ends a change; false when nothing has changed.
func (e *edit) finish() (Inbox, bool) {
	if e.changed {
		e.Before, e.ChangedAt, e.ByUsers = e.ChangedAt, e.now, e.byUsers
	}
	return e.Inbox, e.changed
}

// removeItems removes items and records the update.
func (e *edit) removeItems(which func(Item) bool, change wire.NotifyChange) {
	var ids []string
	e.Items = slices.DeleteFunc(e.Items, func(i Item) bool {
		if !which(i) {
			return false
		}
		ids = append(ids, i.ID)
		return true
	})
	if len(ids) > 0 {
		e.addUpdate(wire.NotifyUpdated{Change: change, IDs: ids})
	}
}

func (e *edit) addUpdate(u wire.NotifyUpdated) {
	e.changed = true
	e.Updates = append(e.Updates, Update{NotifyUpdated: u, Version: e.Version + 1, At: e.now, ByUsers: e.byUsers})
	const most = 64 // older updates are pushed only once
	if over := len(e.Updates) - most; over > 0 {
		e.Updates = slices.Delete(e.Updates, 0, over)
	}
}

// Add adds a notification; false when an item has its id already. With online it is pushed at
// once.
func (b Inbox) Add(n Notification, r Rules, online bool, now time.Time) (Inbox, bool) {
	e := b.edit(now)
	if e.find(n.ID) >= 0 {
		return e.finish()
	}
	ttl := r.Retention
	if n.TTL > 0 {
		ttl = min(ttl, n.TTL)
	}
	e.byUsers = n.ByUser != ""
	earlier := e.collapsing(n)
	if earlier >= 0 && e.renew(&e.Items[earlier], n, ttl) {
		return e.finish()
	}
	e.Last++
	item := Item{
		ID: n.ID, Type: n.Type, Topic: n.Topic, Title: n.Title, Body: n.Body, Data: n.Data, ByUsers: e.byUsers,
		CollapseKey: n.CollapseKey, Seq: e.Last, CreatedAt: e.now, ExpiresAt: e.now + ttl.Milliseconds(),
	}
	if earlier >= 0 {
		item.Replaces = e.Items[earlier].ID
		e.Items = slices.Delete(e.Items, earlier, earlier+1)
	}
	if online {
		item.PushedAt, item.Pushes = e.now, 1
	}
	if r.Call {
		item.CallAt = e.now + r.CallAfter.Milliseconds()
	}
	e.Items = append(e.Items, item)
	e.changed = true
	e.enforceBounds(r)
	return e.finish()
}

// collapsing returns the index of the item that a notification replaces; -1 for none. A user's
// notification never replaces a notification of a back end.
func (e *edit) collapsing(n Notification) int {
	return slices.IndexFunc(e.Items, func(i Item) bool {
		return n.CollapseKey != "" && i.CollapseKey == n.CollapseKey && i.ByUsers == e.byUsers
	})
}

// renew gives an item the content of a user's notification within renewAfter, without a push.
// It returns false for an older item, and for notifications of back ends.
func (e *edit) renew(i *Item, n Notification, ttl time.Duration) bool {
	if !e.byUsers || e.now-max(i.CreatedAt, i.PushedAt) >= renewAfter.Milliseconds() {
		return false
	}
	i.Title, i.Body, i.Data, i.ExpiresAt = n.Title, n.Body, n.Data, e.now+ttl.Milliseconds()
	e.changed = true
	return true
}

// enforceBounds removes the oldest items beyond the bounds. Notifications of users and of back
// ends have separate bounds, so neither evicts the other.
func (e *edit) enforceBounds(r Rules) {
	for _, byUsers := range []bool{false, true} {
		most, bytes := r.MaxPerUser, maxBytes
		if byUsers {
			most, bytes = max(1, most/userShare), bytes/userShare
		}
		e.enforceBoundsOf(byUsers, most, bytes)
	}
}

// enforceBoundsOf keeps the newest items of a kind, at least one.
func (e *edit) enforceBoundsOf(byUsers bool, most, bytes int) {
	count, size, first := 0, 0, uint64(0)
	for _, i := range slices.Backward(e.Items) {
		if i.ByUsers != byUsers {
			continue
		}
		count++
		if size += i.size(); count > most || count > 1 && size > bytes {
			break
		}
		first = i.Seq
	}
	e.removeItems(func(i Item) bool { return i.ByUsers == byUsers && i.Seq < first }, wire.NotifyChangedExpired)
}

// Ack marks items as acknowledged; it ignores unknown ids.
func (b Inbox) Ack(ids []string, now time.Time) (Inbox, bool) {
	e := b.edit(now)
	for _, id := range ids {
		if at := e.find(id); at >= 0 && !e.Items[at].Acked {
			e.Items[at].Acked, e.Items[at].CallAt = true, 0
			e.changed = true
		}
	}
	return e.finish()
}

// Read marks items as read: all items, those up to an id, or those with some ids.
func (b Inbox) Read(req *wire.NotifyRead, now time.Time) (Inbox, bool, error) {
	e := b.edit(now)
	ways := 0
	for _, given := range []bool{len(req.IDs) > 0, req.UpTo != "", req.All} {
		if given {
			ways++
		}
	}
	if ways != 1 {
		return b, false, wire.Invalid("ids", "give exactly one of ids, upTo and all")
	}
	last := uint64(0)
	switch {
	case req.All:
		last = e.Last
	case req.UpTo != "":
		at := e.find(req.UpTo)
		if at < 0 {
			missing := wire.Refuse(wire.CodeNotFound, "there is no such notification")
			missing.Field = "upTo"
			return b, false, missing
		}
		last = e.Items[at].Seq
	}
	e.read(req.IDs, last)
	next, changed := e.finish()
	return next, changed, nil
}

func (e *edit) read(ids []string, last uint64) {
	update := wire.NotifyUpdated{Change: wire.NotifyChangedRead}
	for at := range e.Items {
		i := &e.Items[at]
		if i.Read || i.Seq > last && !slices.Contains(ids, i.ID) {
			continue
		}
		i.Read, i.Acked, i.CallAt = true, true, 0
		if last > 0 {
			update.UpTo = i.ID
		} else {
			update.IDs = append(update.IDs, i.ID)
		}
	}
	if update.UpTo != "" || len(update.IDs) > 0 {
		e.addUpdate(update)
	}
}

// Delete removes items; it ignores unknown ids.
func (b Inbox) Delete(ids []string, now time.Time) (Inbox, bool) {
	e := b.edit(now)
	e.removeItems(func(i Item) bool { return slices.Contains(ids, i.ID) }, wire.NotifyChangedDeleted)
	return e.finish()
}

// maxPushed bounds the notifications that a connecting session gets, the newest; clients read
// the others with notify:list.
const maxPushed = 50

// Deliver marks the items that were never pushed as pushed.
func (b Inbox) Deliver(now time.Time) (Inbox, bool) {
	e := b.edit(now)
	given := 0
	for at := len(e.Items) - 1; at >= 0 && given < maxPushed; at-- {
		i := &e.Items[at]
		if i.Acked || i.PushedAt > 0 {
			continue
		}
		i.PushedAt, i.Pushes = e.now, i.Pushes+1
		e.changed = true
		given++
	}
	return e.finish()
}

// PushedUnacked returns the newest maxPushed items that were pushed and not acknowledged, in
// ascending Seq.
func (b Inbox) PushedUnacked(now time.Time) []Item {
	items := slices.DeleteFunc(b.edit(now).Items, func(i Item) bool { return i.Acked || i.PushedAt == 0 })
	return items[max(0, len(items)-maxPushed):]
}

// HasUnacked reports whether Deliver or PushedUnacked has items for a user who connects.
func (b Inbox) HasUnacked() bool {
	return slices.ContainsFunc(b.Items, func(i Item) bool { return !i.Acked })
}

// Tick removes expired items.
func (b Inbox) Tick(now time.Time) (Inbox, bool) { return b.edit(now).finish() }

// NextDeadline returns the next deadline after now: to push a change again, to remove an expired
// item, or to call the webhook.
func (b Inbox) NextDeadline(now time.Time) (time.Time, bool) {
	var next int64
	earlier := func(at int64) {
		if next == 0 || at < next {
			next = at
		}
	}
	if retell := b.ChangedAt + repushAfter.Milliseconds(); retell > ms(now) {
		earlier(retell)
	}
	for _, i := range b.Items {
		earlier(i.ExpiresAt)
		if i.CallAt > 0 {
			earlier(i.CallAt)
		}
	}
	if next == 0 {
		return time.Time{}, false
	}
	return time.UnixMilli(next), true
}

// List returns a page of the inbox, newest first.
func (b Inbox) List(req *wire.NotifyList, now time.Time) (wire.NotifyPage, error) {
	before := b.Last + 1
	if req.Cursor != "" {
		seq, err := strconv.ParseUint(req.Cursor, 36, 64)
		if err != nil {
			return wire.NotifyPage{}, wire.Invalid("cursor", "this is not a cursor")
		}
		before = seq
	}
	limit := req.Limit
	if limit == 0 {
		limit = 50
	}
	live := b.edit(now).Inbox
	page := wire.NotifyPage{Notifications: []wire.Notification{}, Unread: live.Unread()}
	for at := len(live.Items) - 1; at >= 0; at-- {
		i := live.Items[at]
		switch {
		case i.Seq >= before, req.UnreadOnly && i.Read, len(req.Topics) > 0 && !slices.Contains(req.Topics, i.Topic):
			continue
		case len(page.Notifications) == limit:
			page.Cursor = strconv.FormatUint(before, 36)
			return page, nil
		}
		page.Notifications = append(page.Notifications, i.View())
		before = i.Seq
	}
	return page, nil
}
