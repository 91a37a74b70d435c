package notify

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/wire"
)

// TestCallsFollowTheTimeOffline: the webhook is called once the user has been offline for
// CallAfter, or at its due time when that is unknown.
func TestCallsFollowTheTimeOffline(t *testing.T) {
	rules := Rules{MaxPerUser: 40, Retention: time.Hour, Call: true, CallAfter: 10 * time.Second}
	due := t0.Add(rules.CallAfter)
	for name, tc := range map[string]struct {
		since  time.Time
		starts bool
		next   time.Time
	}{
		"unknown":             {time.Time{}, true, due.Add(firstPause)},
		"longer than needed":  {t0.Add(-time.Hour), true, due.Add(firstPause)},
		"exactly long enough": {t0, true, due.Add(firstPause)},
		"too short":           {t0.Add(4 * time.Second), false, due.Add(4 * time.Second)},
	} {
		t.Run(name, func(t *testing.T) {
			b, _ := Inbox{UserID: "ann"}.Add(Notification{ID: "a", Type: "x"}, rules, false, t0)
			for at, want := range map[time.Time]bool{due.Add(-time.Millisecond): false, due: true, due.Add(time.Second): true} {
				if got := b.hasDueCall(at); got != want {
					t.Errorf("a call is due after %v: %v, want %v", at.Sub(t0), got, want)
				}
			}
			b, started, changed := b.StartCalls(Connections{OfflineSince: tc.since}, rules, 8, due)
			if got := len(started) == 1; got != tc.starts || !changed || b.Items[0].CallAt != ms(tc.next) {
				t.Errorf("started %v, changed %v, next attempt at %d; want %v, a change and %d", started, changed, b.Items[0].CallAt, tc.starts, ms(tc.next))
			}
			b, answered := b.CallAnswered("a", due)
			if _, again := b.CallAnswered("a", due); !answered || again || b.hasDueCall(due.Add(time.Hour)) {
				t.Errorf("the answer changed the inbox %v, and again %v; want once, and no further call", answered, again)
			}
		})
	}
}

// TestWithdrawMatches: Withdraw removes notifications that users caused, with this collapse
// key and matching data, and no others.
func TestWithdrawMatches(t *testing.T) {
	item := func(id, key, data string, byUser bool) Item {
		return Item{ID: id, CollapseKey: key, Data: json.RawMessage(data), ByUsers: byUser, ExpiresAt: ms(t0.Add(time.Hour))}
	}
	for name, tc := range map[string]struct {
		item Item
		goes bool
	}{
		"of a user, with key and data": {item("a", "k", `1`, true), true},
		"of a back end":                {item("a", "k", `1`, false), false},
		"with another key":             {item("a", "other", `1`, true), false},
		"with other data":              {item("a", "k", `2`, true), false},
		"of a back end, other data":    {item("a", "k", `2`, false), false},
	} {
		t.Run(name, func(t *testing.T) {
			b, changed := Inbox{Items: []Item{tc.item}}.Withdraw("k", func(data json.RawMessage) bool { return string(data) == `1` }, t0)
			if got := len(b.Items) == 0; got != tc.goes || changed != tc.goes {
				t.Errorf("withdrawn %v, changed %v; want %v", got, changed, tc.goes)
			}
		})
	}
}

// TestPushesToAConnectingSession: a session that connects gets the notifications that were
// pushed and not acknowledged, with a badge. New notifications go to all devices instead, and
// a session without unacknowledged notifications gets nothing.
func TestPushesToAConnectingSession(t *testing.T) {
	for name, tc := range map[string]struct {
		online, acked bool // when the notification came, and before the session connects
		session       []string
		all           int
	}{
		"pushed, not acknowledged": {true, false, []string{"ann-2 notify:new x", "ann-2 notify:badge"}, 1},
		"pushed and acknowledged":  {true, true, nil, 1},
		"never pushed":             {false, false, nil, 1},
		"acknowledged elsewhere":   {false, true, nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.connected("ann", tc.online)
			id := w.notify("ann", Notification{Type: "x"})
			if tc.acked {
				if _, err := NewHandlers(w.pods[0]).Ack(t.Context(), callOf("ann", ""), &wire.NotifyAck{IDs: []string{id}}); err != nil {
					t.Fatal(err)
				}
			}
			if err := w.pods[0].SessionOpened(t.Context(), request.Caller{User: request.User{ID: "ann"}, SessionID: "ann-2"}); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(w.pushes, tc.session) {
				t.Errorf("pushed to the session (-want +got):\n%s", cmp.Diff(tc.session, w.pushes))
			}
			if n := len(told[wire.NotifyNew](w, "ann", wire.EventNotifyNew)); n != tc.all {
				t.Errorf("%d pushes to all devices, want %d", n, tc.all)
			}
		})
	}
}
