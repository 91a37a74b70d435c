package notify

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/anteroom/anteroom/runtime/wire"
)

func TestCheck(t *testing.T) {
	cases := []struct {
		name   string
		change func(*Notification)
		field  string
	}{
		{"no type", func(n *Notification) { n.Type = "" }, "type"},
		{"long type", func(n *Notification) { n.Type = strings.Repeat("x", maxType+1) }, "type"},
		{"long title", func(n *Notification) { n.Title = strings.Repeat("x", maxTitle+1) }, "title"},
		{"long body", func(n *Notification) { n.Body = strings.Repeat("x", maxBody+1) }, "body"},
		{"long collapse key", func(n *Notification) { n.CollapseKey = strings.Repeat("x", maxCollapseKey+1) }, "collapseKey"},
		{"long data", func(n *Notification) { n.Data = json.RawMessage(`"` + strings.Repeat("x", maxData) + `"`) }, "data"},
		{"bad data", func(n *Notification) { n.Data = json.RawMessage(`{`) }, "data"},
		{"negative ttl", func(n *Notification) { n.TTL = -1 }, "ttlMs"},
		{"bad topic", func(n *Notification) { n.Topic = "a b" }, "topic"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			n := Notification{Type: "x"}
			if err := n.Check(); err != nil {
				t.Fatal(err)
			}
			c.change(&n)
			wantRefusal(t, n.Check(), wire.CodeInvalidArgument, c.field)
		})
	}
}

func TestAddStaysWithinBounds(t *testing.T) {
	b := filled(t, "a", "b", "c", "d", "e")
	b, _ = b.Add(Notification{ID: "f", Type: "x"}, testRules, false, t0.Add(10*time.Second))
	if d := cmp.Diff([]string{"b", "c", "d", "e", "f"}, itemIDs(b)); d != "" {
		t.Errorf("want the oldest removed (-want +got):\n%s", d)
	}
	if u := b.Updates[len(b.Updates)-1]; u.Change != wire.NotifyChangedExpired || len(u.IDs) != 1 || u.IDs[0] != "a" {
		t.Errorf("updates %+v", u)
	}
	if again, changed := b.Add(Notification{ID: "f", Type: "y"}, testRules, false, t0.Add(10*time.Second)); changed || again.Items[4].Type != "x" {
		t.Error("a repeated id was added, want no change")
	}
	wide := Rules{MaxPerUser: 10_000, Retention: time.Hour}
	big := json.RawMessage(`"` + strings.Repeat("x", maxData-2) + `"`)
	for i := range 200 {
		b, _ = b.Add(Notification{ID: fmt.Sprint("g", i), Type: "x", Data: big}, wide, false, t0.Add(time.Minute))
	}
	if n, most := len(b.Items), maxBytes/maxData; n < most/2 || n > most {
		t.Errorf("%d large notifications are kept, at most %d fit", n, most)
	}
}

func TestCollapse(t *testing.T) {
	b := filled(t, "a", "b")
	b, _ = b.Add(Notification{ID: "c", Type: "x", CollapseKey: "k"}, testRules, false, t0)
	b, _, err := b.Read(&wire.NotifyRead{All: true}, t0)
	if err != nil {
		t.Fatal(err)
	}
	b, _ = b.Add(Notification{ID: "d", Type: "x", CollapseKey: "k"}, testRules, true, t0)
	if d := cmp.Diff([]string{"a", "b", "d"}, itemIDs(b)); d != "" {
		t.Error(d)
	}
	if last := b.Items[2]; last.Replaces != "c" || last.Read || b.Unread() != 1 {
		t.Errorf("%+v, %d unread", last, b.Unread())
	}
}

func TestExpiry(t *testing.T) {
	b := filled(t, "a")
	b, _ = b.Add(Notification{ID: "b", Type: "x", TTL: time.Minute}, testRules, false, t0)
	b, _ = b.Add(Notification{ID: "c", Type: "x", TTL: 48 * time.Hour}, testRules, false, t0)
	for _, c := range []struct {
		after time.Duration
		want  []string
	}{
		{time.Minute - time.Millisecond, []string{"a", "b", "c"}},
		{time.Minute, []string{"a", "c"}},
		{time.Hour, []string{}},
	} {
		next, changed := b.Tick(t0.Add(c.after))
		if d := cmp.Diff(c.want, itemIDs(next)); d != "" || changed != (len(c.want) < 3) {
			t.Errorf("after %v, changed %v:\n%s", c.after, changed, d)
		}
	}
}

func TestReadWays(t *testing.T) {
	b := filled(t, "a", "b", "c")
	later := t0.Add(time.Minute)
	for _, c := range []struct {
		name   string
		req    wire.NotifyRead
		unread int
		code   wire.Code
		field  string
	}{
		{"one", wire.NotifyRead{IDs: []string{"b"}}, 2, "", ""},
		{"unknown", wire.NotifyRead{IDs: []string{"z"}}, 3, "", ""},
		{"up to", wire.NotifyRead{UpTo: "b"}, 1, "", ""},
		{"all", wire.NotifyRead{All: true}, 0, "", ""},
		{"none", wire.NotifyRead{}, 3, wire.CodeInvalidArgument, "ids"},
		{"two ways", wire.NotifyRead{IDs: []string{"a"}, All: true}, 3, wire.CodeInvalidArgument, "ids"},
		{"up to an unknown one", wire.NotifyRead{UpTo: "z"}, 3, wire.CodeNotFound, "upTo"},
	} {
		t.Run(c.name, func(t *testing.T) {
			next, changed, err := b.Read(&c.req, later)
			if c.code != "" {
				wantRefusal(t, err, c.code, c.field)
			} else if err != nil {
				t.Error(err)
			}
			if next.Unread() != c.unread || changed != (c.unread < 3) {
				t.Errorf("%d unread, changed %v", next.Unread(), changed)
			}
			if b.Unread() != 3 {
				t.Error("the state before was changed")
			}
		})
	}
}

func TestListPages(t *testing.T) {
	b := filled(t, "a", "b", "c", "d", "e")
	b, _, _ = b.Read(&wire.NotifyRead{IDs: []string{"d"}}, t0)
	var got []string
	req := wire.NotifyList{Limit: 2}
	for {
		page, err := b.List(&req, t0)
		if err != nil || page.Unread != 4 {
			t.Fatalf("%+v, %v", page, err)
		}
		for _, n := range page.Notifications {
			got = append(got, n.ID)
		}
		if req.Cursor = page.Cursor; req.Cursor == "" {
			break
		}
	}
	if d := cmp.Diff([]string{"e", "d", "c", "b", "a"}, got); d != "" {
		t.Error(d)
	}
	page, err := b.List(&wire.NotifyList{UnreadOnly: true, Topics: []string{"none"}}, t0)
	if err != nil || len(page.Notifications) != 0 {
		t.Errorf("%+v, %v", page, err)
	}
	_, err = b.List(&wire.NotifyList{Cursor: "!"}, t0)
	wantRefusal(t, err, wire.CodeInvalidArgument, "cursor")
}

func TestDeliver(t *testing.T) {
	b := filled(t, "a", "b")
	b, _ = b.Add(Notification{ID: "c", Type: "x"}, testRules, true, t0)
	b, _ = b.Ack([]string{"a"}, t0)
	later := t0.Add(time.Minute)
	pushed := func(b Inbox) (all []string) {
		for _, i := range b.Items {
			if i.PushedAt == ms(later) {
				all = append(all, i.ID)
			}
		}
		return all
	}
	given, _ := b.Deliver(later)
	if d := cmp.Diff([]string{"b"}, pushed(given)); d != "" {
		t.Errorf("to all devices:\n%s", d)
	}
	if again := b.PushedUnacked(later); len(again) != 1 || again[0].ID != "c" {
		t.Errorf("to the session that connects: %+v", again)
	}
	if again := given.PushedUnacked(later); len(again) != 2 {
		t.Errorf("to the next session: %+v", again)
	}
}

func TestTopicsRules(t *testing.T) {
	b := Inbox{UserID: "ann"}
	many := make([]string, maxTopics)
	for i := range many {
		many[i] = fmt.Sprint("t", i)
	}
	b, changed, err := b.Subscribe(many, t0)
	if err != nil || !changed {
		t.Fatal(changed, err)
	}
	_, _, err = b.Subscribe([]string{"t0", "one-more"}, t0)
	wantRefusal(t, err, wire.CodeResourceExhausted, "")
	var full *wire.Error
	if !errors.As(err, &full) || full.Reason != wire.ReasonTopicLimit || !slices.Equal(full.Current.IDs(), b.Topics) {
		t.Errorf("%+v does not name the topics", full)
	}
	_, _, err = b.Subscribe([]string{"t0", "not a topic"}, t0)
	wantRefusal(t, err, wire.CodeInvalidArgument, "topics[1]")
	b, _ = b.Unsubscribe([]string{"t0", "unknown"}, t0)
	if b.Subscribed("t0") || !b.Subscribed("t1") || len(b.Topics) != maxTopics-1 {
		t.Error(b.Topics)
	}
}

func TestStartCalls(t *testing.T) {
	b := filled(t, "a")
	due := t0.Add(10 * time.Second)
	for _, c := range []struct {
		name    string
		away    Connections
		room    int
		at      time.Time
		started int
		callAt  time.Duration // after due; -1: none
	}{
		{"not yet", Connections{}, 9, due.Add(-time.Millisecond), 0, 0},
		{"away", Connections{}, 9, due, 1, firstPause},
		{"there", Connections{Online: true}, 9, due, 0, -1},
		{"left lately", Connections{OfflineSince: due.Add(-3 * time.Second)}, 9, due, 0, 7 * time.Second},
		{"no room", Connections{}, 0, due, 0, time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			next, started, _ := b.StartCalls(c.away, testRules, c.room, c.at)
			want := ms(due.Add(c.callAt))
			if c.callAt < 0 {
				want = 0
			}
			if len(started) != c.started || next.Items[0].CallAt != want {
				t.Errorf("%d started, next %d, want %d", len(started), next.Items[0].CallAt, want)
			}
		})
	}
	for range maxCalls + 2 {
		b, _, _ = b.StartCalls(Connections{}, testRules, 9, t0.Add(59*time.Minute))
		if b.Items[0].CallAt > 0 {
			b.Items[0].CallAt = 1
		}
	}
	if i := b.Items[0]; i.Calls != maxCalls || i.CallAt != 0 {
		t.Errorf("a further attempt is scheduled after the last: %+v", i)
	}
}

func TestPostponeCall(t *testing.T) {
	due := t0.Add(10 * time.Second)
	started, _, _ := filled(t, "a").StartCalls(Connections{}, testRules, 9, due)
	for after, want := range map[time.Duration]time.Duration{
		time.Second: firstPause, time.Minute: time.Minute, 24 * time.Hour: maxRetryAfter,
	} {
		next, changed := started.PostponeCall("a", after, due)
		if got := next.Items[0].CallAt; got != ms(due.Add(want)) || changed != (want != firstPause) {
			t.Errorf("after %v: next at %d, changed: %v", after, got-ms(due), changed)
		}
	}
	over, _ := started.CallAnswered("a", due)
	if next, changed := over.PostponeCall("a", time.Minute, due); changed || next.Items[0].CallAt != 0 {
		t.Error("an answered call is repeated, want none")
	}
}

// TestInboxProperties applies random changes in any order. The inbox stays within its bounds,
// the badge equals the list's unread count, and items stay in ascending Seq.
func TestInboxProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b, now := Inbox{UserID: "ann"}, t0
		some := rapid.SliceOfN(rapid.StringMatching(`[a-j]`), 1, 4)
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.Int64Range(0, int64(20*time.Minute)).Draw(t, "pass")))
			before := b.Version
			changed := false
			switch rapid.IntRange(0, 5).Draw(t, "what") {
			case 0:
				b, changed = b.Add(Notification{
					ID: rapid.StringMatching(`[a-j]`).Draw(t, "id"), Type: "x",
					CollapseKey: rapid.SampledFrom([]string{"", "k", "l"}).Draw(t, "collapse"),
					TTL:         time.Duration(rapid.Int64Range(0, int64(2*time.Hour)).Draw(t, "ttl")),
				}, testRules, rapid.Bool().Draw(t, "online"), now)
			case 1:
				b, changed = b.Ack(some.Draw(t, "ids"), now)
			case 2:
				b, changed, _ = b.Read(&wire.NotifyRead{IDs: some.Draw(t, "ids")}, now)
			case 3:
				b, changed = b.Delete(some.Draw(t, "ids"), now)
			case 4:
				b, changed = b.Deliver(now)
			case 5:
				b, changed = b.Tick(now)
			}
			if changed {
				b.Version = before + 1
			}
			check(t, b, now)
		}
	})
}

func check(t *rapid.T, b Inbox, now time.Time) {
	page, err := b.List(&wire.NotifyList{UnreadOnly: true, Limit: 100}, now)
	if err != nil || page.Unread != len(page.Notifications) {
		t.Fatalf("badge %d of %d unread, %v", page.Unread, len(page.Notifications), err)
	}
	if len(b.Items) > testRules.MaxPerUser {
		t.Fatalf("%d items", len(b.Items))
	}
	seen, keys := map[string]bool{}, map[string]bool{}
	for at, i := range b.Items {
		if seen[i.ID] || i.CollapseKey != "" && keys[i.CollapseKey] {
			t.Fatalf("item %s is in the inbox twice", i.ID)
		}
		if at > 0 && b.Items[at-1].Seq >= i.Seq {
			t.Fatal("out of order")
		}
		if i.Read && (!i.Acked || i.CallAt > 0) {
			t.Fatalf("read, but %+v", i)
		}
		seen[i.ID], keys[i.CollapseKey] = true, true
	}
	if next, wanted := b.NextDeadline(now); len(b.Items) > 0 && (!wanted || next.UnixMilli() > b.Items[0].ExpiresAt) {
		t.Fatalf("no deadline before %v, want one", next)
	}
}
