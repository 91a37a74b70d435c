package notify

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/wire"
)

// kept returns the state of a user, without the parts that differ in each run.
type kept struct{ Inbox, Unread, New, Called int }

func (w *world) kept(user string) kept {
	w.Helper()
	b := w.inbox(user)
	return kept{len(b.Items), b.Unread(), len(told[wire.NotifyNew](w, user, wire.EventNotifyNew)), len(w.called())}
}

// TestKilledAtEachStep kills a pod before each step of a request that notifies users. The
// caller repeats the request on another pod with the same key, and another pod runs the due
// deadlines. In the end each user has one notification, which was pushed once.
func TestKilledAtEachStep(t *testing.T) {
	for name, tc := range map[string]struct {
		users  []string
		notify func(w *world, pod *Service) error
	}{
		"to a user": {[]string{"ann"}, func(w *world, pod *Service) error {
			_, err := pod.Notify(w.Context(), "ann", Notification{Type: "x", Key: "k"})
			return err
		}},
		"to a topic": {[]string{"ann", "bob", "cid"}, func(w *world, pod *Service) error {
			_, err := pod.NotifyTopic(w.Context(), Notification{Type: "x", Topic: "news", Key: "k"})
			return err
		}},
	} {
		t.Run(name, func(t *testing.T) {
			begun := func() *world {
				w := newWorld(t)
				for _, user := range tc.users {
					w.connected(user, true)
					if _, err := w.pods[0].Subscribe(t.Context(), user, nil, []string{"news"}); err != nil {
						t.Fatal(err)
					}
				}
				return w
			}
			want := kept{Inbox: 1, Unread: 1, New: 1}
			steps := 0
			for down := true; down; steps++ {
				w := begun()
				w.memory.DownAfter(steps)
				err := tc.notify(w, w.pods[0])
				down = w.memory.Down()
				w.memory.SetDown(false)
				if down {
					err = tc.notify(w, w.pods[1])
				}
				if err != nil {
					t.Errorf("killed before step %d: %v", steps+1, err)
				}
				w.pass(6 * time.Second) // the repeated push
				w.pass(testRules.CallAfter)
				for _, user := range tc.users {
					if d := cmp.Diff(want, w.kept(user)); d != "" {
						t.Errorf("killed before step %d: %s (-want +got):\n%s", steps+1, user, d)
					}
				}
			}
			if steps < 3 {
				t.Errorf("only %d steps", steps)
			}
		})
	}
}

// TestTopicDeliveryKilledAtEachStep kills the pod that delivers a notification to a topic's
// subscribers. Another pod continues, and each subscriber has the notification once.
func TestTopicDeliveryKilledAtEachStep(t *testing.T) {
	users := []string{"ann", "bob", "cid"}
	steps := 0
	for down := true; down; steps++ {
		w := newWorld(t)
		for _, user := range users {
			w.connected(user, true)
			if _, err := w.pods[0].Subscribe(t.Context(), user, nil, []string{"news"}); err != nil {
				t.Fatal(err)
			}
		}
		id, err := w.pods[0].NotifyTopic(t.Context(), Notification{Type: "x", Topic: "news"})
		if err != nil {
			t.Fatal(err)
		}
		w.memory.DownAfter(steps)
		_, err = w.pods[0].OnDeliveryDeadline(t.Context(), stream.ID(TopicDeliveryKind+":"+id))
		if down = w.memory.Down(); !down && err != nil {
			t.Fatal(err)
		}
		w.memory.SetDown(false)
		w.pass(6 * time.Second)
		for _, user := range users {
			if d := cmp.Diff(kept{Inbox: 1, Unread: 1, New: 1}, w.kept(user)); d != "" {
				t.Errorf("killed before step %d: %s (-want +got):\n%s", steps+1, user, d)
			}
		}
	}
	if steps < 10 {
		t.Errorf("only %d steps", steps)
	}
}
