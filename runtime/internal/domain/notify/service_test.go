package notify

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/internal/core/stream/streamtest"
	"github.com/anteroom/anteroom/runtime/wire"
)

func badges(w *world, user string) []int {
	all := []int{}
	for _, b := range told[wire.NotifyBadge](w, user, wire.EventNotifyBadge) {
		all = append(all, b.Unread)
	}
	return all
}

func TestOnlineUserIsPushedOnce(t *testing.T) {
	w := newWorld(t)
	w.connected("ann", true)
	id := w.notify("ann", Notification{Type: "x", Key: "once"})
	if again := w.notify("ann", Notification{Type: "x", Key: "once"}); again != id {
		t.Errorf("ids of one occurrence: %s and %s, want the same", id, again)
	}
	h := NewHandlers(w.pods[1])
	if _, err := h.Delete(t.Context(), callOf("ann", ""), &wire.NotifyDelete{IDs: []string{id}}); err != nil {
		t.Fatal(err)
	}
	w.pass(repushAfter)
	w.pass(repushAfter)
	news := told[wire.NotifyNew](w, "ann", wire.EventNotifyNew)
	if len(news) != 1 || news[0].Notification.ID != id {
		t.Errorf("pushed %+v", news)
	}
	if got := badges(w, "ann"); got[0] != 1 || got[len(got)-1] != 0 {
		t.Errorf("badges %v", got)
	}
	if updates := told[wire.NotifyUpdated](w, "ann", wire.EventNotifyUpdated); len(updates) != 1 {
		t.Errorf("updates %+v", updates)
	}
}

func TestConnectingUserGetsPendingNotifications(t *testing.T) {
	w := newWorld(t)
	for i := range 3 {
		w.notify("ann", Notification{Type: fmt.Sprint("t", i)})
	}
	if news := told[wire.NotifyNew](w, "ann", wire.EventNotifyNew); len(news) != 0 {
		t.Fatalf("pushed to an offline user: %+v, want nothing", news)
	}
	w.connected("ann", true)
	for range 2 { // SessionOpened may run twice
		if err := w.pods[1].SessionOpened(t.Context(), callOf("ann", "").Caller); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for _, n := range told[wire.NotifyNew](w, "ann", wire.EventNotifyNew) {
		got = append(got, n.Notification.Type)
	}
	if d := cmp.Diff([]string{"t0", "t1", "t2"}, got[:3]); d != "" {
		t.Error(d)
	}
}

// Notifications that were pushed and not acknowledged are pushed again to each session that
// connects. Another connection may be dead, or another device may not have acknowledged them.
func TestConnectingSessionGetsUnacknowledgedNotifications(t *testing.T) {
	w := newWorld(t)
	w.connected("ann", true) // through a dead connection
	w.notify("ann", Notification{Type: "one"})
	acked := w.notify("ann", Notification{Type: "two"})
	if _, err := w.pods[0].change(t.Context(), "ann", nil, func(b Inbox) (Inbox, bool, error) { return infallible(b.Ack([]string{acked}, w.clock())) }); err != nil {
		t.Fatal(err)
	}
	for _, session := range []string{"phone", "laptop"} {
		c := request.Caller{User: request.User{ID: "ann"}, SessionID: session}
		if err := w.pods[1].SessionOpened(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{"phone notify:new one", "phone notify:badge", "laptop notify:new one", "laptop notify:badge"}
	if d := cmp.Diff(want, w.pushes); d != "" {
		t.Error(d)
	}
	if n := len(told[wire.NotifyNew](w, "ann", wire.EventNotifyNew)); n != 2 {
		t.Errorf("%d pushes of two notifications to all devices", n)
	}
}

// TestDeadlineRepeatsLostPush: the pod dies between the commit and the push.
func TestDeadlineRepeatsLostPush(t *testing.T) {
	w := newWorld(t)
	w.connected("ann", true)
	dying := *w.pods[0]
	dying.users.Store = deaf{}
	if _, err := dying.Notify(t.Context(), "ann", Notification{Type: "x"}); err != nil {
		t.Fatal(err)
	}
	if n := len(told[wire.NotifyNew](w, "ann", wire.EventNotifyNew)); n != 0 {
		t.Fatalf("pushed %d", n)
	}
	w.pass(repushAfter)
	if n := len(told[wire.NotifyNew](w, "ann", wire.EventNotifyNew)); n != 1 {
		t.Errorf("pushed %d times, want once", n)
	}
	if d := cmp.Diff([]int{1}, badges(w, "ann")); d != "" {
		t.Error(d)
	}
}

func TestExpiryLowersTheBadge(t *testing.T) {
	w := newWorld(t)
	w.connected("ann", true)
	w.notify("ann", Notification{Type: "x", TTL: time.Minute})
	w.pass(time.Minute)
	if got := badges(w, "ann"); got[len(got)-1] != 0 {
		t.Errorf("badges %v", got)
	}
}

func TestKeyedRequests(t *testing.T) {
	w := newWorld(t)
	id := w.notify("ann", Notification{Type: "x"})
	h := NewHandlers(w.pods[0])
	var versions []any
	for range 2 {
		reply, err := h.Read(t.Context(), callOf("ann", "k"), &wire.NotifyRead{IDs: []string{id}})
		if err != nil {
			t.Fatal(err)
		}
		versions = append(versions, reply.Data)
	}
	if versions[0] != versions[1] {
		t.Errorf("answers %v", versions)
	}
}

func TestTopicReachesSubscribersOnce(t *testing.T) {
	w := newWorld(t)
	for i := range 40 {
		user := fmt.Sprint("user", i)
		if _, err := w.pods[0].Subscribe(t.Context(), user, nil, []string{"news"}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.pods[0].Unsubscribe(t.Context(), "user7", nil, []string{"news"}); err != nil {
		t.Fatal(err)
	}
	first, err := w.pods[0].NotifyTopic(t.Context(), Notification{Type: "x", Topic: "news", Key: "k"})
	if err != nil {
		t.Fatal(err)
	}
	w.pass(time.Second)
	if again, err := w.pods[1].NotifyTopic(t.Context(), Notification{Type: "x", Topic: "news", Key: "k"}); again != first || err != nil {
		t.Errorf("again %s, %v", again, err)
	}
	w.pass(time.Second)
	for i := range 40 {
		want := []string{first}
		if i == 7 {
			want = []string{}
		}
		if d := cmp.Diff(want, itemIDs(w.inbox(fmt.Sprint("user", i)))); d != "" {
			t.Errorf("user%d:\n%s", i, d)
		}
	}
	_, err = w.pods[0].NotifyTopic(t.Context(), Notification{Type: "x"})
	wantRefusal(t, err, wire.CodeInvalidArgument, "topic")
}

// TestTopicIsFull reaches the bound of one shard.
func TestTopicIsFull(t *testing.T) {
	w := newWorld(t)
	for i := range subscribersPerShard {
		if _, err := w.memory.Add(t.Context(), topicSet("news", shardOf("ann")), fmt.Sprint(i), subscribersPerShard, time.Hour); err != nil {
			t.Fatal(err)
		}
	}
	_, err := w.pods[0].Subscribe(t.Context(), "ann", nil, []string{"news"})
	wantRefusal(t, err, wire.CodeResourceExhausted, "")
	if w.inbox("ann").Subscribed("news") {
		t.Error("subscribed to a full topic, want a refusal")
	}
}

func (w *world) eventuallyCalled(n int) {
	w.Helper()
	streamtest.Eventually(w, fmt.Sprint(n, " calls"), func() bool { return len(w.called()) == n })
}

func TestWebhookIsRetriedUntilAnswered(t *testing.T) {
	w := newWorld(t)
	w.fails = 2
	id := w.notify("ann", Notification{Type: "x", Title: "Hi"})
	w.pass(testRules.CallAfter)
	w.eventuallyCalled(1)
	w.pass(firstPause)
	w.eventuallyCalled(2)
	w.pass(2 * firstPause)
	w.eventuallyCalled(3)
	streamtest.Eventually(w, "the call is noted", func() bool { return w.inbox("ann").Items[0].CallAt == 0 })
	w.pass(10 * time.Minute)
	if d := cmp.Diff([]string{id, id, id}, w.called()); d != "" {
		t.Error(d)
	}
	if body := w.bodies[0]; !strings.Contains(body, `"type":"notification.offline"`) || !strings.Contains(body, `"userId":"ann"`) {
		t.Error(body)
	}
}

// TestFinalRefusalEndsWebhookCalls: the webhook is not called again after a final refusal.
func TestFinalRefusalEndsWebhookCalls(t *testing.T) {
	w := newWorld(t)
	w.fails, w.with = 1, &Declined{Final: true, Err: errors.New("404")}
	w.notify("ann", Notification{Type: "x"})
	w.pass(testRules.CallAfter)
	w.eventuallyCalled(1)
	streamtest.Eventually(w, "the answer is noted", func() bool { return w.inbox("ann").Items[0].CallAt == 0 })
	w.pass(10 * time.Minute)
	w.eventuallyCalled(1)
}

// TestWebhookRetryAfter: the next attempt waits for Retry-After and has the same id.
func TestWebhookRetryAfter(t *testing.T) {
	w := newWorld(t)
	w.fails, w.with = 1, &Declined{RetryAfter: 10 * firstPause, Err: errors.New("429")}
	id := w.notify("ann", Notification{Type: "x"})
	w.pass(testRules.CallAfter)
	w.eventuallyCalled(1)
	asked := ms(w.clock().Add(10 * firstPause))
	streamtest.Eventually(w, "the pause is noted", func() bool { return w.inbox("ann").Items[0].CallAt == asked })
	w.pass(10*firstPause - time.Second)
	w.eventuallyCalled(1)
	w.pass(time.Second)
	w.eventuallyCalled(2)
	if d := cmp.Diff([]string{id, id}, w.called()); d != "" {
		t.Error(d)
	}
}

func TestNoCallForOnlineOrAcknowledged(t *testing.T) {
	w := newWorld(t)
	w.connected("bob", true)
	w.notify("bob", Notification{Type: "x"})
	id := w.notify("ann", Notification{Type: "x"})
	h := NewHandlers(w.pods[0])
	if _, err := h.Ack(t.Context(), callOf("ann", ""), &wire.NotifyAck{IDs: []string{id}}); err != nil {
		t.Fatal(err)
	}
	w.pass(time.Minute)
	w.pass(time.Minute)
	if calls := w.called(); len(calls) != 0 {
		t.Errorf("called %v", calls)
	}
}

// TestCallOfADeadPodIsRepeated: a pod starts a call and dies. Another pod makes the next
// attempt with the same id.
func TestCallOfADeadPodIsRepeated(t *testing.T) {
	w := newWorld(t)
	id := w.notify("ann", Notification{Type: "x"})
	due := t0.Add(testRules.CallAfter)
	_, err := w.pods[0].keeper.Change(t.Context(), "ann", nil, asTransition(func(b Inbox) (Inbox, bool, error) {
		next, begun, changed := b.StartCalls(Connections{}, testRules, 1, due)
		if len(begun) != 1 {
			return b, false, errors.New("nothing was due")
		}
		return next, changed, nil
	}))
	if err != nil {
		t.Fatal(err)
	}
	w.pass(testRules.CallAfter) // the claim holds
	if calls := w.called(); len(calls) != 0 {
		t.Fatalf("called twice: %v", calls)
	}
	w.pass(firstPause)
	w.eventuallyCalled(1)
	if d := cmp.Diff([]string{id}, w.called()); d != "" {
		t.Error(d)
	}
}

// busySets runs a function before a member is removed from a set.
type busySets struct {
	stream.Sets
	before func()
}

func (b busySets) Remove(ctx context.Context, name, member string) error {
	b.before()
	return b.Sets.Remove(ctx, name, member)
}

// TestSubscribeDuringTopicDelivery: a delivery removes a user who is among the subscribers but
// whose inbox is not subscribed yet. The user gets the next notification of the topic.
func TestSubscribeDuringTopicDelivery(t *testing.T) {
	w := newWorld(t)
	w.connected("ann", true)
	if in, err := w.memory.Add(t.Context(), topicSet("news", shardOf("ann")), "ann", subscribersPerShard, topicsTTL); err != nil || !in {
		t.Fatal(in, err)
	}
	var once sync.Once
	w.pods[0].Sets = busySets{w.memory, func() {
		once.Do(func() {
			if _, err := w.pods[1].Subscribe(t.Context(), "ann", nil, []string{"news"}); err != nil {
				t.Error(err)
			}
		})
	}}
	for _, body := range []string{"one", "two"} {
		if _, err := w.pods[0].NotifyTopic(t.Context(), Notification{Type: "x", Topic: "news", Body: body}); err != nil {
			t.Fatal(err)
		}
		w.pass(time.Second)
	}
	b, err := w.pods[1].load(t.Context(), "ann")
	if err != nil || len(b.Items) != 1 || b.Items[0].Body != "two" {
		t.Errorf("ann has %+v, %v", b.Items, err)
	}
}
