package notify

import (
	"fmt"
	"testing"
	"time"
)

// TestUsersAndBackEndsHaveSeparateBounds: each kind has its own bounds in number and in bytes.
func TestUsersAndBackEndsHaveSeparateBounds(t *testing.T) {
	rules, now := Rules{MaxPerUser: 40, Retention: time.Hour}, time.Unix(1e6, 0)
	count := func(b Inbox) (users, backEnds int) {
		for _, i := range b.Items {
			if i.ByUsers {
				users++
			} else {
				backEnds++
			}
		}
		return users, backEnds
	}
	large := make([]byte, 1000)
	for _, bodies := range []string{"", string(large)} {
		var b Inbox
		for n := range 1083 {
			b, _ = b.Add(Notification{ID: fmt.Sprint("s", n), Type: "x", Body: bodies}, rules, true, now)
			b, _ = b.Add(Notification{ID: fmt.Sprint("u", n), Type: "x", Body: bodies, ByUser: fmt.Sprint(n)}, rules, true, now)
		}
		if users, backEnds := count(b); users != 10 || backEnds != 40 {
			t.Errorf("%d of users and %d of back ends are kept, want 10 and 40", users, backEnds)
		}
	}
	var b Inbox
	wide := Rules{MaxPerUser: 1000, Retention: time.Hour}
	for n := range 1000 {
		b, _ = b.Add(Notification{ID: fmt.Sprint("s", n), Type: "x", Body: string(large)}, wide, true, now)
		b, _ = b.Add(Notification{ID: fmt.Sprint("u", n), Type: "x", Body: string(large), ByUser: "eve"}, wide, true, now)
	}
	if users, backEnds := count(b); users != maxBytes/userShare/1200 || backEnds != maxBytes/1200 {
		t.Errorf("%d of users and %d of back ends are kept by their bytes", users, backEnds)
	}
}

// TestRenewedNotificationIsNotPushedAgain: within renewAfter a notification changes the
// existing item. Later it replaces the item and is pushed. Keys of back ends are separate.
func TestRenewedNotificationIsNotPushedAgain(t *testing.T) {
	rules, now := Rules{MaxPerUser: 40, Retention: time.Hour}, time.Unix(1e6, 0)
	var b Inbox
	b, _ = b.Add(Notification{ID: "s", Type: "x", CollapseKey: "k"}, rules, true, now)
	add := func(id, body string, after time.Duration) Item {
		t.Helper()
		b, _ = b.Add(Notification{ID: id, Type: "x", Body: body, CollapseKey: "k", ByUser: "eve"}, rules, true, now.Add(after))
		if len(b.Items) != 2 || b.Items[0].ID != "s" {
			t.Fatalf("the inbox has %+v", b.Items)
		}
		return b.Items[1]
	}
	first := add("u1", "one", 0)
	second := add("u2", "two", renewAfter-time.Second)
	if second.ID != "u1" || second.Body != "two" || second.PushedAt != first.PushedAt || second.ExpiresAt <= first.ExpiresAt {
		t.Errorf("within renewAfter: %+v after %+v", second, first)
	}
	if third := add("u3", "three", renewAfter); third.ID != "u3" || third.Replaces != "u1" || third.PushedAt <= first.PushedAt {
		t.Errorf("after renewAfter: %+v", third)
	}
}
