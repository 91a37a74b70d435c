package chat

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/internal/core/stream/streamtest"
	"github.com/anteroom/anteroom/runtime/wire"
)

// read marks the channel as read to a seq.
func (c *connection) read(seq uint64) uint64 {
	c.Helper()
	return must[wire.ChatReadTo](c.T)(c.h.Read(c.Context(), c.call, &wire.ChatRead{Channel: channel, Seq: seq})).ReadTo
}

// TestReadMarksSurviveRestarts: a restart of the store begins an epoch and loses nothing, so
// the marks stay. After a loss they are at most at the end of the log.
func TestReadMarksSurviveRestarts(t *testing.T) {
	w := newWorld(t)
	ann, bob := w.connect("ann"), w.connect("bob")
	for _, text := range []string{"1", "2", "3", "4", "5"} {
		ann.mustSend(text, "")
	}
	bob.read(4)
	ann.read(5)
	marks := func() map[string]uint64 { return must[wire.ChatJoined](t)(bob.join()).Reads }
	for n := range 3 {
		w.store.Restart()
		if d := cmp.Diff(map[string]uint64{"bob": 4, "ann": 5}, marks()); d != "" {
			t.Fatalf("after %d restarts (-want +got):\n%s", n+1, d)
		}
	}
	if page := must[wire.ChatPage](t)(bob.h.History(t.Context(), bob.call, &wire.ChatHistory{Channel: channel})); page.ReadTo != 4 || page.Unread != 1 {
		t.Errorf("the history after restarts says %+v", page.ChatUnread)
	}
	if got := bob.read(2); got != 4 {
		t.Errorf("a mark went back to %d", got)
	}
	bob.read(5)
	if d := cmp.Diff(map[string]uint64{"bob": 5, "ann": 5}, marks()); d != "" {
		t.Errorf("after a mark in the new epoch (-want +got):\n%s", d)
	}
	ann.mustSend("6", "")
	ann.mustSend("7", "")
	ann.read(7)
	w.store.LoseSuffix(StreamID(channel), 1, nil)
	if d := cmp.Diff(map[string]uint64{"bob": 5, "ann": 6}, marks()); d != "" {
		t.Errorf("after a loss of a message (-want +got):\n%s", d)
	}
	bob.mustSend("another 7", "")
	if got := must[wire.ChatJoined](t)(ann.join()); got.Unread != 1 || got.ReadTo != 6 {
		t.Errorf("a message in the place of a lost one: %+v", got.ChatUnread)
	}
}

// pushed returns the read marks that were pushed to a client, in order.
func pushed(c *streamtest.Client) []string {
	var got []string
	for _, r := range c.Casts() {
		p, _ := decodePayload[wire.ChatReadMark](r)
		got = append(got, fmt.Sprint(p.UserID, " ", p.ReadTo))
	}
	return got
}

// TestReadMarkSurvivesItsPod kills the pod before each step of chat:read. A committed mark is
// pushed to the other members nevertheless.
func TestReadMarkSurvivesItsPod(t *testing.T) {
	committed := 0
	for steps := 0; ; steps++ {
		k := newKilled(t)
		other := k.listen()
		k.store.DownAfter(steps)
		_, err := k.pods[0].Read(t.Context(), k.bob.call, &wire.ChatRead{Channel: channel, Seq: 2})
		dead := k.store.Down()
		k.store.SetDown(false)
		marks, _, _, loaded := k.pods[1].service.marks(t.Context(), channel)
		if loaded != nil {
			t.Fatal(loaded)
		}
		k.pass(announceAfter)
		if _, err := k.store.Deadlines().Tick(t.Context(), k.pods[1].service.AnnounceMarks); err != nil {
			t.Fatal(err)
		}
		if marks.ReadTo["bob"] == 2 {
			committed++
			streamtest.Eventually(t, fmt.Sprintf("the mark is pushed, killed before step %d", steps+1), func() bool {
				return slices.Contains(pushed(other), "bob 2")
			})
		}
		if !dead {
			if err != nil || committed < 2 {
				t.Errorf("%d kills after the commit, and at last %v", committed-1, err)
			}
			return
		}
	}
}

// TestMarksThatMoveTogetherShareOneAnnouncement: one announcement has the newest mark of each
// user once.
func TestMarksThatMoveTogetherShareOneAnnouncement(t *testing.T) {
	k := newKilled(t)
	for seq := range uint64(3) {
		k.bob.read(seq + 1)
	}
	k.ann.read(2)
	other := k.listen()
	k.pass(announceAfter)
	deadlines := k.store.Deadlines()
	for range 2 {
		if _, err := deadlines.Tick(t.Context(), k.pods[1].service.AnnounceMarks); err != nil {
			t.Fatal(err)
		}
		k.pass(announceAfter)
	}
	streamtest.Eventually(t, "two marks are pushed", func() bool { return len(pushed(other)) >= 2 })
	if d := cmp.Diff([]string{"bob 3", "ann 2"}, pushed(other)); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if _, due := deadlines.Due(marksID(channel)); due {
		t.Error("another announcement is due, want none without a moved mark")
	}
}

// TestAnnouncementBeforeItsMark: after an announcement between the schedule and the commit of
// a mark, the mark schedules the next announcement.
func TestAnnouncementBeforeItsMark(t *testing.T) {
	k := newKilled(t)
	k.bob.read(1)
	service := k.pods[0].service
	early := &early{Deadlines: k.store.Deadlines(), due: func() {
		k.pass(announceAfter)
		if n, err := k.store.Deadlines().Tick(t.Context(), k.pods[1].service.AnnounceMarks); err != nil || n != 1 {
			t.Fatalf("%d announcements, %v", n, err)
		}
	}}
	service.Deadlines = early
	if k.bob.read(2); early.scheduled != 2 {
		t.Errorf("the announcement was scheduled %d times, want 2", early.scheduled)
	}
	if _, due := k.store.Deadlines().Due(marksID(channel)); !due {
		t.Error("the mark has no announcement")
	}
}

// early fires a deadline right after it was first scheduled.
type early struct {
	stream.Deadlines
	due       func()
	scheduled int
}

func (e *early) Schedule(ctx context.Context, id stream.ID, at time.Time) error {
	err := e.Deadlines.Schedule(ctx, id, at)
	if e.scheduled++; e.scheduled == 1 {
		e.due()
	}
	return err
}
