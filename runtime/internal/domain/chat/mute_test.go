package chat

import (
	"context"
	"testing"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/request"
	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/internal/core/stream/streamtest"
	"github.com/anteroom/anteroom/runtime/wire"
)

// TestMutedUserCannotWrite: every request of a muted user that others would see is refused.
func TestMutedUserCannotWrite(t *testing.T) {
	w := newWorld(t)
	w.moderator, w.policy.Edit = "ann", true
	ann, bob := w.connect("ann"), w.connect("bob")
	if _, err := bob.join(); err != nil {
		t.Fatal(err)
	}
	bob.mustSend("before", "")
	if _, err := ann.h.Mute(t.Context(), ann.call, &wire.ChatMute{Channel: channel, UserID: "bob"}); err != nil {
		t.Fatal(err)
	}
	follower := streamtest.Follow(t, streamtest.StartHub(t, w.store, w.store.Bus()), StreamID(channel), stream.Position{})
	for name, act := range map[string]func() error{
		"send":   func() error { _, err := bob.send("after", ""); return err },
		"typing": func() error { return bob.h.service.Typing(t.Context(), bob.call, &wire.ChatTyping{Channel: channel}) },
		"edit": func() error {
			_, err := bob.h.Edit(t.Context(), bob.call, &wire.ChatEdit{ChatTarget: target(1), Text: "x"})
			return err
		},
		"delete": func() error {
			_, err := bob.h.Delete(t.Context(), bob.call, &wire.ChatDelete{ChatTarget: target(1)})
			return err
		},
		"react": func() error {
			_, err := bob.h.React(t.Context(), bob.call, &wire.ChatReact{ChatTarget: target(1), Reaction: "x"})
			return err
		},
	} {
		if err := act(); wire.CodeOf(err) != wire.CodeMuted {
			t.Errorf("%s of a muted user: %v, want muted", name, err)
		}
	}
	if n := len(follower.Casts()); n != 0 {
		t.Errorf("%d typing events of a muted user, want none", n)
	}
}

// backend returns a connection whose calls are those of a back end.
func (w *world) backend() *connection {
	c := w.connect("")
	c.call.Caller = request.Caller{Backend: true}
	return c
}

// TestEveryMuteCanBeEnded: every mute can be ended, also when the muted user is the only
// moderator. A host or a leader cannot end a mute of the platform.
func TestEveryMuteCanBeEnded(t *testing.T) {
	for _, tc := range []struct {
		name string
		mute func(w *world) *connection
		// Each of these is true when an unmute by that user succeeds.
		host, self, scoped, backend bool
	}{
		{"by a host", func(w *world) *connection { w.moderator = "cid"; return w.connect("cid") }, true, true, true, true},
		{"by a token with the scope", func(w *world) *connection { return w.scopedUser("eve") }, false, false, true, true},
		{"by a back end", func(w *world) *connection { return w.backend() }, false, false, true, true},
	} {
		for who, ends := range map[string]bool{"host": tc.host, "self": tc.self, "scoped": tc.scoped, "backend": tc.backend} {
			t.Run(tc.name+", ended by "+who, func(t *testing.T) {
				w := newWorld(t)
				w.members["cid"], w.members["eve"], w.members["eva"] = true, true, true
				muter := tc.mute(w)
				if _, err := muter.h.Mute(t.Context(), muter.call, &wire.ChatMute{Channel: channel, UserID: "bob", ForMs: 60_000}); err != nil {
					t.Fatal(err)
				}
				bob := w.connect("bob")
				if _, err := bob.send("muted", ""); wire.CodeOf(err) != wire.CodeMuted {
					t.Fatalf("sends: %v", err)
				}
				w.moderator = "ann"
				by := w.connect("ann")
				switch who {
				case "self":
					w.moderator, by = "bob", bob
				case "scoped":
					by = w.scopedUser("eva")
				case "backend":
					by = w.backend()
				}
				_, err := by.h.Unmute(t.Context(), by.call, &wire.ChatUnmute{Channel: channel, UserID: "bob"})
				if got := err == nil; got != ends || err != nil && wire.CodeOf(err) != wire.CodePermissionDenied {
					t.Fatalf("unmute: %v, want success %v", err, ends)
				}
				if !ends && who == "host" {
					// A shorter mute by the host must not replace the mute.
					if _, err := by.h.Mute(t.Context(), by.call, &wire.ChatMute{Channel: channel, UserID: "bob", ForMs: 1000}); err == nil {
						t.Error("a host replaced the platform's mute, want a refusal")
					}
				}
				if _, err := bob.send("after", ""); (err == nil) != ends {
					t.Errorf("sends: %v, want success %v", err, ends)
				}
			})
		}
	}
}

// scopedUser is a connection of a user whose token makes it a moderator.
func (w *world) scopedUser(user string) *connection {
	c := w.connect(user)
	c.call.Scopes = []string{"chat:moderate"}
	return c
}

// TestInvisibleUserHidesTypingAndReading: the user's own devices see the mark. Others see it
// after the user reads while visible.
func TestInvisibleUserHidesTypingAndReading(t *testing.T) {
	w := newWorld(t)
	hidden := false
	w.h.service.Hidden = func(_ context.Context, userID string) (bool, error) { return hidden && userID == "bob", nil }
	ann, bob := w.connect("ann"), w.connect("bob")
	for _, c := range []*connection{ann, bob} {
		if _, err := c.join(); err != nil {
			t.Fatal(err)
		}
	}
	for _, text := range []string{"one", "two", "three"} {
		ann.mustSend(text, "")
	}
	follower := streamtest.Follow(t, streamtest.StartHub(t, w.store, w.store.Bus()), StreamID(channel), stream.Position{})
	bob.read(1)
	hidden = true
	bob.read(2)
	if err := bob.h.service.Typing(t.Context(), bob.call, &wire.ChatTyping{Channel: channel}); err != nil {
		t.Fatal(err)
	}
	seen := func(c *connection) uint64 {
		t.Helper()
		reply, err := c.join()
		if err != nil {
			t.Fatal(err)
		}
		return reply.Data.(wire.ChatJoined).Reads["bob"]
	}
	if of, own := seen(ann), seen(bob); of != 1 || own != 2 {
		t.Errorf("others see %d, and the user %d; want 1 and 2", of, own)
	}
	if _, err := w.h.service.AnnounceMarks(t.Context(), marksID(channel)); err != nil {
		t.Fatal(err)
	}
	for _, r := range follower.Casts() {
		if m, ok := decodePayload[wire.ChatReadMark](r); r.Name == wire.EventChatTyping || ok && m.ReadTo > 1 {
			t.Errorf("pushed to others: %s %s, want nothing", r.Name, r.Data)
		}
	}
	own := w.records("user:bob")
	if len(own) != 1 || own[0].Name != wire.EventChatRead {
		t.Errorf("pushed to the user's devices: %+v", own)
	}
	hidden = false
	w.pass(time.Minute)
	bob.read(2)
	if of := seen(ann); of != 2 {
		t.Errorf("visible again, others see %d, want 2", of)
	}
	streamtest.Eventually(t, "the mark", func() bool {
		for _, r := range follower.Casts() {
			if m, _ := decodePayload[wire.ChatReadMark](r); m.ReadTo == 2 {
				return true
			}
		}
		return false
	})
}
