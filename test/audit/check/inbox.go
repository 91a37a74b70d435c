package check

import (
	"encoding/json"

	"github.com/anteroom/anteroom/runtime/wire"
	"github.com/anteroom/anteroom/test/audit/trace"
)

// inbox reports acknowledged notifications that are not in their user's inbox exactly
// once, deleted notifications in the inbox, and a badge that differs from the number of
// unread ones.
func inbox(h History, report reporter) {
	lists := make(map[string]map[string]wire.Notification)
	unread := make(map[string]trace.Record)
	for _, r := range h.final() {
		if r.Kind != trace.Done || r.Event != wire.EventNotifyList || r.Outcome != trace.OK {
			continue
		}
		var page wire.NotifyPage
		if json.Unmarshal(r.Data, &page) != nil {
			continue
		}
		if lists[r.User] == nil {
			lists[r.User] = make(map[string]wire.Notification)
		}
		for _, n := range page.Notifications {
			if _, twice := lists[r.User][n.ID]; twice {
				report([]int{r.N}, "the inbox of %s has the notification %s twice", r.User, n.ID)
			}
			lists[r.User][n.ID] = n
		}
		if page.Cursor == "" {
			unread[r.User] = r
		}
	}
	for user, list := range lists {
		count := 0
		for _, n := range list {
			if !n.Read {
				count++
			}
		}
		var page wire.NotifyPage
		_ = json.Unmarshal(unread[user].Data, &page) // without a page the result is zero
		if _, whole := unread[user]; whole && page.Unread != count {
			report([]int{unread[user].N}, "the inbox of %s has %d unread, but reports %d", user, count, page.Unread)
		}
		badge(h, user, count, unread[user].N, report)
	}
	kept(h, lists, report)
}

// badge reports a device whose last badge differs from the number of unread notifications
// in the inbox at the record read. A later badge is about a later inbox.
func badge(h History, user string, count, read int, report reporter) {
	last := make(map[string]wire.NotifyBadge)
	records := make(map[string]int)
	for _, r := range h {
		var b wire.NotifyBadge
		if r.User != user || r.Kind != trace.Push || r.Event != wire.EventNotifyBadge || json.Unmarshal(r.Data, &b) != nil {
			continue
		}
		if b.Version >= last[r.Device].Version {
			last[r.Device], records[r.Device] = b, r.N
		}
	}
	for device, b := range last {
		if b.Unread != count && records[device] < read {
			report([]int{records[device]}, "the last badge of %s %s is %d (version %d), and %d are unread", user, device, b.Unread, b.Version, count)
		}
	}
}

// kept reports wrong states of single notifications.
func kept(h History, lists map[string]map[string]wire.Notification, report reporter) {
	requests := h.requests()
	deleted := make(map[string]trace.Outcome) // "user id"
	read := make(map[string]bool)
	for _, r := range h.outcomes() {
		var asked struct{ IDs []string }
		_ = json.Unmarshal(requests[r.Call].Data, &asked) // other requests have no ids
		for _, id := range asked.IDs {
			switch {
			case r.Event == wire.EventNotifyDelete && deleted[r.User+" "+id] != trace.OK:
				deleted[r.User+" "+id] = r.Outcome
			case r.Event == wire.EventNotifyRead && r.Outcome == trace.OK:
				read[r.User+" "+id] = true
			}
		}
	}
	for _, r := range h {
		var sent struct{ IDs map[string]string }
		if r.Kind != trace.Ack || r.Event != "/v1/notifications" || json.Unmarshal(r.Data, &sent) != nil {
			continue
		}
		for user, id := range sent.IDs {
			list, known := lists[user]
			if !known {
				continue
			}
			n, there := list[id]
			switch is, touched := deleted[user+" "+id]; {
			case !there && !touched:
				report([]int{r.N}, "the notification %s was acknowledged, and is not in the inbox of %s", id, user)
			case there && is == trace.OK:
				report([]int{r.N}, "the notification %s was deleted, and is in the inbox of %s", id, user)
			case there && read[user+" "+id] && !n.Read:
				report([]int{r.N}, "the notification %s was read, and is unread in the inbox of %s", id, user)
			}
		}
	}
}
