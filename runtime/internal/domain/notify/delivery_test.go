package notify

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/wire"
)

// version returns the seq of a user's inbox.
func (w *world) version(user string) uint64 {
	w.Helper()
	now, err := w.memory.Load(w.Context(), stream.ID(Kind+":"+user))
	if err != nil {
		w.Fatal(err)
	}
	return now.Seq
}

// subscribers returns the subscribers of a topic in the set of a user.
func (w *world) subscribers(topic, user string) []string {
	w.Helper()
	users, err := w.memory.List(w.Context(), topicSet(topic, shardOf(user)))
	if err != nil {
		w.Fatal(err)
	}
	return users
}

// TestChangesArePushedAtOnce: a change reaches the devices without a deadline, and a request
// that changes nothing commits nothing and pushes nothing.
func TestChangesArePushedAtOnce(t *testing.T) {
	for name, tc := range map[string]struct {
		act     func(w *world, id string) error
		changes bool
		updates int
	}{
		"read an item": {func(w *world, id string) error {
			_, err := NewHandlers(w.pods[0]).Read(w.Context(), callOf("ann", ""), &wire.NotifyRead{IDs: []string{id}})
			return err
		}, true, 1},
		"read an unknown item": {func(w *world, _ string) error {
			_, err := NewHandlers(w.pods[0]).Read(w.Context(), callOf("ann", ""), &wire.NotifyRead{IDs: []string{"unknown"}})
			return err
		}, false, 0},
		"delete an item": {func(w *world, id string) error {
			_, err := NewHandlers(w.pods[0]).Delete(w.Context(), callOf("ann", ""), &wire.NotifyDelete{IDs: []string{id}})
			return err
		}, true, 1},
		"delete an unknown item": {func(w *world, _ string) error {
			_, err := NewHandlers(w.pods[0]).Delete(w.Context(), callOf("ann", ""), &wire.NotifyDelete{IDs: []string{"unknown"}})
			return err
		}, false, 0},
		"acknowledge an item": {func(w *world, id string) error {
			_, err := NewHandlers(w.pods[0]).Ack(w.Context(), callOf("ann", ""), &wire.NotifyAck{IDs: []string{id}})
			return err
		}, true, 0},
		"acknowledge an unknown item": {func(w *world, _ string) error {
			_, err := NewHandlers(w.pods[0]).Ack(w.Context(), callOf("ann", ""), &wire.NotifyAck{IDs: []string{"unknown"}})
			return err
		}, false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.connected("ann", true)
			id := w.notify("ann", Notification{Type: "x"})
			if n := len(told[wire.NotifyNew](w, "ann", wire.EventNotifyNew)); n != 1 {
				t.Fatalf("%d pushes of a new notification, want 1 at once", n)
			}
			before := w.version("ann")
			if err := tc.act(w, id); err != nil {
				t.Fatal(err)
			}
			if changed := w.version("ann") != before; changed != tc.changes {
				t.Errorf("committed %v, want %v", changed, tc.changes)
			}
			if n := len(told[wire.NotifyUpdated](w, "ann", wire.EventNotifyUpdated)); n != tc.updates {
				t.Errorf("%d pushes of an update, want %d at once", n, tc.updates)
			}
		})
	}
}

// TestOldNotificationIsNotPushedAgain: a change pushes only what changed, also when the
// earlier pushes are no longer remembered.
func TestOldNotificationIsNotPushedAgain(t *testing.T) {
	w := newWorld(t)
	w.connected("ann", true)
	for _, kind := range []string{"one", "two"} {
		w.notify("ann", Notification{Type: kind})
		w.pass(pushMemory + time.Second)
	}
	var got []string
	for _, n := range told[wire.NotifyNew](w, "ann", wire.EventNotifyNew) {
		got = append(got, n.Notification.Type)
	}
	if want := []string{"one", "two"}; !slices.Equal(got, want) {
		t.Errorf("pushed %q, want %q", got, want)
	}
}

// TestUnsubscribedUserLeavesTheTopic: a user who unsubscribes leaves the subscribers at once,
// and other users and topics stay.
func TestUnsubscribedUserLeavesTheTopic(t *testing.T) {
	for name, tc := range map[string]struct {
		topics []string
		left   []string // of news and sport
	}{
		"one topic":        {[]string{"news"}, []string{"sport"}},
		"both topics":      {[]string{"news", "sport"}, nil},
		"an unknown topic": {[]string{"weather"}, []string{"news", "sport"}},
		"an invalid topic": {[]string{"no topic"}, []string{"news", "sport"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			if _, err := w.pods[0].Subscribe(t.Context(), "ann", nil, []string{"news", "sport"}); err != nil {
				t.Fatal(err)
			}
			b, err := w.pods[0].Unsubscribe(t.Context(), "ann", nil, tc.topics)
			if err != nil {
				t.Fatal(err)
			}
			var left []string
			for _, topic := range []string{"news", "sport"} {
				if slices.Contains(w.subscribers(topic, "ann"), "ann") {
					left = append(left, topic)
				}
			}
			if !slices.Equal(left, tc.left) || !slices.Equal(b.Topics, tc.left) {
				t.Errorf("subscriber of %q, inbox subscribed to %q, want %q", left, b.Topics, tc.left)
			}
		})
	}
}

// TestTopicDeliveryRepeatsAfterAnError: an error at one subscriber fails the deadline and
// removes nobody. The next deadline notifies all subscribers, once each, and ends the delivery.
func TestTopicDeliveryRepeatsAfterAnError(t *testing.T) {
	w := newWorld(t)
	users := []string{"ann", "bob", "cid"}
	for _, user := range users {
		if _, err := w.pods[0].Subscribe(t.Context(), user, nil, []string{"news"}); err != nil {
			t.Fatal(err)
		}
	}
	id, err := w.pods[0].NotifyTopic(t.Context(), Notification{Type: "x", Topic: "news"})
	if err != nil {
		t.Fatal(err)
	}
	lost := errors.New("lost")
	w.pods[0].Connections = func(ctx context.Context, user string) (Connections, error) {
		if user == "bob" {
			return Connections{}, lost
		}
		return w.away(ctx, user)
	}
	fan := stream.ID(TopicDeliveryKind + ":" + id)
	if _, err := w.pods[0].OnDeliveryDeadline(t.Context(), fan); !errors.Is(err, lost) {
		t.Errorf("deadline with a failed subscriber: %v, want %v", err, lost)
	}
	if got := w.subscribers("news", "bob"); !slices.Contains(got, "bob") {
		t.Errorf("subscribers after the error: %q, want bob among them", got)
	}
	for range 2 {
		if next, err := w.pods[1].OnDeliveryDeadline(t.Context(), fan); err != nil || !next.IsZero() {
			t.Errorf("the next deadline is %v, %v; want none", next, err)
		}
	}
	for _, user := range users {
		if d := cmp.Diff([]string{id}, itemIDs(w.inbox(user))); d != "" {
			t.Errorf("inbox of %s (-want +got):\n%s", user, d)
		}
	}
	d, err := w.pods[0].topicDeliveries.Load(t.Context(), id)
	if err != nil || d.Shard != topicShards {
		t.Errorf("the delivery ended at set %d, %v; want %d", d.Shard, err, topicShards)
	}
}

// TestBadgeIsRepeatedAfterChangesInQuickSuccession: the badges of two changes within
// repushAfter may be pushed out of order, so the last badge is pushed again, once.
func TestBadgeIsRepeatedAfterChangesInQuickSuccession(t *testing.T) {
	for name, tc := range map[string]struct {
		pauses []time.Duration // before each further notification
		want   int
	}{
		"one change":                     {nil, 1},
		"two changes at once":            {[]time.Duration{0}, 3},
		"two changes within repushAfter": {[]time.Duration{repushAfter - time.Second}, 3},
		"two changes at the bound":       {[]time.Duration{repushAfter}, 3},
		"two changes apart":              {[]time.Duration{repushAfter + time.Second}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			for _, pod := range w.pods {
				pod.CallAfter = time.Hour // a call of the webhook is a change too
			}
			w.connected("ann", true)
			w.notify("ann", Notification{Type: "x"})
			for _, pause := range tc.pauses {
				w.advance(pause)
				w.notify("ann", Notification{Type: "x"})
			}
			w.pass(repushAfter + time.Second)
			w.pass(repushAfter + time.Second)
			if got := told[wire.NotifyBadge](w, "ann", wire.EventNotifyBadge); len(got) != tc.want {
				t.Errorf("badges %+v, want %d", got, tc.want)
			}
		})
	}
}

// TestLateDeadlinePushesNothingAgain: a deadline pushes a change again only while the streams
// remember its first push.
func TestLateDeadlinePushesNothingAgain(t *testing.T) {
	for name, tc := range map[string]struct {
		after time.Duration
		lost  bool // the first push
		want  int
	}{
		"soon after a push":          {repushAfter, false, 1},
		"soon after a lost push":     {repushAfter, true, 1},
		"at the last time":           {pushMemory / 2, false, 1},
		"after the memory of a push": {pushMemory + time.Second, false, 1},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.connected("ann", true)
			if tc.lost {
				teller := w.pods[0].users
				w.pods[0].users.Store = deaf{w.memory}
				w.notify("ann", Notification{Type: "x"})
				w.pods[0].users = teller
			} else {
				w.notify("ann", Notification{Type: "x"})
			}
			w.advance(tc.after)
			if _, err := w.pods[1].OnDeadline(t.Context(), stream.ID(Kind+":ann")); err != nil {
				t.Fatal(err)
			}
			if n := len(told[wire.NotifyNew](w, "ann", wire.EventNotifyNew)); n != tc.want {
				t.Errorf("%d pushes of the notification, want %d", n, tc.want)
			}
		})
	}
}

// advance advances the clock without running deadlines.
func (w *world) advance(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

// TestCollapsePosition: a notification collapses with an earlier one wherever that one lies in
// the inbox, also at its beginning.
func TestCollapsePosition(t *testing.T) {
	for name, tc := range map[string]struct {
		ids    []string // in the inbox; "k" has the collapse key
		byUser string
		after  time.Duration
		want   []string
	}{
		"renews the first item":        {[]string{"k", "a"}, "eve", time.Second, []string{"k", "a"}},
		"renews the last item":         {[]string{"a", "k"}, "eve", time.Second, []string{"a", "k"}},
		"replaces the first item":      {[]string{"k", "a"}, "", time.Second, []string{"a", "new"}},
		"replaces the last item":       {[]string{"a", "k"}, "", time.Second, []string{"a", "new"}},
		"replaces the first item late": {[]string{"k", "a"}, "eve", renewAfter, []string{"a", "new"}},
		"collapses with none":          {[]string{"a", "b"}, "eve", time.Second, []string{"a", "b", "new"}},
	} {
		t.Run(name, func(t *testing.T) {
			rules := Rules{MaxPerUser: 40, Retention: time.Hour}
			var b Inbox
			for _, id := range tc.ids {
				n := Notification{ID: id, Type: "x", ByUser: tc.byUser}
				if id == "k" {
					n.CollapseKey = "key"
				}
				b, _ = b.Add(n, rules, true, t0)
			}
			b, changed := b.Add(Notification{ID: "new", Type: "x", Body: "new", CollapseKey: "key", ByUser: tc.byUser}, rules, true, t0.Add(tc.after))
			if d := cmp.Diff(tc.want, itemIDs(b)); d != "" || !changed {
				t.Errorf("changed %v, items (-want +got):\n%s", changed, d)
			}
			if !slices.ContainsFunc(b.Items, func(i Item) bool { return i.Body == "new" }) {
				t.Errorf("items %+v, want the new content in one of them", b.Items)
			}
		})
	}
}

// TestReadUpdate: the pushed update of notify:read names exactly the items that were read, by
// their ids or as all items up to one.
func TestReadUpdate(t *testing.T) {
	for name, tc := range map[string]struct {
		req    wire.NotifyRead
		want   wire.NotifyUpdated
		unread int
	}{
		"by id":              {wire.NotifyRead{IDs: []string{"c"}}, wire.NotifyUpdated{IDs: []string{"c"}}, 3},
		"by ids":             {wire.NotifyRead{IDs: []string{"d", "b"}}, wire.NotifyUpdated{IDs: []string{"b", "d"}}, 2},
		"up to the first":    {wire.NotifyRead{UpTo: "a"}, wire.NotifyUpdated{UpTo: "a"}, 3},
		"up to the third":    {wire.NotifyRead{UpTo: "c"}, wire.NotifyUpdated{UpTo: "c"}, 1},
		"all":                {wire.NotifyRead{All: true}, wire.NotifyUpdated{UpTo: "d"}, 0},
		"a known and others": {wire.NotifyRead{IDs: []string{"x", "a"}}, wire.NotifyUpdated{IDs: []string{"a"}}, 3},
	} {
		t.Run(name, func(t *testing.T) {
			b, changed, err := filled(t, "a", "b", "c", "d").Read(&tc.req, t0.Add(time.Minute))
			if err != nil || !changed {
				t.Fatalf("changed %v, %v; want a change", changed, err)
			}
			tc.want.Change = wire.NotifyChangedRead
			var got []wire.NotifyUpdated
			for _, u := range b.Updates {
				got = append(got, u.NotifyUpdated)
			}
			if d := cmp.Diff([]wire.NotifyUpdated{tc.want}, got); d != "" {
				t.Errorf("updates (-want +got):\n%s", d)
			}
			if b.Unread() != tc.unread {
				t.Errorf("%d unread, want %d", b.Unread(), tc.unread)
			}
		})
	}
}
