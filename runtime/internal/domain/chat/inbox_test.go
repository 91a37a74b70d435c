package chat

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/wire"
)

// inboxes records the events of chat.
type inboxes struct {
	wants map[string]bool // by user and cause
	fails string          // the method that fails; "" for none
	calls []string
}

var errInbox = fmt.Errorf("inbox: %w", stream.ErrUnavailable)

func (i *inboxes) failed(method string) error {
	if i.fails == method {
		return errInbox
	}
	return nil
}

func (i *inboxes) Wants(_ context.Context, userID, cause string) (bool, error) {
	return i.wants[userID+" "+cause], i.failed("Wants")
}

func (i *inboxes) Missed(_ context.Context, userID string, m Missed) error {
	i.calls = append(i.calls, fmt.Sprintf("missed %s %s seq %d unread %d", userID, m.Cause, m.Seq, m.Unread))
	return i.failed("Missed")
}

func (i *inboxes) Withdrawn(_ context.Context, userID, _, id string, readTo uint64) error {
	i.calls = append(i.calls, fmt.Sprintf("withdrawn %s id %v read to %d", userID, id != "", readTo))
	return i.failed("Withdrawn")
}

// lobbyAndDirect authorizes the lobby's channel and direct channels.
type lobbyAndDirect struct{ *world }

func (l lobbyAndDirect) Channel(ctx context.Context, c request.Caller, name string) (Policy, error) {
	if name == channel {
		return l.world.Channel(ctx, c, name)
	}
	return pair(l).Channel(ctx, c, name)
}

// mentionOf sends a message with mentions.
func mentionOf(c *connection, ids ...string) error {
	_, err := c.h.Send(c.Context(), c.call, &wire.ChatSend{Channel: channel, Text: "hi", Mentions: ids})
	return err
}

// TestInboxEvents: a message reaches the inboxes of the users who want it and of no others,
// and an error of an inbox fails the request.
func TestInboxEvents(t *testing.T) {
	mention := func(ids ...string) func(c *connection) error {
		return func(c *connection) error { return mentionOf(c, ids...) }
	}
	toBob := func(c *connection) error {
		_, err := c.h.Send(c.Context(), c.call, &wire.ChatSend{Channel: direct, Text: "hi"})
		return err
	}
	for name, tc := range map[string]struct {
		wants  map[string]bool
		fails  string
		act    func(c *connection) error
		calls  []string
		failed bool
	}{
		"a mention of a user who wants it": {
			wants: map[string]bool{"bob mention": true}, act: mention("bob"), calls: []string{"missed bob mention seq 1 unread 1"},
		},
		"a mention of a user who does not want it": {act: mention("bob")},
		"a mention of the sender":                  {wants: map[string]bool{"ann mention": true}, act: mention("ann")},
		"a user who wants direct messages only":    {wants: map[string]bool{"bob direct": true}, act: mention("bob")},
		"no mention":                               {wants: map[string]bool{"bob mention": true}, act: mention()},
		"a direct message to a user who wants it": {
			wants: map[string]bool{"bob direct": true}, act: toBob, calls: []string{"missed bob direct seq 1 unread 1"},
		},
		"a direct message to a user who does not want it": {wants: map[string]bool{"ann direct": true}, act: toBob},
		"an error of Wants": {fails: "Wants", act: mention("bob"), failed: true},
		"an error of Wants for a user who wants it": {
			wants: map[string]bool{"bob mention": true}, fails: "Wants", act: mention("bob"), failed: true,
		},
		"an error of Missed": {
			wants: map[string]bool{"bob mention": true}, fails: "Missed", act: mention("bob"), failed: true,
			calls: []string{"missed bob mention seq 1 unread 1"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.h.service.access = lobbyAndDirect{w}
			events := &inboxes{wants: tc.wants, fails: tc.fails}
			w.h.service.Events = events
			err := tc.act(w.connect("ann"))
			if got := errors.Is(err, errInbox); got != tc.failed || err != nil && !got {
				t.Errorf("error %v, want an error of the inbox: %v", err, tc.failed)
			}
			if d := cmp.Diff(tc.calls, events.calls); d != "" {
				t.Errorf("events (-want +got):\n%s", d)
			}
		})
	}
}

// TestInboxWithdrawals: reading a channel withdraws the reader's notification, and deleting a
// message withdraws those of its recipients.
func TestInboxWithdrawals(t *testing.T) {
	for _, fails := range []string{"", "Withdrawn"} {
		t.Run("fails "+fails, func(t *testing.T) {
			w := newWorld(t)
			w.policy.Edit = true
			events := &inboxes{}
			w.h.service.Events = events
			ann, bob := w.connect("ann"), w.connect("bob")
			if err := errors.Join(mentionOf(ann, "bob"), mentionOf(ann)); err != nil {
				t.Fatal(err)
			}
			events.fails = fails
			_, read := bob.h.Read(t.Context(), bob.call, &wire.ChatRead{Channel: channel, Seq: 1})
			_, first := ann.h.Delete(t.Context(), ann.call, &wire.ChatDelete{ChatTarget: target(1)})
			_, second := ann.h.Delete(t.Context(), ann.call, &wire.ChatDelete{ChatTarget: target(2)})
			if got, want := []bool{read != nil, first != nil, second != nil}, []bool{fails != "", fails != "", false}; !cmp.Equal(got, want) {
				t.Errorf("failed %v, want %v (%v, %v, %v)", got, want, read, first, second)
			}
			want := []string{"withdrawn bob id false read to 1", "withdrawn bob id true read to 0"}
			if d := cmp.Diff(want, events.calls); d != "" {
				t.Errorf("events (-want +got):\n%s", d)
			}
		})
	}
}
